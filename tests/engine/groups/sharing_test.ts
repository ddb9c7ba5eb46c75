import { assert, assertEquals } from "@std/assert";
import { MemoryStore } from "../../../lib/store/mod.ts";
import { HeldReads } from "./held_reads.ts";
import { published } from "./keyed_runs.ts";
import { type JoinTerms, StoredBench, Worker } from "./stored_bench.ts";

function slow(): Worker {
  const worker = new Worker();
  worker.writes = false;
  return worker;
}

function payloads(worker: Worker): string[] {
  return worker.given.map(({ payload }) => payload);
}

/** What its members hold and what waits. */
function counts(bench: StoredBench): [number, number] {
  const [group] = bench.engine.snapshot().groups;
  return [group!.held, group!.waiting];
}

/** The bytes that are kept, as of a tick in which nobody loses time. */
function held(bench: StoredBench): number {
  bench.engine.tick(bench.now);
  return bench.memory.held;
}

Deno.test("each group that is open counts for the memory of all, and all of it is let go of with its last member", async () => {
  const bench = new StoredBench();
  const none = bench.memory.held;
  const first = await bench.joined();
  assertEquals(bench.memory.held - none, 4096);
  const second = await bench.joined();
  const other = await bench.joined({ name: "h", by: "key" });
  assertEquals(bench.memory.held - none, 2 * 4096);
  for (let at = 1; at <= 3; at++) await bench.published("#d.a", ["x"], ` key=k${at}`);
  first.nack("#d.a", 1, { delay: 5000 });
  assert(held(bench) > none + 2 * 4096);
  for (const each of [first, second, other]) each.dies();
  await bench.settle();
  assertEquals(bench.memory.held, none);
});

for (const by of [undefined, "key"] as const) {
  Deno.test(`messages that are held together count once, and each that has a key by itself: by ${by}`, async () => {
    const bench = new StoredBench();
    const worker = await bench.joined({ by });
    const none = held(bench);
    await bench.published("#d.a", ["1", "2", "3"], " key=a");
    const keyed = by === undefined ? 0 : 3 * 150;
    assertEquals(held(bench) - none, 130 + keyed);
    for (let at = 0; at < 3; at++) await bench.published("#d.a", ["x"]);
    assertEquals(held(bench) - none, 4 * 130 + keyed);
    worker.nack("#d.a", 4, { last: 5, delay: 60_000 });
    assertEquals(held(bench) - none, 2 * 130 + 2 * 130 + keyed, "each that is to come later by itself");
    worker.ack("#d.a", 2);
    assertEquals(held(bench) - none, 3 * 130 + 2 * 130 + keyed * 2 / 3, "the rest is two by now");
    const other = await bench.joined({ by });
    worker.dies();
    await bench.settle();
    assertEquals(other.shown, ["#d.a 1 (2)", "#d.a 3 (2)", "#d.a 6 (2)"]);
    assertEquals(held(bench) - none, 3 * 130 + 2 * 130 + keyed * 2 / 3, "another holds it now");
  });
}

// what is being stored takes some hundred bytes beside its own meanwhile
for (const more of [0, 4000]) {
  Deno.test(`what waits is bounded by a 64th of the memory that is free: ${more} bytes more than that`, async () => {
    const bench = new StoredBench();
    await bench.joined({ window: 1 });
    const { pool, memory } = bench;
    const publish = async (): Promise<void> => await bench.published("#d.a", ["x".repeat(4000)]);
    await publish();
    const before = pool.bytesOut;
    await publish();
    const each = pool.bytesOut - before;
    const record = "pub #d.a 4000\n\n".length + 4000;
    // behind the next as much is free as 64 times what waits then
    memory.hold(memory.share - each - 64 * 2 * record - more);
    await publish();
    assertEquals(counts(bench), [1, 2]);
    await publish();
    assertEquals(counts(bench), [1, more === 0 ? 2 : 3]);
  });
}

Deno.test("what waits is bounded however much memory is free, and the rest is read when somebody has room", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined({ window: 1 });
  const text = "x".repeat(20_000);
  const record = "pub #d.a 20000\n\n".length + text.length;
  for (let at = 0; at < 30; at++) await bench.published("#d.a", [text]);
  assertEquals(counts(bench), [1, Math.ceil(262_144 / record)]);
  for (let at = 1; at <= 30; at++) {
    assert(worker.ack("#d.a", at));
    await bench.settle();
  }
  assertEquals([worker.given.length, counts(bench), bench.pool.bytesOut], [30, [0, 0], 0]);
});

for (const by of [undefined, "key"] as const) {
  Deno.test(`what waits is let go of when its group begins anew, and when its last member leaves: by ${by}`, async () => {
    const bench = new StoredBench();
    const worker = await bench.joined({ window: 1, by });
    const none = bench.memory.held;
    for (const payload of ["1", "2", "3", "4"]) await bench.published("#d.a", [payload], " key=a");
    worker.nack("#d.a", 1, { delay: 60_000 });
    await bench.settle();
    assert(bench.pool.bytesOut > 0);
    bench.engine.resetGroup({ name: "g", pattern: "#d.>" }, { kind: "sequence", sequence: 5 }, () => {});
    await bench.settle();
    assertEquals([bench.pool.bytesOut, held(bench)], [0, none]);
    for (const payload of ["5", "6", "7", "8", "9", "10"]) await bench.published("#d.a", [payload], " key=a");
    assert(bench.pool.bytesOut > 0);
    worker.dies();
    await bench.settle();
    assertEquals([bench.pool.bytesOut, bench.memory.held], [0, none - 4096]);
  });

  Deno.test(`with the last byte that may wait nothing more is read: by ${by}`, async () => {
    const bench = new StoredBench();
    await bench.joined({ window: 1, by });
    // eight of these are all that may
    const text = "x".repeat(32_768 - "pub #d.a 32748 key=a\n\n".length);
    for (let at = 0; at < 12; at++) await bench.published("#d.a", [text], " key=a");
    assertEquals(counts(bench), [1, 8]);
  });
}

Deno.test("what there was no place for is read once more a second later, and no sooner (G12)", async () => {
  const store = new HeldReads({ now: () => 0 });
  const bench = new StoredBench({ store });
  const worker = await bench.joined({ by: "key" });
  for (let at = 0; at < 60; at++) await bench.published("#d.a", ["x".repeat(10_000)], " key=a");
  worker.nack("#d.a", 1, { delay: 60_000 });
  worker.nack("#d.a", 2, { last: 60 });
  await bench.settle();
  // all that is read again by its numbers waits here
  store.holds = true;
  await bench.passes(750);
  assertEquals(store.held.length, 0);
  await bench.passes(250);
  assertEquals(store.held.length, 1);
});

Deno.test("what comes again is counted, and what is dead, each message once (G11)", async () => {
  const bench = new StoredBench({ maxAttempts: 2 });
  const worker = await bench.joined();
  await bench.published("#d.a", ["1", "2", "3"]);
  const told = (): [number, number] => {
    const { redelivered, dead } = bench.counters.totals;
    return [redelivered, dead];
  };
  assertEquals(told(), [0, 0]);
  worker.nack("#d.a", 1, { last: 2 });
  await bench.settle();
  assertEquals(told(), [2, 0]);
  worker.nack("#d.a", 2);
  worker.membership!.giveBack("#d.a", { from: 3, end: 4 }, { delay: 0, unused: true });
  await bench.settle();
  assertEquals([told(), worker.shown.at(-1)], [[2, 1], "#d.a 3"], "what nobody has used does not come again");
});

for (const by of [undefined, "key"] as const) {
  Deno.test(`what is given back unused is given out as often as before, whenever and whoever gets it: by ${by}`, async () => {
    const bench = new StoredBench({ maxAttempts: 1 });
    const terms: JoinTerms = { by, window: 2 };
    const worker = await bench.joined(terms);
    await bench.published("#d.a", ["1", "2"], " key=a");
    const unused = (delay: number): boolean =>
      worker.membership!.giveBack("#d.a", { from: 1, end: 2 }, { delay, unused: true });
    assert(unused(0));
    assert(!unused(0), "it does not hold it");
    await bench.settle();
    assert(unused(500));
    await bench.passes(250);
    assertEquals(worker.shown, ["#d.a 1", "#d.a 2", "#d.a 1"]);
    await bench.passes(250);
    assertEquals(worker.shown.slice(3), ["#d.a 1"]);
    assertEquals(bench.counters.totals.dead, 0);
  });
}

Deno.test("what is given back for the last time dies at once, whenever it was to come (G11)", async () => {
  const bench = new StoredBench({ maxAttempts: 2 });
  const worker = await bench.joined();
  await bench.published("#d.a", ["1"]);
  worker.nack("#d.a", 1, { delay: 250 });
  await bench.settle();
  assertEquals(worker.given.length, 1);
  await bench.passes(250);
  assertEquals(worker.shown, ["#d.a 1", "#d.a 1 (2)"]);
  worker.nack("#d.a", 1, { delay: 60_000 });
  await bench.settle();
  assertEquals([bench.counters.totals.dead, counts(bench)], [1, [0, 0]]);
});

for (const by of [undefined, "key"] as const) {
  Deno.test(`what is found to be dead when it is read needs nobody to do anything for it: by ${by} (G11)`, async () => {
    const bench = new StoredBench();
    const worker = await bench.joined({ by });
    await bench.published("#d.a", ["1", "2"], " key=a");
    worker.nack("#d.a", 1);
    await bench.settle();
    worker.dies();
    await bench.settle();
    bench.maxAttempts = 1;
    bench.restart();
    const next = await bench.joined({ by });
    await bench.settle();
    assertEquals([next.given, bench.counters.totals.dead], [[], 2]);
    assertEquals(bench.store.state.batches, 1 + 2, "one a cause and number of attempts");
  });
}

for (const by of [undefined, "key"] as const) {
  Deno.test(`of what a member had not sent, what it had settled is not given out again: by ${by} (G4)`, async () => {
    const bench = new StoredBench();
    const worker = await bench.joined({ by }, slow());
    await bench.published("#d.a", ["1", "2", "3", "4", "5", "6"], " key=a");
    const other = await bench.joined({ by });
    assert(worker.ack("#d.a", 1));
    assert(worker.ack("#d.a", 3, 4));
    await bench.settle();
    worker.dies();
    await bench.settle();
    assertEquals(other.shown, ["#d.a 2", "#d.a 5", "#d.a 6"]);
    assertEquals(payloads(other), ["2", "5", "6"]);
    assertEquals(counts(bench), [3, 0]);
    other.ack("#d.a", 2, 6);
    await bench.settle();
    assertEquals([counts(bench), bench.pool.bytesOut], [[0, 0], 0]);
  });

  Deno.test(`where what is written is settled, only what had not begun to be is given out again: by ${by} (G4)`, async () => {
    const bench = new StoredBench();
    const terms: JoinTerms = { by, settling: "auto", pattern: "#*.a" };
    const worker = await bench.joined(terms, slow());
    for (const payload of ["1", "2"]) await bench.published("#d.a", [payload, `${payload}b`], " key=a");
    await bench.published("#m.a", ["m"], " key=a");
    await bench.published("#d.a", ["3", "3b"], " key=a");
    worker.membership!.passed(1);
    const other = await bench.joined(terms);
    // what of a run has begun to be written is no longer given back
    worker.unsent.shift()!.release();
    worker.dies();
    await bench.settle();
    assertEquals(payloads(other).toSorted(), ["2", "2b", "3", "3b", "m"]);
    await bench.passes(250);
    bench.restart();
    assertEquals((await bench.joined(terms)).given, []);
  });
}

Deno.test("who held something too long has room for something else, and settles it no more", async () => {
  const bench = new StoredBench();
  const one = await bench.joined({ window: 2 });
  await bench.published("#d.a", ["1", "2"]);
  const two = await bench.joined({ window: 2 });
  await bench.passes(1000);
  assertEquals([one.shown.length, two.shown], [2, ["#d.a 1 (2)", "#d.a 2 (2)"]]);
  assert(!one.ack("#d.a", 1));
  await bench.published("#d.a", ["3", "4", "5"]);
  assertEquals(one.shown.slice(2), ["#d.a 3", "#d.a 4"]);
  assertEquals(counts(bench), [4, 1]);
});

Deno.test("who says that it goes on has as long as before from then on", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined({ window: 3 });
  await bench.published("#d.a", ["1", "2", "3"]);
  await bench.passes(750);
  assert(worker.extend("#d.a", 2));
  assert(!worker.extend("#d.a", 4));
  await bench.passes(250);
  assertEquals(worker.shown.slice(3), ["#d.a 1 (2)", "#d.a 3 (2)"]);
  await bench.passes(500);
  assertEquals(worker.given.length, 5);
  await bench.passes(250);
  assertEquals(worker.shown.slice(5, 6), ["#d.a 2 (2)"]);
});

Deno.test("of what was to come again and was deleted, so many are told, and the rest comes", async () => {
  const clock = { now: 0 };
  const retain = { age: 1000, groups: "ignore" } as const;
  const bench = new StoredBench({ store: new MemoryStore({ now: () => clock.now, retain }) });
  Object.defineProperty(bench, "now", { get: () => clock.now, set: (now: number) => clock.now = now });
  const worker = await bench.joined({ pattern: "#d.a" });
  await bench.published("#d.b", ["x"]);
  await bench.published("#d.a", ["1", "2", "3"]);
  await bench.passes(250);
  await bench.published("#d.a", ["4", "5"]);
  assert(worker.nack("#d.a", 2, { last: 5, delay: 1500 }));
  worker.ack("#d.a", 1);
  await bench.passes(1000);
  // what is stored now finds the first of them too old
  await bench.published("#d.b", ["y"]);
  assertEquals(worker.missing, 0);
  await bench.passes(500);
  assertEquals([worker.missing, worker.shown.slice(5)], [2, ["#d.a 4 (2)", "#d.a 5 (2)"]]);
  assertEquals(counts(bench), [2, 0]);
});

Deno.test("what is being read again when its group begins anew is not given out beside what is read from there", async () => {
  const store = new HeldReads({ now: () => 0 });
  const bench = new StoredBench({ store });
  const worker = await bench.joined();
  await bench.published("#d.a", ["1", "2"]);
  store.holds = true;
  worker.nack("#d.a", 1);
  await bench.settle();
  assertEquals(store.held.length, 1);
  const group = { name: "g", pattern: "#d.>" };
  bench.engine.resetGroup(group, { kind: "sequence", sequence: 2 }, () => {});
  await bench.settle();
  assertEquals(worker.shown, ["#d.a 1", "#d.a 2", "#d.a 2"]);
  store.letGo();
  await bench.settle();
  await bench.passes(500);
  assertEquals([worker.given.length, bench.pool.bytesOut], [3, 0]);
});

Deno.test("what comes again goes before what is new, whatever waits, by keys and without (G4)", async () => {
  for (const key of ["", "a"]) {
    const bench = new StoredBench();
    const by = key === "" ? undefined : "key";
    const worker = await bench.joined({ window: 2, by });
    await published(bench, "#d.a", ["1", "2", "3", "4"].map((payload) => ({ payload, key })));
    worker.full = true;
    worker.nack("#d.a", 2);
    await bench.settle();
    assertEquals(counts(bench)[1], 2, "it is not read before there is room");
    worker.opens();
    await bench.settle();
    assertEquals(worker.shown, ["#d.a 1", "#d.a 2", key === "" ? "#d.a 3" : "#d.a 2 (2)"]);
  }
});

Deno.test("what was deleted with its time lets go on what waited for it of its key (G12)", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined({ by: "key", window: 1 });
  await bench.published("#d.a", ["1"], " key=a ttl=1");
  await bench.published("#d.a", ["2"], " key=a");
  worker.nack("#d.a", 1, { delay: 1500 });
  await bench.passes(1250);
  assertEquals(worker.shown, ["#d.a 1"]);
  await bench.passes(250);
  assertEquals(worker.shown, ["#d.a 1", "#d.a 2"]);
});

Deno.test("what a group had not read yet comes when the broker has begun anew, whatever is stored meanwhile", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined({ window: 1 });
  const text = "x".repeat(32_768);
  for (let at = 0; at < 12; at++) await bench.published("#d.a", [text]);
  for (let at = 1; at <= 9; at++) {
    assert(worker.ack("#d.a", at));
    await bench.settle();
  }
  bench.restart();
  assertEquals((await bench.joined()).shown, ["#d.a 10", "#d.a 11", "#d.a 12"]);
});

Deno.test("of a batch of which much is settled what is not is found in one walk, wherever it lies", async () => {
  const bench = new StoredBench();
  const messages = 300_000;
  const settled = Array.from({ length: messages / 2 }, (_, at) => 2 * at + 1).join(" ");
  const topics = [{ topic: "#d.a", settled, attempts: "" }];
  await new Promise<unknown>((resolve) =>
    bench.store.commit(
      { appends: [], marks: [{ name: "g", pattern: "#d.>", sequence: 0, after: 0, topics }] },
      resolve,
    )
  );
  await bench.published("#d.a", Array.from({ length: messages }, (_, at) => `${at + 1}`));
  // to begin each part at the first message would be some ten billion steps: minutes
  const worker = await bench.joined({ window: 1000 });
  assertEquals(counts(bench), [1000, messages / 2 - 1000]);
  assert(
    worker.given.every(({ sequence, payload }, at) => sequence === 2 * at + 2 && payload === `${sequence}`),
  );
});
