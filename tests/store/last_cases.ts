/**
 * Where a replay begins that is given the last messages of each topic, or asks for one that is still to come.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { RetentionRules } from "../../lib/store/types.ts";
import { type Asking, lastOf, LATEST, type Message, messagesOf, run, shown, since } from "./asking.ts";

/** Registers a case of {@link import("./cases.ts").storeCases}. */
export type RegisterCase = (
  claim: string,
  body: (store: Asking) => Promise<void>,
  retain?: RetentionRules,
) => void;

/** Registers the cases for a kind of store. */
export function lastCases(test: RegisterCase): void {
  test("latest is the newest message of each topic, then what comes", async (store) => {
    await store.commit(run("#x.a", "1", "2"), run("#x.b", "1"));
    await store.commit(run("#x.a", "3"), run("#y", "1"));
    const { first, cursor } = await store.seek("#x.>", LATEST);
    assertEquals(shown(messagesOf(first)).sort(), ["#x.a 3 3", "#x.b 1 1"]);
    await store.commit(run("#x.b", "2"), run("#y", "2"));
    assertEquals(shown((await store.rest(cursor)).messages), ["#x.b 2 2"]);
    assertEquals(shown((await store.replay("#x.a", LATEST)).messages), ["#x.a 3 3"]);
  });

  test("latest of many topics comes in pages, as of one moment", async (store) => {
    const text = "x".repeat(100_000);
    for (let at = 0; at < 40; at++) await store.commit(run(`#t${at}`, "old", text));
    const { first, cursor } = await store.seek("#*", LATEST);
    assert(first.bytes.length < 1_300_000, "a page is not everything");
    await store.commit(run("#t39", "new"));
    const { messages } = await store.rest(cursor);
    const all = [...messagesOf(first), ...messages];
    assertEquals(all.length, 41);
    assertEquals(shown(all.slice(-1)), ["#t39 3 new"]);
    assertEquals(new Set(all.slice(0, 40).map(({ sequence }) => sequence)), new Set([2]));
  });

  test("the last so many are those of each topic, across batches and within them, then what comes", async (store) => {
    await store.commit(run("#x.a", "1", "2", "3"), run("#x.b", "1"), run("#y", "no"));
    await store.commit(run("#x.a", "4"), run("#x.c", "1", "2", "3"));
    await store.commit(run("#x.a", "5", "6"));
    for (let count = 1; count <= 7; count++) {
      const { first, cursor } = await store.seek("#x.*", lastOf(count));
      const wanted = [["#x.a", 6], ["#x.b", 1], ["#x.c", 3]].flatMap(([topic, newest]) =>
        Array.from({ length: Number(newest) }, (_, at) => `${topic} ${at + 1} ${at + 1}`).slice(-count)
      );
      assertEquals(shown(messagesOf(first)).sort(), wanted, `the last ${count}`);
      const { messages } = await store.rest(cursor);
      assertEquals(messages, [], "each once");
    }
    const { cursor } = await store.seek("#x.>", lastOf(2));
    await store.commit(run("#x.b", "2"), run("#x.new", "1"), run("#y", "no"));
    assertEquals(shown((await store.rest(cursor)).messages), ["#x.b 2 2", "#x.new 1 1"]);
    assertEquals(shown((await store.replay("#x.a", lastOf(3))).messages), [
      "#x.a 4 4",
      "#x.a 5 5",
      "#x.a 6 6",
    ]);
  });

  test("the last million come in pages of one moment, within a topic too, however much is stored meanwhile", async (store) => {
    const text = "x".repeat(1000);
    for (let at = 0; at < 30; at++) await store.commit(run("#a", text, text), run("#b", text));
    for (const most of [1, 5000, 1_000_000]) {
      let { first, cursor } = await store.seek("#*", lastOf(1_000_000));
      assert(first.bytes.length < 1_300_000);
      // the first page is as large as pages of a replay are: begin again with small ones
      cursor = { ...cursor, last: { count: 45, topic: 0, sequence: 0 } };
      const before = store.store.state.last;
      cursor = { ...cursor, after: before };
      await store.commit(run("#a", "later"), run("#c", "new"));
      const messages: Message[] = [];
      for (let end = "none"; end === "none";) {
        const read = await store.read(cursor, most);
        assert(read.page.bytes.length < most + 2200, `${read.page.bytes.length} for ${most}`);
        messages.push(...messagesOf(read.page));
        ({ cursor, end } = read);
      }
      const ofA = messages.filter(({ topic }) => topic === "#a").map(({ sequence }) => sequence);
      assertEquals(ofA, ofA.map((_, at) => ofA[0]! + at), "without a gap or a repeat");
      assertEquals(ofA.length, 46);
    }
  });

  test("the last of a time are as of then, and all that came since follows", async (store) => {
    const [then] = await store.commit(run("#a", "1", "2"), run("#b", "1"));
    for (const before = Date.now(); Date.now() <= before + 1;) await new Promise((go) => setTimeout(go, 1));
    const [now] = await store.commit(run("#a", "3", "4"), run("#c", "1"));
    assertEquals(shown((await store.replay("#*", lastOf(1, now!.time))).messages).sort(), [
      "#a 2 2",
      "#a 3 3",
      "#a 4 4",
      "#b 1 1",
      "#c 1 1",
    ]);
    const all = (await store.replay("#*", lastOf(1, then!.time))).messages;
    assertEquals(all.length, 6, "nothing was there before");
  });

  test("the last so many end where `to` says", async (store) => {
    await store.commit(run("#a", "1", "2", "3"), run("#b", "1"));
    const { messages, end } = await store.replay("#a", lastOf(2), { to: { kind: "sequence", sequence: 2 } });
    assertEquals([shown(messages), end], [["#a 2 2"], "past to"]);
  });

  test("a sequence number beyond the next one is told with the last there is", async (store) => {
    const ahead = async (pattern: string, sequence: number): Promise<number | undefined> =>
      (await store.seek(pattern, since(sequence))).ahead;
    assertEquals([await ahead("#a", 1), await ahead("#a", 2), await ahead("#>", 2)], [undefined, 0, 0]);
    await store.commit(run("#a", "1", "2", "3"), run("#b", "1"));
    assertEquals([await ahead("#a", 3), await ahead("#a", 4), await ahead("#a", 5)], [
      undefined,
      undefined,
      3,
    ]);
    assertEquals([await ahead("#b", 3), await ahead("#*", 4), await ahead("#*", 1000)], [1, undefined, 3]);
    assertEquals((await store.seek("#a", LATEST)).ahead, undefined);
  });

  test("among many topics a beginning is looked for a part at a time", async (store) => {
    const topics = Array.from({ length: 4500 }, (_, at) => `#t.${at}`);
    await store.commit(...topics.map((topic) => run(topic, "1")));
    await store.commit(run("#t.4400", "2"), run("#t.7", "2", "3"));
    const first = await store.seekOutcome("#t.*", since(3));
    assertEquals(first.kind, "searching");
    const { cursor, ahead } = await store.seek("#t.*", since(3));
    assertEquals([shown((await store.rest(cursor)).messages), ahead], [["#t.7 3 3"], undefined]);
    assertEquals((await store.seek("#t.*", since(5))).ahead, 3);
    assertEquals((await store.replay("#t.*", since(2))).messages.length, 3);
  });
}
