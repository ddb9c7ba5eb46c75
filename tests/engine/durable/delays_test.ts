import { assertEquals } from "@std/assert";
import type { Receipt, Run, Subscriber } from "../../../lib/engine/types.ts";
import { DELAYED_RETRY_MS, DELAYED_SLICE_BYTES, DELAYED_TOPICS_STOPPED_MOST } from "../../../lib/limits.ts";
import { MemoryStore } from "../../../lib/store/memory.ts";
import { RecordReader } from "../../../lib/wire/records.ts";
import { HeldStore } from "../../support/held_store.ts";
import { Bench, named, settled } from "./commit_bench.ts";

const decoder = new TextDecoder();

/** Takes messages and keeps them; full where the test says so. */
class Taker implements Subscriber {
  readonly connection = {};
  readonly rank = 0;
  readonly leavesOut = false;
  readonly got: string[] = [];
  readonly expiries: (number | undefined)[] = [];
  full = false;
  #waiting: Array<() => void> = [];

  deliver(run: Run): void {
    const { chunk, start, end } = run.records;
    const reader = new RecordReader({ bytes: chunk.bytes, start, end });
    const { topic } = run.route;
    for (let number = run.stored!.first; reader.next(); number++) {
      const payload = chunk.bytes.subarray(reader.payloadStart, reader.payloadEnd);
      this.got.push(`${topic} ${number} ${decoder.decode(payload)}`);
      this.expiries.push(run.expires);
    }
  }

  whenNotFull(callback: () => void): void {
    this.#waiting.push(callback);
  }

  empty(): void {
    this.full = false;
    for (const callback of this.#waiting.splice(0)) callback();
  }
}

/** An engine whose commits end by themselves, with one who takes all. */
function begin(store?: HeldStore): { readonly bench: Bench; readonly taker: Taker } {
  const bench = new Bench(store === undefined ? {} : { store });
  bench.store.free = true;
  const taker = new Taker();
  bench.engine.subscribe("#>", taker);
  return { bench, taker };
}

async function later(bench: Bench, due: number, topic: string, ...payloads: string[]): Promise<void> {
  for (const payload of payloads) bench.publishLater(topic, payload, { due });
  bench.flushes.flush();
  await settled();
  await bench.takeTurns();
}

async function at(bench: Bench, time: number): Promise<void> {
  bench.engine.tick(time);
  await settled();
  await bench.takeTurns();
}

Deno.test("what is due is delivered in the order of its times, and not before (D9)", async () => {
  const { bench, taker } = begin();
  await later(bench, 300, "#a", "3");
  await later(bench, 100, "#a", "1");
  await later(bench, 200, "#b", "x", "y");
  await later(bench, 100, "#a", "2");
  assertEquals(bench.answers, Array(5).fill(STORED));
  await at(bench, 99);
  assertEquals([taker.got, bench.counters.totals.published], [[], 0]);
  await at(bench, 100);
  assertEquals(taker.got, ["#a 1 1", "#a 2 2"]);
  await at(bench, 250);
  assertEquals(taker.got.slice(2), ["#b 1 x", "#b 2 y"]);
  await later(bench, 260, "#a", "between");
  await at(bench, 1000);
  assertEquals(taker.got.slice(4), ["#a 3 between", "#a 4 3"]);
  assertEquals([bench.store.state.delayed, bench.counters.totals.published], [0, 6]);
  assertEquals(bench.pool.bytesOut, 0, "and nothing of it is kept");
  await bench.close();
});

Deno.test("the time of what is due soon is asked for, as soon as it is known (D9)", async () => {
  const { bench, taker } = begin();
  await at(bench, 100_000);
  await later(bench, 100_700, "#a", "2");
  await later(bench, 100_600, "#a", "1");
  await later(bench, 100_800, "#a", "3");
  await later(bench, 109_000, "#a", "4");
  assertEquals(bench.wakes, [100_700, 100_600]);
  await at(bench, 100_250);
  assertEquals(bench.wakes.splice(0), [100_700, 100_600, 100_600]);
  await at(bench, 100_600);
  assertEquals([taker.got, bench.wakes.splice(0)], [["#a 1 1"], [100_700]]);
  await at(bench, 100_900);
  assertEquals([taker.got.length, bench.wakes.splice(0)], [3, []]);
  await at(bench, 108_500);
  assertEquals(bench.wakes, [109_000]);
  await bench.close();
});

const STORED: Receipt = { reached: undefined, level: "synced", last: undefined, topic: undefined };

Deno.test("what waited when a broker began is delivered by it, a clock that went back keeps it longer (D9)", async () => {
  const store = new MemoryStore({ now: () => 0 });
  const first = begin(new HeldStore(store));
  await later(first.bench, 100, "#a", "1");
  await later(first.bench, 300, "#a", "2");
  const { bench, taker } = begin(new HeldStore(store));
  await at(bench, 200);
  assertEquals(taker.got, ["#a 1 1"]);
  await at(bench, 50);
  await at(bench, 299);
  assertEquals(taker.got, ["#a 1 1"]);
  await at(bench, 300);
  assertEquals([taker.got, first.taker.got], [["#a 1 1", "#a 2 2"], []]);
  await bench.close();
});

Deno.test("much that is due at once is moved slice by slice, each in one commit", async () => {
  const { bench, taker } = begin();
  const payload = "x".repeat(DELAYED_SLICE_BYTES / 16);
  await later(bench, 100, "#a", ...Array<string>(50).fill(payload));
  bench.store.free = false;
  bench.engine.tick(100);
  const slices: number[] = [];
  while (taker.got.length < 50) {
    const commit = await bench.store.next();
    assertEquals(bench.store.commits.length, 0, "one at a time");
    assertEquals(commit.appends.length, 1, "those of a topic together");
    slices.push(commit.appends[0]!.count);
    commit.end();
    await settled();
    await bench.takeTurns();
  }
  assertEquals(slices.reduce((sum, count) => sum + count, 0), 50);
  assertEquals(slices.every((count) => count <= 17), true, `${slices}`);
  await bench.close();
});

Deno.test("a topic whose subscribers are full is passed, others go on, and it goes on in its order", async () => {
  const bench = new Bench();
  bench.store.free = true;
  const [slow, other] = [new Taker(), new Taker()];
  bench.engine.subscribe("#slow", slow);
  bench.engine.subscribe("#other", other);
  slow.full = true;
  await later(bench, 100, "#slow", "1", "2");
  await later(bench, 101, "#other", "1");
  await later(bench, 102, "#slow", "3");
  await at(bench, 200);
  await later(bench, 150, "#other", "2");
  await later(bench, 150, "#slow", "4");
  await at(bench, 201);
  assertEquals([slow.got, other.got], [[], ["#other 1 1", "#other 2 2"]]);
  slow.empty();
  await settled();
  await bench.takeTurns();
  assertEquals(slow.got, ["#slow 1 1", "#slow 2 2", "#slow 3 3", "#slow 4 4"]);
  await bench.close();
});

Deno.test("what is stored while the store is asked, and was due before what it answers, is found (D9)", async () => {
  const store = new HeldStore();
  const { bench, taker } = begin(store);
  await later(bench, 100, "#a", ...Array<string>(40).fill("x".repeat(DELAYED_SLICE_BYTES / 16)));
  const asked: Array<() => void> = [];
  const due = store.due.bind(store);
  store.due = (query, done) => due(query, (outcome) => void asked.push(() => done(outcome)));
  bench.engine.tick(100);
  await settled();
  await later(bench, 50, "#b", "late");
  while (bench.store.state.delayed > 0) {
    assertEquals(asked.length, 1);
    asked.shift()!();
    await settled();
    await bench.takeTurns();
  }
  assertEquals(taker.got.filter((each) => each.startsWith("#b")), ["#b 1 late"]);
  await bench.close();
});

Deno.test("what is due waits while too much waits to be stored", async () => {
  const { bench, taker } = begin();
  await later(bench, 100, "#due", "1");
  bench.store.free = false;
  const flood = named("flood", []);
  const payload = "x".repeat(1024 * 1024);
  const route = bench.engine.routeOf("#flood");
  while (bench.engine.gateOf(route) === undefined) bench.publish("#flood", payload, flood);
  bench.flushes.flush();
  let asked = 0;
  const due = bench.store.due.bind(bench.store);
  bench.store.due = (query, done) => {
    asked++;
    due(query, done);
  };
  await at(bench, 200);
  assertEquals(asked, 0);
  bench.store.free = true;
  (await bench.store.next()).end();
  await settled();
  await bench.takeTurns();
  assertEquals([asked, taker.got.filter((each) => each.startsWith("#due"))], [1, ["#due 1 1"]]);
  await bench.close();
});

Deno.test("what is due and is refused stays, and is tried again after a while", async () => {
  const { bench, taker } = begin();
  await later(bench, 100, "#a", "1", "2");
  bench.store.free = false;
  bench.engine.tick(100);
  (await bench.store.next()).end({ kind: "refused", reason: "full" });
  await settled();
  await at(bench, 100 + DELAYED_RETRY_MS - 1);
  assertEquals([bench.store.commits.length, bench.refused, taker.got], [0, ["full"], []]);
  bench.store.free = true;
  await at(bench, 100 + DELAYED_RETRY_MS);
  assertEquals(taker.got, ["#a 1 1", "#a 2 2"]);
  await bench.close();
});

Deno.test("what cannot be read is told, and tried again; after a loss nothing is moved", async () => {
  const store = new HeldStore();
  const { bench, taker } = begin(store);
  await later(bench, 100, "#a", "1");
  const due = store.due.bind(store);
  store.due = (_, done) => done({ kind: "failed", reason: "the disk" });
  await at(bench, 100);
  await at(bench, 100 + DELAYED_RETRY_MS);
  assertEquals(bench.refused, ["unreadable: the disk"]);
  store.due = (query, done) =>
    due(query, (outcome) => done(outcome.kind === "due" ? { ...outcome, damaged: ["one is"] } : outcome));
  store.free = false;
  bench.engine.tick(100 + 2 * DELAYED_RETRY_MS);
  (await store.next()).end({ kind: "lost", reason: "gone" });
  await settled();
  store.free = true;
  await at(bench, 5000);
  assertEquals([bench.refused, taker.got, store.state.delayed], [
    ["unreadable: the disk", "unreadable: one is", "lost: gone"],
    [],
    1,
  ]);
  await bench.close();
});

Deno.test("one that is refused at its publishing does not wait, and its id is not known (D6, D9)", async () => {
  const { bench, taker } = begin();
  bench.store.free = false;
  bench.publishLater("#a", "1", { due: 100, id: "a-1" });
  bench.flushes.flush();
  const commit = await bench.store.next();
  assertEquals([commit.appends.length, commit.delayed.map(({ due, ids }) => [due, ids])], [0, [[
    100,
    "1 1 a-",
  ]]]);
  commit.end({ kind: "refused", reason: "full" });
  await settled();
  bench.store.free = true;
  bench.publishLater("#a", "2", { due: 100, id: "a-1" });
  await later(bench, 100, "#a", "3");
  assertEquals(bench.answers, ["STORE", STORED, STORED]);
  await at(bench, 100);
  assertEquals(taker.got, ["#a 1 2", "#a 2 3"]);
  await bench.close();
});

Deno.test("a time to live begins when it is due, and those with one leave apart (V10, D9)", async () => {
  const { bench, taker } = begin();
  bench.publishLater("#a", "1", { due: 100 });
  bench.publishLater("#a", "2", { due: 100, ttl: 50 });
  bench.publishLater("#a", "3", { due: 100, ttl: 50 });
  await later(bench, 100, "#a", "4");
  bench.store.free = false;
  bench.engine.tick(120);
  const commit = await bench.store.next();
  assertEquals(commit.appends.map(({ count, ttl }) => [count, ttl]), [[1, undefined], [2, 50], [
    1,
    undefined,
  ]]);
  commit.end();
  await settled();
  await bench.takeTurns();
  assertEquals(taker.got, ["#a 1 1", "#a 2 2", "#a 3 3", "#a 4 4"]);
  assertEquals(taker.expiries, [undefined, 170, 170, undefined]);
  await bench.close();
});

Deno.test("ids of what is due are stored with it, where they are still to be known (D6)", async () => {
  let now = 1000;
  const { bench } = begin(new HeldStore(new MemoryStore({ now: () => now })));
  bench.publishLater("#a", "1", { due: 100_000, id: "old" });
  await later(bench, 100_000, "#a", "2");
  now = 90_000;
  bench.publishLater("#a", "3", { due: 100_000, id: "new-7" });
  await later(bench, 100_000, "#a", "4");
  bench.store.free = false;
  bench.engine.tick(100_000);
  const commit = await bench.store.next();
  assertEquals(commit.appends.map(({ count, ids }) => [count, ids]), [[4, "7 7 new-"]]);
  commit.end();
  await settled();
  await bench.close();
});

Deno.test("more than may wait is refused until some of it is delivered, and other messages are not (D9)", async () => {
  const bench = new Bench({ delayedMost: 22 });
  bench.store.free = true;
  await later(bench, 100, "#a", "1");
  await later(bench, 200, "#a", "2");
  await later(bench, 300, "#a", "3");
  bench.publish("#a", "now");
  bench.flushes.flush();
  await settled();
  await bench.takeTurns();
  assertEquals(bench.answers.map((answer) => typeof answer === "string" ? answer : answer.last), [
    undefined,
    undefined,
    "STORE",
    1,
  ]);
  assertEquals(bench.store.state.delayedBytes, 22);
  await at(bench, 100);
  await later(bench, 300, "#a", "4");
  assertEquals([bench.answers.at(-1), bench.store.state.delayedBytes], [STORED, 22]);
  await bench.close();
});

Deno.test("an engine that closes leaves what waits where it is", async () => {
  const { bench, taker } = begin();
  await later(bench, 100, "#a", "1");
  const asked: Array<() => void> = [];
  const due = bench.store.due.bind(bench.store);
  bench.store.due = (query, done) => due(query, (outcome) => void asked.push(() => done(outcome)));
  bench.engine.tick(200);
  const closed = new Promise<void>((resolve) => bench.engine.close(resolve));
  await settled();
  // it had been asked for before
  for (const answer of asked) answer();
  bench.engine.tick(300);
  await closed;
  assertEquals([asked.length, taker.got, bench.store.state.delayed], [1, [], 1]);
});

Deno.test("where the subscribers of very many topics are full nothing more is looked for until one has room", async () => {
  const { bench, taker } = begin();
  taker.full = true;
  const topics = Array.from({ length: DELAYED_TOPICS_STOPPED_MOST }, (_, at) => `#t.${at}`);
  for (const topic of topics.slice(1)) bench.publishLater(topic, "x", { due: 100 });
  bench.flushes.flush();
  await settled();
  await bench.takeTurns();
  let asked = 0;
  const due = bench.store.due.bind(bench.store);
  bench.store.due = (query, done) => {
    asked++;
    due(query, done);
  };
  await at(bench, 100);
  const before = asked;
  assertEquals(before > 0, true);
  await later(bench, 50, topics[0]!, "x");
  await at(bench, 101);
  assertEquals(asked > before, true, "one less, and it is looked for");
  const most = asked;
  await later(bench, 50, "#one.more", "x");
  await at(bench, 102);
  assertEquals([asked, taker.got.length], [most, 0]);
  taker.empty();
  await settled();
  await bench.takeTurns();
  assertEquals(taker.got.length, DELAYED_TOPICS_STOPPED_MOST + 1);
  await bench.close();
});
