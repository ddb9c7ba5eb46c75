import { assertEquals } from "@std/assert";
import { GroupCount, type Room } from "../../../lib/engine/groups/group_count.ts";
import type { GroupName, GroupsOutcome, GroupState } from "../../../lib/store/types.ts";

/** A store with so many groups, that gives two at a time when a test says so. */
class Counted {
  asked = 0;
  readonly #names: readonly GroupName[];
  readonly #answers: (() => void)[] = [];
  #broken = false;

  constructor(count: number) {
    this.#names = Array.from({ length: count }, (_, at) => ({ name: `g${at}`, pattern: "#a" }));
  }

  groups(after: GroupName | undefined, done: (outcome: GroupsOutcome) => void): void {
    this.asked++;
    const from = after === undefined ? 0 : this.#names.findIndex(({ name }) => name === after.name) + 1;
    const broken = this.#broken;
    this.#answers.push(() => {
      if (broken) return done({ kind: "failed", reason: "no disk" });
      const groups = this.#names.slice(from, from + 2) as GroupState[];
      const last = groups.at(-1);
      done({ kind: "groups", groups, next: from + 2 < this.#names.length ? last : undefined });
    });
  }

  answer({ broken = false } = {}): void {
    this.#broken = broken;
    for (let answer = this.#answers.shift(); answer !== undefined; answer = this.#answers.shift()) answer();
  }

  break(): void {
    this.#broken = true;
  }
}

/** What is said to so many who want one at once. */
function wanted(count: GroupCount, times: number): Room["kind"][] {
  const said: Room["kind"][] = [];
  for (let at = 0; at < times; at++) count.take(({ kind }) => said.push(kind));
  return said;
}

Deno.test("stored groups are counted once, a page at a time, and no more begin than there may be", () => {
  const store = new Counted(5);
  const count = new GroupCount(store, 7);
  const said = wanted(count, 3);
  assertEquals(said, []);
  store.answer();
  assertEquals([said, store.asked], [["taken", "taken", "full"], 3]);
  assertEquals([wanted(count, 1), store.asked], [["full"], 3]);
  count.gone();
  assertEquals(wanted(count, 2), ["taken", "full"]);
});

Deno.test("where any number may be, nobody counts", () => {
  const store = new Counted(5);
  assertEquals([wanted(new GroupCount(store, Infinity), 2), store.asked], [["taken", "taken"], 0]);
});

Deno.test("what cannot be counted is said, and tried again with the next", () => {
  const store = new Counted(0);
  store.break();
  const count = new GroupCount(store, 1);
  const said = wanted(count, 2);
  store.answer();
  assertEquals(said, ["failed", "failed"]);
  const again = wanted(count, 2);
  store.answer();
  assertEquals(again, ["taken", "full"]);
});
