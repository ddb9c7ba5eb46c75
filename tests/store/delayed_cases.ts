/**
 * What is kept until it is due, as every store keeps it.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Delayed, DueQuery } from "../../lib/store/types.ts";
import { type Asking, EARLIEST, run } from "./asking.ts";
import type { RegisterCase } from "./last_cases.ts";

const decoder = new TextDecoder();

function later(due: number, topic: string, ...payloads: readonly string[]): Delayed {
  return { ...run(topic, ...payloads), due };
}

function payloadsOf(bytes: Uint8Array): string {
  return [...decoder.decode(bytes).matchAll(/^pub \S+ \d+\n(.*)$/gm)].map((match) => match[1]).join(" ");
}

async function due(
  store: Asking,
  now: number,
  query: Partial<DueQuery> = {},
): Promise<{ readonly found: readonly string[]; readonly next: number | undefined }> {
  const { runs, next } = await store.due({ now, ...query });
  return { found: runs.map(({ topic, bytes }) => `${topic} ${payloadsOf(bytes)}`), next };
}

/** Registers them for a kind of store. */
export function delayedCases(test: RegisterCase): void {
  test("what is due comes by its time, then as it was stored, and the next time is told (D9)", async (store) => {
    assertEquals(await due(store, 100), { found: [], next: undefined });
    await store.commitOf({
      delayed: [later(30, "#b", "x"), later(10, "#a", "1", "2"), later(20, "#a", "3")],
    });
    await store.commitOf({ delayed: [later(20, "#c", "4"), later(10, "#a", "5")] });
    const { delayed, delayedBytes } = store.store.state;
    assertEquals([delayed, delayedBytes], [6, 6 * "pub #a 1\nx\n".length]);
    assertEquals(await due(store, 9), { found: [], next: 10 });
    assertEquals(await due(store, 10), { found: ["#a 1 2", "#a 5"], next: 20 });
    assertEquals(await due(store, 99), {
      found: ["#a 1 2", "#a 5", "#a 3", "#c 4", "#b x"],
      next: undefined,
    });
    assertEquals((await store.replay("#>", EARLIEST)).messages, [], "it is in no topic");
    assertEquals(store.store.state.topics, 3, "they are kept for it");
  });

  test("what is due is told with all that it was stored with", async (store) => {
    const before = Date.now();
    const whole = { ...later(10, "#a", "1"), ids: "=one", ttl: 500 };
    await store.commitOf({ delayed: [whole, later(10, "#a", "2")] });
    const { runs } = await store.due({ now: 10 });
    const [first, second] = runs;
    assertEquals(
      runs.map(({ due, topic, count, ids, ttl }) => ({ due, topic, count, ids, ttl })),
      [
        { due: 10, topic: "#a", count: 1, ids: "=one", ttl: 500 },
        { due: 10, topic: "#a", count: 1, ids: undefined, ttl: undefined },
      ],
    );
    assertEquals(first?.bytes, whole.bytes);
    assert(first!.published >= before && first!.published <= Date.now());
    assert(second!.id > first!.id);
  });

  test("what is moved is appended and kept no more, in one commit", async (store) => {
    await store.commitOf({ delayed: [later(10, "#a", "1"), later(10, "#b", "2"), later(20, "#a", "3")] });
    const { runs } = await store.due({ now: 10 });
    const appends = runs.map(({ topic, count, bytes }) => ({ topic, count, bytes }));
    const stored = await store.commitOf({ appends, moved: runs.map(({ id }) => id) });
    assertEquals(stored.map(({ first }) => first), [1, 1]);
    assertEquals(await due(store, 99), { found: ["#a 3"], next: undefined });
    assertEquals([store.store.state.delayed, store.store.state.delayedBytes], [1, 11]);
    const { messages } = await store.replay("#>", EARLIEST);
    assertEquals(messages.map(({ topic, payload }) => `${topic} ${payload}`), ["#a 1", "#b 2"]);
  });

  test("a slice is of about so many bytes, one run at least, and is gone on with from its end", async (store) => {
    const texts = Array.from({ length: 40 }, (_, at) => `${at}`.padEnd(100, "."));
    await store.commitOf({ delayed: texts.map((text) => later(10, "#a", text)) });
    const found: string[] = [];
    let slices = 0;
    for (let after: DueQuery["after"] = undefined;; slices++) {
      const slice = await store.due({ now: 10, after, most: 450 });
      assert(slice.runs.length > 0 && slice.runs.length < 7, `${slice.runs.length}`);
      found.push(...slice.runs.map(({ bytes }) => payloadsOf(bytes)));
      after = slice.after;
      if (after === undefined) break;
    }
    assertEquals(found, texts);
    assert(slices > 5);
    assertEquals((await store.due({ now: 10, most: 1 })).runs.length, 1);
  });

  test("topics that are not wanted are passed, and times too", async (store) => {
    await store.commitOf({ delayed: [later(10, "#a", "1"), later(10, "#b", "2"), later(11, "#c", "3")] });
    assertEquals(await due(store, 99, { without: ["#a", "#c"] }), { found: ["#b 2"], next: undefined });
    const [first] = (await store.due({ now: 99, without: ["#a"] })).runs;
    assertEquals(await due(store, 99, { after: { due: 10, id: first!.id } }), {
      found: ["#c 3"],
      next: undefined,
    });
  });

  test("messages and what waits are stored by one commit, and a topic that cannot be is refused", async (store) => {
    const bytes = store.store.state.bytes;
    await store.commitOf({ appends: [run("#a", "now")], delayed: [later(10, "#a", "later")] });
    assertEquals((await store.replay("#a", EARLIEST)).messages.map(({ payload }) => payload), ["now"]);
    assertEquals(await due(store, 10), { found: ["#a later"], next: undefined });
    assert(store.store.state.bytes >= bytes);
    const outcome = await store.outcomeOf({ appends: [], delayed: [later(10, "#\0", "x")] });
    assertEquals(outcome.kind, "refused");
  });
}
