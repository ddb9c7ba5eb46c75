import { assertEquals } from "@std/assert";
import { GroupCount, type Room } from "../../../lib/engine/groups/group_count.ts";
import type { GroupCountOutcome } from "../../../lib/store/types.ts";

/** A store with so many groups, that says so when a test lets it. */
class Counted {
  asked = 0;
  readonly #groups: number;
  readonly #answers: ((outcome: GroupCountOutcome) => void)[] = [];

  constructor(groups: number) {
    this.#groups = groups;
  }

  groupCount(done: (outcome: GroupCountOutcome) => void): void {
    this.asked++;
    this.#answers.push(done);
  }

  answer({ broken = false } = {}): void {
    const outcome: GroupCountOutcome = broken
      ? { kind: "failed", reason: "no disk" }
      : { kind: "counted", groups: this.#groups };
    for (const answer of this.#answers.splice(0)) answer(outcome);
  }
}

/** What is said to so many who want one at once. */
function wanted(count: GroupCount, times: number): Room["kind"][] {
  const said: Room["kind"][] = [];
  for (let at = 0; at < times; at++) count.take(({ kind }) => said.push(kind));
  return said;
}

Deno.test("stored groups are counted once, by the store, and no more begin than there may be", () => {
  const store = new Counted(5);
  const count = new GroupCount(store, 7);
  const said = wanted(count, 3);
  assertEquals(said, []);
  store.answer();
  assertEquals([said, store.asked], [["taken", "taken", "full"], 1]);
  assertEquals([wanted(count, 1), store.asked], [["full"], 1]);
  count.gone();
  assertEquals(wanted(count, 2), ["taken", "full"]);
});

Deno.test("where any number may be, nobody counts", () => {
  const store = new Counted(5);
  assertEquals([wanted(new GroupCount(store, Infinity), 2), store.asked], [["taken", "taken"], 0]);
});

Deno.test("what cannot be counted is said, and tried again with the next", () => {
  const store = new Counted(0);
  const count = new GroupCount(store, 1);
  const said = wanted(count, 2);
  store.answer({ broken: true });
  assertEquals(said, ["failed", "failed"]);
  const again = wanted(count, 2);
  store.answer();
  assertEquals(again, ["taken", "full"]);
});
