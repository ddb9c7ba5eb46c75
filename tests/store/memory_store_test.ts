import { assert, assertEquals, assertThrows } from "@std/assert";
import { DamageError } from "../../lib/store/log/damage.ts";
import { MemoryLog } from "../../lib/store/log/memory_log.ts";
import { MemoryStore } from "../../lib/store/memory.ts";
import type { Trimmed } from "../../lib/store/types.ts";
import { Asking, EARLIEST, lastOf, messagesOf, run, shown } from "./asking.ts";

Deno.test("memory: its state is what is there, what waits with it, and what went", async () => {
  let now = 100;
  const store = new Asking(new MemoryStore({ retain: { age: 50 }, now: () => now }));
  const told: Trimmed[] = [];
  store.store.watch((what) => void told.push(what));
  const zero = { commitTime: 0, committing: 0, trimmed: 0 };
  const none = { ...zero, topics: 0, batches: 0, bytes: 0, last: 0, commits: 0, delayed: 0, delayedBytes: 0 };
  assertEquals(store.store.state, none);
  const stored = await store.commitOf({
    appends: [run("#a", "1", "2"), run("#b", "3")],
    delayed: [{ ...run("#c", "x"), due: 9 }],
  });
  const first = {
    ...none,
    topics: 3,
    batches: 2,
    bytes: 44,
    last: 2,
    commits: 1,
    delayed: 1,
    delayedBytes: 11,
  };
  assertEquals(store.store.state, first);
  assertEquals(stored, [{ first: 1, batch: 1, time: 100 }, { first: 1, batch: 2, time: 100 }]);
  assertEquals(told, []);
  now = 151;
  await store.commitOf({ moved: [1] });
  assertEquals(store.store.state, { ...none, topics: 3, last: 2, commits: 2, trimmed: 3 });
  assertEquals(told, [{
    deleted: 2,
    batches: [
      { batch: 1, topic: "#a", first: 1, count: 2, time: 100 },
      { batch: 2, topic: "#b", first: 1, count: 1, time: 100 },
    ],
  }]);
});

Deno.test("memory: what is refused changes nothing, and every answer comes behind the call that asks", async () => {
  const { store } = new Asking(new MemoryStore({ now: () => 1 }));
  const answers: string[] = [];
  const note = (name: string) => (outcome?: { readonly kind: string }): void =>
    void answers.push(`${name} ${outcome?.kind}`);
  store.commit({ appends: [run("#a", "1"), run("#\0", "1")] }, note("refused"));
  store.commit({ appends: [run("#a", "1")], delayed: [{ ...run("", "1"), due: 1 }] }, note("refused, too"));
  assertEquals([store.state.commits, store.state.topics], [0, 0]);
  store.commit({ appends: [run("#a", "1")] }, note("commit"));
  store.group({ name: "g", pattern: "#a" }, note("group"));
  store.groupCount(note("group count"));
  store.groups(undefined, note("groups"));
  store.topics!({ most: 1 }, note("topics"));
  store.seek("#a", { from: EARLIEST, to: undefined }, note("seek"));
  store.read([], { most: 1 }, note("read"));
  store.due({ now: 1, after: undefined, without: [], most: 1 }, note("due"));
  store.close(note("close"));
  assertEquals(answers, []);
  await Promise.resolve();
  assertEquals(answers, [
    "refused refused",
    "refused, too refused",
    "commit stored",
    "group none",
    "group count counted",
    "groups groups",
    "topics topics",
    "seek found",
    "read page",
    "due due",
    "close undefined",
  ]);
});

Deno.test("memory: what has outlived its time is left out by its own clock", async () => {
  let now = 100;
  const store = new Asking(new MemoryStore({ now: () => now }));
  const bytes = new TextEncoder().encode("pub #a 1 ttl=1\nx\n");
  await store.commit({ topic: "#a", count: 1, bytes, ttl: 1000 });
  const left = async (): Promise<number[]> => {
    const { first } = await store.seek("#a", lastOf(1));
    return [messagesOf(first).length, (await store.replay("#a", EARLIEST)).messages.length];
  };
  now = 1099;
  assertEquals(await left(), [1, 1]);
  now = 1100;
  assertEquals(await left(), [0, 0]);
});

Deno.test("memory: a time to live counts from what the clock showed, be that behind the time of the log", async () => {
  let now = 4_000_000;
  const store = new Asking(new MemoryStore({ now: () => now }));
  await store.commit(run("#a", "while the clock is ahead"));
  now = 1000;
  const text = "pub #a 1 ttl=5\nx\npub #a 1 ttl=7\ny\npub #a 1\nz\n";
  await store.commit({ topic: "#a", count: 3, bytes: new TextEncoder().encode(text), ttl: 5000 });
  const left = async (at: number): Promise<number> => {
    now = at;
    return (await store.replay("#a", EARLIEST)).messages.length;
  };
  assertEquals([await left(5999), await left(6000), await left(7999), await left(8000)], [4, 3, 3, 2]);
  const { cursor } = await store.seek("#a", { kind: "sequence", sequence: 3 });
  now = 7999;
  assertEquals(messagesOf((await store.read(cursor)).page).length, 2, "read without what came before it");
});

Deno.test("memory: damage fails the call that comes to it, and a fault of ours is none", async () => {
  const { matching, refsAfter } = MemoryLog.prototype;
  const store = new Asking(new MemoryStore({ now: () => 1 }));
  await store.commit(run("#a", "1"));
  await store.mark([{ name: "g", pattern: "#*", sequence: 0, after: 0, topics: [] }]);
  try {
    MemoryLog.prototype.matching = MemoryLog.prototype.refsAfter = () => {
      throw new DamageError("it is gone");
    };
    const failed = { kind: "failed", reason: "it is gone" } as const;
    assertEquals(await store.seekOutcome("#*", { kind: "sequence", sequence: 1 }), failed);
    const cursor = { pattern: "#*", after: 0, sequence: 0, time: 0, to: undefined };
    assertEquals(await store.readOutcome(cursor, 1), failed);
    assertEquals(await new Promise<unknown>((done) => store.store.groups(undefined, done)), failed);
    MemoryLog.prototype.matching = () => {
      throw new TypeError("a fault of ours");
    };
    assertThrows(() => store.store.groups(undefined, () => {}), TypeError, "a fault of ours");
  } finally {
    Object.assign(MemoryLog.prototype, { matching, refsAfter });
  }
  assert((await store.replay("#a", EARLIEST)).messages.length === 1);
});

Deno.test("memory: groups are forgotten and marked by the commit that says so, before what it brings is trimmed", async () => {
  let now = 100;
  const store = new Asking(new MemoryStore({ retain: { age: 50 }, now: () => now }));
  const mark = { name: "g", pattern: "#a", sequence: 0, after: 0, topics: [] };
  await store.commitOf({ appends: [run("#a", "1")], marks: [mark] });
  now = 200;
  await store.commitOf({});
  assertEquals(shown((await store.replay("#a", EARLIEST)).messages), ["#a 1 1"], "it is held");
  now = 5000;
  await store.commitOf({ marks: [{ ...mark, after: 1 }] });
  assertEquals((await store.replay("#a", EARLIEST)).messages, []);
  await store.commitOf({ appends: [run("#a", "2")], forget: [mark] });
  now = 9000;
  await store.commitOf({});
  assertEquals(store.store.state.batches, 0);
});

Deno.test("memory: no more topics begin than may be, with what is appended and what waits", async () => {
  const store = new Asking(new MemoryStore({ now: () => 1 }));
  const commit = {
    appends: [run("#a", "1"), run("#b", "1"), run("#a", "2")],
    delayed: [{ ...run("#a", "x"), due: 5 }, { ...run("#c", "x"), due: 5 }],
  };
  const outcome = await store.outcomeOf({ ...commit, topicsMost: 1 });
  assert(outcome.kind === "stored");
  assertEquals([outcome.stored.map(({ first }) => first), outcome.unbegun, outcome.begun], [
    [1, 2],
    { appends: [1], delayed: [1] },
    undefined,
  ]);
  const more = await store.outcomeOf({ ...commit, topicsMost: 3 });
  assert(more.kind === "stored");
  assertEquals([more.stored.map(({ first }) => first), more.unbegun, more.begun], [[3, 1, 4], undefined, [
    1,
  ]]);
  assertEquals(store.store.state.topics, 3);
});
