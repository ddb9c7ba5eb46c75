/**
 * Which topics are stored, as every store tells it.
 *
 * @module
 */
import { assertEquals, fail } from "@std/assert";
import type { Store, StoredTopic, TopicsOutcome, TopicsQuery } from "../../lib/store/types.ts";
import { run } from "./asking.ts";
import type { RegisterCase } from "./last_cases.ts";

async function ask(store: Store, query: TopicsQuery): Promise<Extract<TopicsOutcome, { kind: "topics" }>> {
  const outcome = await new Promise<TopicsOutcome>((resolve) => store.topics!(query, resolve));
  return outcome.kind === "topics" ? outcome : fail(outcome.reason);
}

async function all(store: Store, query: TopicsQuery): Promise<readonly StoredTopic[]> {
  const topics: StoredTopic[] = [];
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const part = await ask(store, { ...query, after });
    topics.push(...part.topics);
    after = part.next;
  }
  return topics;
}

/** Registers them for a kind of store. */
export function topicCases(test: RegisterCase): void {
  test("stored topics come in the order of their bytes, some at a time, each once", async ({ store }) => {
    const names = ["#b", "#a.c", "#a", "#😀", "#\uffee", "#é"];
    for (const name of names) await commit(store, run(name, "1"), run(name, "2"));
    const sorted = ["#a", "#a.c", "#b", "#é", "#\uffee", "#😀"].map((topic) => ({
      topic,
      first: 1,
      last: 2,
    }));
    assertEquals(await all(store, { most: 2 }), sorted);
    assertEquals(await all(store, { most: 100 }), sorted);
    assertEquals(await all(store, { most: 100, match: "#a.>" }), [sorted[1]!]);
    assertEquals((await all(store, { most: 1, contains: "a" })).map(({ topic }) => topic), ["#a", "#a.c"]);
    assertEquals(await all(store, { most: 2, names: ["#b", "#none", "#é"] }), [sorted[2]!, sorted[3]!]);
  });
}

type Appended = ReturnType<typeof run>;

async function commit(store: Store, ...appends: readonly Appended[]): Promise<void> {
  await new Promise<void>((resolve) => store.commit({ appends }, () => resolve()));
}
