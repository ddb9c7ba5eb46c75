import { assert, assertEquals } from "@std/assert";
import { MemoryStore } from "../../../lib/store/mod.ts";
import { settled } from "../durable/commit_bench.ts";
import { HeldReads } from "./held_reads.ts";
import { StoredBench, Worker } from "./stored_bench.ts";

Deno.test("a group goes on where it stood: what is settled is not given out again, what is not is", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined();
  assertEquals(worker.outcome, { kind: "joined" });
  await bench.published("#d.a", ["1", "2", "3"]);
  assertEquals(worker.shown, ["#d.a 1", "#d.a 2", "#d.a 3"]);
  assert(worker.ack("#d.a", 2));
  assertEquals(worker.answers, [], "not before it is stored");
  await bench.settle();
  assertEquals(worker.answers, ["ack #d.a 2"]);
  bench.restart();
  await bench.published("#d.b", ["4"]);
  const next = await bench.joined();
  assertEquals(next.shown, ["#d.a 1", "#d.a 3", "#d.b 1"]);
});

Deno.test("of what was read, live or in pages, nothing is kept once it is settled", async () => {
  const bench = new StoredBench();
  await bench.published("#d.a", ["1", "2"]);
  const worker = await bench.joined({ from: { kind: "earliest" } });
  await bench.published("#d.a", ["3"]);
  assertEquals(worker.shown, ["#d.a 1", "#d.a 2", "#d.a 3"]);
  assert(worker.ack("#d.a", 1, 3));
  await bench.settle();
  assertEquals(bench.pool.bytesOut, 0);
});

Deno.test("what is given back, or not settled in time, goes to another, and says how often it was given", async () => {
  const bench = new StoredBench();
  const one = await bench.joined({ window: 2 });
  await bench.published("#d.a", ["1", "2"]);
  const two = await bench.joined();
  assert(one.nack("#d.a", 1));
  await bench.settle();
  assertEquals(two.shown, ["#d.a 1 (2)"]);
  assert(!one.ack("#d.a", 1), "it does not hold it any more");
  assert(two.ack("#d.a", 1));
  await bench.passes(1000);
  assertEquals(two.shown, ["#d.a 1 (2)", "#d.a 2 (2)"]);
  assert(!one.ack("#d.a", 2));
  assert(!two.ack("#d.a", 1), "twice");
});

Deno.test("the first tick of a broker takes no time from those who hold something", async () => {
  const bench = new StoredBench();
  bench.now = 1e12;
  bench.restart({ ticks: false });
  const one = await bench.joined();
  await bench.published("#d.a", ["1"]);
  bench.engine.tick(bench.now);
  await bench.passes(750);
  assertEquals(one.shown, ["#d.a 1"]);
  await bench.passes(250);
  assertEquals(one.shown, ["#d.a 1", "#d.a 1 (2)"]);
});

Deno.test("what a member that is gone had written goes to another with one attempt more, what it had not with none", async () => {
  const bench = new StoredBench();
  const one = await bench.joined();
  await bench.published("#d.a", ["1"]);
  one.writes = false;
  await bench.published("#d.a", ["2"]);
  const two = await bench.joined();
  one.dies();
  await bench.settle();
  assertEquals(two.shown, ["#d.a 2", "#d.a 1 (2)"]);
});

Deno.test("what is given out too often is a dead letter, stored with what settles it (F52)", async () => {
  const bench = new StoredBench();
  const dead = await bench.joined({ name: "undertakers", pattern: "#dead.>" });
  const worker = await bench.joined();
  await bench.published("#d.a", ["poison"], " h.trace=7 ttl=60");
  for (let attempt = 1; attempt <= 3; attempt++) {
    assert(worker.nack("#d.a", 1));
    await bench.settle();
  }
  assertEquals(worker.shown, ["#d.a 1", "#d.a 1 (2)", "#d.a 1 (3)"]);
  assertEquals(dead.given.map(({ topic, fields, payload }) => ({ topic, fields, payload })), [{
    topic: "#dead.g.d.a",
    fields: "h.trace=7 h.dead-topic=#d.a h.dead-seq=1 h.dead-group=g h.dead-attempts=3 h.dead-reason=nack",
    payload: "poison",
  }]);
  bench.restart();
  assertEquals((await bench.joined()).shown, [], "it is settled");
});

Deno.test("a dead letter whose topic may not begin lies with all of its group's, and none is lost (D10)", async () => {
  const bench = new StoredBench({ maxAttempts: 1, topicsMost: 4 });
  const dead = await bench.joined({ name: "undertakers", pattern: "#dead.>" });
  const worker = await bench.joined();
  for (const topic of ["#d.a", "#d.b", "#d.c"]) await bench.published(topic, [topic]);
  // there is room for one more: what dies at once shares it with nobody
  for (const topic of ["#d.a", "#d.b"]) worker.nack(topic, 1);
  await bench.settle();
  const given = (): unknown[] => dead.given.map(({ topic, payload }) => [topic, payload]);
  assertEquals(given().sort(), [["#dead.g", "#d.b"], ["#dead.g.d.a", "#d.a"]]);
  await bench.published("#d.a", ["again"]);
  for (const [topic, sequence] of [["#d.c", 1], ["#d.a", 2]] as const) worker.nack(topic, sequence);
  await bench.settle();
  assertEquals(given().slice(2).sort(), [["#dead.g", "#d.c"], ["#dead.g.d.a", "again"]]);
  assertEquals(bench.store.state.topics, 5, "and one of all the group's");
});

for (const reason of ["nack", "lost connection"]) {
  Deno.test(`what the last member had for the last time is a dead letter when it has left: ${reason} (G11)`, async () => {
    const bench = new StoredBench({ maxAttempts: 1 });
    const dead = await bench.joined({ name: "undertakers", pattern: "#dead.>" });
    const worker = await bench.joined();
    await bench.published("#d.a", ["1", "2"]);
    if (reason === "nack") assert(worker.nack("#d.a", 1, { last: 2 }));
    worker.dies();
    const next = bench.join();
    await bench.settle();
    assertEquals(
      dead.given.map(({ fields, payload }) => [payload, /dead-reason=(\S+)/.exec(fields)?.[1]]),
      [["1", reason.replace(" ", "%20")], ["2", reason.replace(" ", "%20")]],
    );
    await bench.published("#d.a", ["3"]);
    assertEquals(next.shown, ["#d.a 3"], "who comes meanwhile is given what is left");
  });
}

Deno.test("what dies needs no member that has room (G11)", async () => {
  const bench = new StoredBench({ maxAttempts: 1 });
  const dead = await bench.joined({ name: "undertakers", pattern: "#dead.>" });
  const worker = await bench.joined({ window: 2 });
  await bench.published("#d.a", ["1", "2", "3"]);
  worker.full = true;
  worker.nack("#d.a", 1);
  await bench.settle();
  assertEquals(dead.given.map(({ payload }) => payload), ["1"]);
});

Deno.test("an engine that ends does not wait for what is to be read of the dead", async () => {
  const store = new HeldReads({ now: () => 0 });
  const bench = new StoredBench({ store, maxAttempts: 1 });
  const worker = await bench.joined();
  await bench.published("#d.a", ["1"]);
  store.holds = true;
  worker.nack("#d.a", 1);
  worker.dies();
  await bench.settle();
  assertEquals(store.held.length, 1, "it is being read");
  let closed = false;
  bench.engine.close(() => closed = true);
  await bench.settle();
  assertEquals([closed, bench.engine.snapshot().groups], [true, []]);
});

Deno.test("messages are shared by room, nobody holds more than its window, and publishers never wait", async () => {
  const bench = new StoredBench();
  const [one, two] = [await bench.joined({ window: 3 }), await bench.joined({ window: 3 })];
  for (let at = 1; at <= 10; at++) {
    assert(bench.engine.gateOf(bench.engine.routeOf("#d.a")) === undefined);
    await bench.published("#d.a", [`${at}`]);
  }
  assertEquals([one.given.length, two.given.length], [3, 3]);
  assert(two.ack("#d.a", 1, 10));
  await bench.settle();
  assertEquals([one.given.length, two.given.length], [3, 6]);
});

Deno.test("in a group that settles what is written a message is over when it has left", async () => {
  const bench = new StoredBench();
  const one = await bench.joined({ settling: "auto" });
  await bench.published("#d.a", ["1", "2"]);
  one.writes = false;
  await bench.published("#d.a", ["3"]);
  await bench.passes(250);
  bench.restart();
  const two = await bench.joined({ settling: "auto" });
  assertEquals(two.shown, ["#d.a 3"]);
  const refused = await bench.joined({ settling: "explicit" });
  assertEquals(refused.outcome, {
    kind: "refused",
    code: "BAD_FIELD",
    reason: "the members of group g have ack=auto, and all have the same",
  });
});

Deno.test("a new group begins where it is asked to, and an old one does not", async () => {
  const bench = new StoredBench();
  await bench.published("#d.a", ["1", "2"]);
  await bench.published("#d.a", ["3", "4"]);
  await bench.published("#d.b", ["1"]);
  const shown = async (from: Parameters<typeof bench.join>[0]): Promise<string[]> =>
    (await bench.joined(from)).shown;
  assertEquals(await shown({ name: "all", from: { kind: "earliest" } }), [
    "#d.a 1",
    "#d.a 2",
    "#d.a 3",
    "#d.a 4",
    "#d.b 1",
  ]);
  const name = "two";
  const worker = await bench.joined({ name, pattern: "#d.a", from: { kind: "sequence", sequence: 2 } });
  assertEquals(worker.shown, ["#d.a 2", "#d.a 3", "#d.a 4"]);
  worker.ack("#d.a", 3);
  await bench.settle();
  bench.restart();
  assertEquals(
    (await bench.joined({ name, pattern: "#d.a", from: { kind: "earliest" } })).shown,
    ["#d.a 2", "#d.a 4"],
    "it is not new any more",
  );
});

Deno.test("a group without members for a while goes on where the last one left", async () => {
  const bench = new StoredBench();
  const one = await bench.joined();
  await bench.published("#d.a", ["1", "2"]);
  one.ack("#d.a", 1);
  one.dies();
  const two = bench.join();
  await bench.published("#d.a", ["3"]);
  assertEquals(two.shown, ["#d.a 2 (2)", "#d.a 3"]);
  two.dies();
  await bench.published("#d.a", ["4"]);
  assertEquals(bench.engine.snapshot().groups, []);
  const three = await bench.joined();
  assertEquals(three.shown, ["#d.a 2 (3)", "#d.a 3 (2)", "#d.a 4"]);
});

Deno.test("what is stored and what is not go to the same members", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined({ pattern: "#>", window: 2 });
  await bench.published("#m", ["x"]);
  await bench.published("#d.a", ["1", "2"]);
  assertEquals(worker.shown, ["#m 0", "#d.a 1", "#d.a 2"]);
  assertEquals(bench.engine.gateOf(bench.engine.routeOf("#d.a")), undefined);
  assert(bench.engine.gateOf(bench.engine.routeOf("#m")) !== undefined, "it has no room");
  worker.ack("#d.a", 2);
  await bench.published("#m", ["y"]);
  assertEquals(worker.shown.at(-1), "#m 0");
  const other = new Worker();
  other.writes = false;
  worker.dies();
  await bench.joined({ pattern: "#>" }, other);
  assertEquals(other.shown, ["#d.a 1 (2)"]);
});

function forgetful(): StoredBench {
  const clock = { now: 0 };
  const retain = { age: 1000, groups: "ignore" } as const;
  const bench = new StoredBench({ store: new MemoryStore({ now: () => clock.now, retain }) });
  Object.defineProperty(bench, "now", { get: () => clock.now, set: (now: number) => clock.now = now });
  return bench;
}

Deno.test("what retention was told to delete all the same is told to one member, when the group has any", async () => {
  const bench = forgetful();
  (await bench.joined()).dies();
  await bench.published("#d.a", ["1", "2", "3"]);
  await bench.passes(2000);
  await bench.published("#d.b", ["1"]);
  const one = await bench.joined();
  assertEquals([one.missing, one.shown], [3, ["#d.b 1"]]);
  await bench.passes(250);
  bench.restart();
  const two = await bench.joined();
  assertEquals([two.missing, two.shown], [0, ["#d.b 1"]], "once");
});

Deno.test("of topics that were emptied while nobody was in it a group knows nothing any more once all is settled", async () => {
  const bench = forgetful();
  const topics = (): Promise<readonly string[]> =>
    new Promise((resolve) =>
      bench.store.group({ name: "g", pattern: "#d.>" }, (outcome) => {
        assert(outcome.kind === "group");
        resolve(outcome.mark.topics.map(({ topic }) => topic));
      })
    );
  const worker = await bench.joined();
  for (const topic of ["#d.a", "#d.b"]) await bench.published(topic, ["1"]);
  worker.nack("#d.a", 1, { delay: 60_000 });
  worker.ack("#d.b", 1);
  await bench.settle();
  bench.restart();
  assertEquals(await topics(), ["#d.a", "#d.b"]);
  await bench.passes(2000);
  await bench.published("#d.c", ["1"]);
  const next = await bench.joined();
  assertEquals([next.missing, next.shown], [1, ["#d.c 1"]]);
  assertEquals(await topics(), ["#d.a", "#d.b"], "what is open may lie before what is known of them");
  next.ack("#d.c", 1);
  await bench.settle();
  assertEquals(await topics(), []);
});

Deno.test("what was settled far behind what was not is known until the group has come there", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined();
  // each is more than is read ahead of a member without room
  for (const topic of ["#d.a", "#d.b", "#d.c"]) await bench.published(topic, ["x".repeat(300_000)]);
  worker.ack("#d.c", 1);
  await bench.settle();
  bench.restart();
  const next = await bench.joined({ window: 1 });
  for (const topic of ["#d.a", "#d.b"]) {
    assertEquals(next.shown, [`${topic} 1`]);
    next.given.length = 0;
    next.ack(topic, 1);
    await bench.settle();
  }
  assertEquals(next.shown, []);
});

Deno.test("what was to be given out again and is deleted is told as well", async () => {
  const bench = forgetful();
  const worker = await bench.joined();
  await bench.published("#d.a", ["1", "2"]);
  worker.nack("#d.a", 1, { last: 2, delay: 2500 });
  await bench.passes(2000);
  await bench.published("#d.b", ["1"]);
  await bench.passes(1000);
  assertEquals([worker.missing, worker.shown], [2, ["#d.a 1", "#d.a 2", "#d.b 1", "#d.b 1 (2)"]]);
});

Deno.test("what has outlived its time is settled when it would be given out again", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined();
  await bench.published("#d.a", ["1"], " ttl=1");
  worker.nack("#d.a", 1, { delay: 1500 });
  await bench.passes(3000);
  assertEquals([worker.missing, worker.shown], [0, ["#d.a 1"]]);
  bench.restart();
  await bench.settle();
  bench.engine.groups((listing) => assert(listing.kind === "groups" && listing.groups[0]?.lag === 0));
  await bench.settle();
});

Deno.test("a dead letter is stored as soon as it was read, and waits for nobody who flushes", async () => {
  const bench = new StoredBench({ maxAttempts: 1 });
  const worker = await bench.joined();
  await bench.published("#d.a", ["1"]);
  const { batches } = bench.store.state;
  assert(worker.nack("#d.a", 1));
  await settled();
  assertEquals(bench.store.state.batches, batches + 1);
});

Deno.test("who has left is given nothing more, whatever room it had", async () => {
  const bench = new StoredBench();
  const [one, other] = [await bench.joined(), await bench.joined()];
  one.dies();
  await bench.published("#d.a", ["1"]);
  await bench.published("#d.a", ["2"]);
  assertEquals([one.shown, other.shown], [[], ["#d.a 1", "#d.a 2"]]);
});

Deno.test("what is to come again later counts for the memory of all, each message as much, until it comes", async () => {
  const bench = new StoredBench();
  const worker = await bench.joined();
  const held = [bench.memory.held];
  for (const sequence of [1, 2, 3]) {
    await bench.published("#d.a", ["x"]);
    assert(worker.nack("#d.a", sequence, { delay: 60_000 }));
    await bench.passes(250);
    held.push(bench.memory.held);
  }
  const each = held[1]! - held[0]!;
  assert(each > 0);
  assertEquals(held, [0, 1, 2, 3].map((count) => held[0]! + count * each));
  worker.given.length = 0;
  await bench.passes(60_000);
  for (const { sequence } of worker.given) assert(worker.ack("#d.a", sequence));
  await bench.passes(250);
  assertEquals([worker.given.length, bench.memory.held], [3, held[0]!]);
});
