/**
 * What of the stored topics a replay may receive: the others are not there for it (P3).
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { From, SeekOutcome, To } from "../../lib/store/types.ts";
import type { Reception } from "../../lib/topics/reception.ts";
import { type Asking, EARLIEST, lastOf, messagesOf, run, shown, since } from "./asking.ts";
import type { RegisterCase } from "./last_cases.ts";

const RECEPTION: Reception = { allow: ["#x.>", "#dead.>"], deny: ["#x.secret.>"] };

type Found = Extract<SeekOutcome, { kind: "found" }>;

async function begin(store: Asking, pattern: string, from: From, to?: To): Promise<Found> {
  const range = { from, to, reception: RECEPTION };
  const outcome = await new Promise<SeekOutcome>((resolve) => store.store.seek(pattern, range, resolve));
  assertEquals(outcome.kind, "found");
  return outcome as Found;
}

/** Registers the cases for a kind of store. */
export function receptionCases(test: RegisterCase): void {
  test("what may not be received is in no page, however it begins", async (store) => {
    for (const payload of ["1", "2", "3"]) {
      await store.commit(run("#x.a", payload), run("#x.secret.b", payload), run("#y", payload));
      await store.commit(run("#dead.g.x.a", payload), run("#dead.g.x.secret.b", payload));
    }
    const kinds: readonly [From, readonly string[]][] = [
      [EARLIEST, ["1", "2", "3"]],
      [since(2), ["2", "3"]],
      [{ kind: "time", time: 1 }, ["1", "2", "3"]],
      [lastOf(2), ["2", "3"]],
    ];
    for (const [from, payloads] of kinds) {
      for (const most of [1, 1024 * 1024]) {
        const { first, cursor } = await begin(store, "#>", from);
        const { messages } = await store.rest(cursor, most);
        const got = shown([...messagesOf(first), ...messages]).sort();
        const expected = payloads.flatMap((payload) =>
          ["#x.a", "#dead.g.x.a"].map((topic) => `${topic} ${payload} ${payload}`)
        );
        assertEquals(got, expected.sort());
      }
    }
  });

  test("of several replays each brings what it may, and what one knew is not another's", async (store) => {
    await store.commit(run("#x.a", "1"), run("#x.secret.b", "1"));
    await store.commit(run("#x.a", "2"), run("#x.secret.b", "2"));
    const all = (await store.seek("#x.>", EARLIEST)).cursor;
    const some = (await begin(store, "#x.>", EARLIEST)).cursor;
    // a page at a time in turns, from the same batch on
    let [one, other] = [all, some];
    const got: string[][] = [[], []];
    for (let times = 0; times < 5; times++) {
      const [first, second] = [await store.read(other, 1), await store.read(one, 1)];
      [other, one] = [first.cursor, second.cursor];
      got[0]!.push(...shown(messagesOf(second.page)));
      got[1]!.push(...shown(messagesOf(first.page)));
      if (times < 2) await store.commit(run("#x.secret.b", `${times + 3}`), run("#x.a", `${times + 3}`));
    }
    assertEquals(got[1], ["#x.a 1 1", "#x.a 2 2", "#x.a 3 3", "#x.a 4 4"]);
    // who may receive all of it had half as far to go, and goes on without a gap
    const rest = shown((await store.rest(one)).messages);
    assertEquals([...got[0]!, ...rest].filter((each) => each.startsWith("#x.a")), got[1]);
    assertEquals(got[0]!.length + rest.length, 8);
  });

  test("the end and the newest are those of what may be received", async (store) => {
    await store.commit(run("#x.a", "1"), run("#x.secret.b", "1", "2", "3"));
    const { cursor } = await begin(store, "#x.>", EARLIEST, { kind: "sequence", sequence: 1 });
    const { messages, end } = await store.rest(cursor);
    assertEquals([shown(messages), end], [["#x.a 1 1"], "past to"]);
    assertEquals((await begin(store, "#x.>", since(7))).ahead, 1);
    assertEquals((await begin(store, "#x.secret.>", since(7))).ahead, 0);
  });
}
