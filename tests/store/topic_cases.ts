/**
 * Which topics are stored, as every store tells it.
 *
 * @module
 */
import { assertEquals, fail } from "@std/assert";
import type {
  Append,
  Commit,
  CommitOutcome,
  Store,
  StoredTopic,
  TopicsOutcome,
  TopicsQuery,
} from "../../lib/store/types.ts";
import { EARLIEST, run } from "./asking.ts";
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
  limitCases(test);
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

  test("more topics than are looked at at once are told by one answer, all of them", async ({ store }) => {
    const names = Array.from({ length: 1100 }, (_, at) => `#t.${String(at).padStart(4, "0")}`);
    await commit(store, ...names.map((name) => run(name, "1")));
    const { topics, next } = await ask(store, { most: 5000 });
    assertEquals(topics.map(({ topic }) => topic), names);
    assertEquals(next, undefined);
    assertEquals((await ask(store, { most: 5000, after: names[99]! })).topics.length, 1000);
    const { topics: last } = await ask(store, { most: 5000, match: "#t.1099" });
    assertEquals(last.map(({ topic }) => topic), ["#t.1099"]);
  });
}

type Appended = ReturnType<typeof run>;
type Outcome = Extract<CommitOutcome, { kind: "stored" }>;

async function stored(store: Store, commit: Commit): Promise<Outcome> {
  const outcome = await new Promise<CommitOutcome>((resolve) => store.commit(commit, resolve));
  return outcome.kind === "stored" ? outcome : fail(outcome.reason);
}

/** The sequence numbers that were given, and the places of what was not stored. */
function told({ stored, unbegun, begun }: Outcome): unknown {
  return [stored.map(({ first }) => first), unbegun?.appends ?? [], unbegun?.delayed ?? [], begun ?? []];
}

/** Of a commit's appends those to topics there are, beyond a limit, in any order. */
function limitCases(test: RegisterCase): void {
  test("no more topics begin than may be, and all else of the commit is stored", async ({ store }) => {
    const of = (topicsMost: number, ...appends: readonly Append[]): Commit => ({ appends, topicsMost });
    assertEquals(told(await stored(store, of(2, run("#a", "1"), run("#b", "1"), run("#c", "1")))), [
      [1, 1],
      [2],
      [],
      [],
    ]);
    const mixed = await stored(
      store,
      of(2, run("#d", "1"), run("#a", "2"), run("#d", "2"), run("#b", "2", "3")),
    );
    assertEquals(told(mixed), [[2, 2], [0, 2], [], []]);
    assertEquals(mixed.stored.map(({ batch }) => batch), [3, 4], "batches follow one another");
    assertEquals([store.state.topics, store.state.batches, store.state.last], [2, 4, 4]);
    assertEquals(told(await stored(store, of(2, run("#c", "1")))), [[], [0], [], []], "nothing of it is");
    assertEquals(told(await stored(store, of(3, run("#c", "1")))), [[1], [], [], []], "there may be more");
    assertEquals((await all(store, { most: 9 })).map(({ topic, last }) => [topic, last]), [
      ["#a", 2],
      ["#b", 3],
      ["#c", 1],
    ]);
  });

  test("whether a topic may begin can be said with what is appended", async ({ store }) => {
    const never = { mayBegin: "never" } as const;
    const always = { mayBegin: "always" } as const;
    const appends = [
      { ...run("#a", "1"), ...never },
      { ...run("#b", "1"), ...always },
      { ...run("#c", "1"), ...never },
      run("#c", "2"),
    ];
    assertEquals(told(await stored(store, { appends, topicsMost: 9 })), [[1, 1, 2], [0], [], []]);
    const later = [{ ...run("#b", "2"), ...never }, { ...run("#d", "1"), ...always }, run("#e", "1")];
    assertEquals(told(await stored(store, { appends: later, topicsMost: 1 })), [[2, 1], [2], [], []]);
  });

  test("what waits until it is due has its topic from then on, or is not kept", async ({ store }) => {
    const due = 4_000_000_000_000;
    const delayed = [run("#a", "1"), run("#b", "1"), run("#a", "2"), run("#c", "1")];
    const commit = {
      appends: [run("#b", "now")],
      delayed: delayed.map((each) => ({ ...each, due })),
      topicsMost: 2,
    };
    assertEquals(told(await stored(store, commit)), [[1], [], [3], [0]]);
    assertEquals([store.state.topics, store.state.delayed], [2, 3]);
    assertEquals((await all(store, { most: 9 })).map(({ topic }) => topic), ["#b"], "nothing is in #a");
    assertEquals(told(await stored(store, { appends: [run("#a", "3"), run("#d", "1")], topicsMost: 2 })), [
      [1],
      [1],
      [],
      [],
    ]);
  });

  test("`to` does not wait for a topic of which something only waits until it is due", async (asking) => {
    const { store } = asking;
    await stored(store, {
      appends: [run("#a", "1", "2")],
      delayed: [{ ...run("#b", "1"), due: 4_000_000_000_000 }],
    });
    const to = { kind: "sequence", sequence: 2 } as const;
    const { messages, end } = await asking.replay("#>", EARLIEST, { to });
    assertEquals([messages.length, end], [2, "past to"]);
    assertEquals((await asking.replay("#b", EARLIEST, { to })).end, "caught up");
  });
}

async function commit(store: Store, ...appends: readonly Appended[]): Promise<void> {
  await new Promise<void>((resolve) => store.commit({ appends }, () => resolve()));
}
