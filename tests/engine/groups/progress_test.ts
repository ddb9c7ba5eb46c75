import { assert, assertEquals } from "@std/assert";
import type { Receipt } from "../../../lib/engine/types.ts";
import { MemoryStore } from "../../../lib/store/mod.ts";
import type { NamedMark } from "../../../lib/store/types.ts";
import { HeldStore } from "../../support/held_store.ts";
import { StoredBench, type Worker } from "./stored_bench.ts";

class World {
  readonly store = new HeldStore(new MemoryStore({ now: () => 0 }));
  readonly bench: StoredBench;

  constructor(terms: { readonly maxAttempts?: number; readonly topicsMost?: number } = {}) {
    this.bench = new StoredBench({ store: this.store, ...terms });
  }

  /** The next commit that waits, by what it stores. */
  async stored(): Promise<{ readonly marks: readonly NamedMark[]; readonly letters: readonly string[] }> {
    const [commit] = this.store.commits;
    assert(commit !== undefined && this.store.commits.length === 1, "one at a time");
    this.store.commits.shift();
    commit.end();
    await this.bench.settle();
    return { marks: commit.marks, letters: commit.appends.map(({ topic }) => topic) };
  }

  async refused(): Promise<void> {
    this.store.commits.shift()!.end({ kind: "refused", reason: "full" });
    await this.bench.settle();
  }

  /** Whether nothing waits to be stored. */
  get idle(): boolean {
    return this.store.commits.length === 0;
  }
}

function settledIn(marks: readonly NamedMark[]): string[] {
  return marks.flatMap(({ after, topics }) => [
    `after ${after}`,
    ...topics.map(({ topic, settled, attempts }) => `${topic} ${settled}|${attempts}`),
  ]);
}

async function withMessages(count: number, terms: ConstructorParameters<typeof World>[0] = {}): Promise<{
  readonly world: World;
  readonly bench: StoredBench;
  readonly worker: Worker;
}> {
  const world = new World(terms);
  const { bench } = world;
  const worker = await bench.joined();
  for (let at = 1; at <= count; at++) await bench.published("#d.a", [`${at}`]);
  world.store.free = false;
  return { world, bench, worker };
}

Deno.test("what was settled is answered with how safe it is, once that is stored", async () => {
  const { world, bench, worker } = await withMessages(3);
  const answers: Receipt[] = [];
  const answer = {
    acknowledge: (receipt: Receipt) => void answers.push(receipt),
    refuse: () => assert(false),
  };
  assert(worker.membership!.settle("#d.a", { from: 2, end: 3 }, answer));
  await bench.settle();
  assertEquals(answers, []);
  assertEquals(settledIn((await world.stored()).marks), ["after 0", "#d.a 2|"]);
  assertEquals(answers, [{ reached: undefined, level: "synced", last: undefined, topic: undefined }]);
  assert(!worker.membership!.settle("#d.a", { from: 2, end: 3 }, answer));
  await bench.passes(500);
  assert(world.idle, "it is said once");
});

Deno.test("what could not be stored is stored with a later commit, together with what came since, and answered then", async () => {
  const { world, bench, worker } = await withMessages(4);
  worker.ack("#d.a", 2);
  await bench.settle();
  worker.ack("#d.a", 3);
  await bench.settle();
  await world.refused();
  assertEquals(worker.answers, []);
  assertEquals(world.store.commits.length, 1, "what has been said since is tried at once");
  await world.refused();
  assertEquals(worker.answers, []);
  assert(world.idle, "a disk that is full is full for a while");
  await bench.passes(250);
  assertEquals(settledIn((await world.stored()).marks), ["after 0", "#d.a 2-3|"]);
  assertEquals(worker.answers, ["ack #d.a 2", "ack #d.a 3"]);
  await bench.passes(500);
  assert(world.idle);
});

Deno.test("what nobody waits for is stored with the next tick, and how often something was given out", async () => {
  const { world, bench, worker } = await withMessages(2);
  worker.nack("#d.a", 1, { delay: 60_000 });
  await bench.settle();
  assert(world.idle);
  await bench.passes(250);
  assertEquals(settledIn((await world.stored()).marks), ["after 0", "#d.a |1=2"]);
  worker.ack("#d.a", 2);
  await bench.settle();
  assertEquals(settledIn((await world.stored()).marks), ["after 0", "#d.a 2|1=2"]);
});

Deno.test("what is written settles what was given with it, stored with the next tick", async () => {
  const world = new World();
  const { bench } = world;
  await bench.joined({ settling: "auto" });
  await bench.published("#d.a", ["1", "2"]);
  world.store.free = false;
  await bench.passes(250);
  assertEquals(settledIn((await world.stored()).marks), ["after 1"]);
  await bench.passes(250);
  assert(world.idle);
});

Deno.test("a dead letter is stored in the commit that settles it, or tried again with that, and is one", async () => {
  const { world, bench, worker } = await withMessages(2, { maxAttempts: 1, topicsMost: 2 });
  worker.nack("#d.a", 2);
  await bench.settle();
  assertEquals(world.store.commits[0]!.appends.map(({ topic }) => topic), ["#dead.g.d.a"]);
  await world.refused();
  assert(world.idle);
  await bench.passes(250);
  assertEquals(world.store.commits.map(({ appends }) => appends.length), [1]);
  await world.refused();
  await bench.passes(250);
  const { marks, letters } = await world.stored();
  assertEquals([settledIn(marks), letters], [["after 0", "#d.a 2|"], ["#dead.g.d.a"]]);
  await bench.passes(250);
  assert(world.idle);
  world.store.free = true;
  const dead = await bench.joined({ name: "u", pattern: "#dead.>", from: { kind: "earliest" } });
  assertEquals(dead.given.map(({ payload }) => payload), ["2"]);
  bench.restart();
  assertEquals((await bench.joined()).shown, ["#d.a 1"]);
});

Deno.test("dead letters of the same commit are stored in their order, and settled with one mark", async () => {
  const { world, bench, worker } = await withMessages(4, { maxAttempts: 1 });
  worker.nack("#d.a", 1, { last: 3 });
  await bench.settle();
  while (!world.idle) await world.stored();
  world.store.free = true;
  const dead = await bench.joined({ name: "u", pattern: "#dead.>", from: { kind: "earliest" } });
  assertEquals(dead.given.map(({ payload }) => payload), ["1", "2", "3"]);
  bench.restart();
  assertEquals((await bench.joined()).shown, ["#d.a 4"]);
});

Deno.test("a group that is over is known until what was settled of it is stored, however often that is refused", async () => {
  const { world, bench, worker } = await withMessages(2);
  worker.ack("#d.a", 1);
  worker.dies();
  await bench.settle();
  const groups = (): number => bench.engine.snapshot().groups.length;
  await world.refused();
  assertEquals(groups(), 1);
  await bench.passes(250);
  assertEquals(groups(), 1);
  assertEquals(settledIn((await world.stored()).marks), ["after 1", "#d.a |2=2"]);
  assertEquals([groups(), worker.answers], [0, ["ack #d.a 1"]]);
  await bench.passes(500);
  assert(world.idle);
});

Deno.test("a group of which everything is stored is over at once, and stores nothing more", async () => {
  const { world, bench, worker } = await withMessages(1);
  worker.ack("#d.a", 1);
  await bench.settle();
  assertEquals(settledIn((await world.stored()).marks), ["after 1"]);
  worker.dies();
  assertEquals(bench.engine.snapshot().groups, []);
  await bench.passes(500);
  assert(world.idle);
});

Deno.test("what died is settled once, however often its dead letter was refused", async () => {
  const { world, bench, worker } = await withMessages(2, { maxAttempts: 1 });
  worker.nack("#d.a", 1);
  await bench.settle();
  await world.refused();
  await bench.passes(250);
  assertEquals(settledIn((await world.stored()).marks), ["after 1"]);
  assertEquals(bench.engine.snapshot().groups.map(({ held }) => held), [1]);
  worker.ack("#d.a", 2);
  await bench.settle();
  assertEquals(settledIn((await world.stored()).marks).slice(0, 1), ["after 2"]);
  assertEquals(bench.engine.snapshot().groups.map(({ held }) => held), [0]);
});

Deno.test("a dead letter's topic counts once when it is stored, and others may begin beside it (D10)", async () => {
  const bench = new StoredBench({ maxAttempts: 1, topicsMost: 3 });
  const worker = await bench.joined();
  await bench.published("#d.a", ["1"]);
  worker.nack("#d.a", 1);
  await bench.settle();
  assertEquals([bench.store.state.topics, bench.answers.splice(0)], [2, ["1"]]);
  await bench.published("#d.b", ["1"]);
  assertEquals(bench.answers, ["1"]);
});

Deno.test("what need not be known of many topics any more is forgotten some at a time, and all of it before a group is over", async () => {
  const world = new World();
  const { bench, store } = world;
  const topics = Array.from({ length: 7000 }, (_, at) => ({ topic: `#d.${at}`, settled: "1", attempts: "" }));
  await new Promise<unknown>((resolve) =>
    store.commit(
      { appends: [], marks: [{ name: "g", pattern: "#d.>", sequence: 0, after: 0, topics }] },
      resolve,
    )
  );
  await bench.published("#d.a", ["1"]);
  const worker = await bench.joined();
  store.free = false;
  worker.ack("#d.a", 1);
  await bench.settle();
  const rows = async (): Promise<number> =>
    (await world.stored()).marks.reduce((sum, mark) => sum + mark.topics.length, 0);
  assertEquals([await rows(), worker.answers, world.idle], [2000, ["ack #d.a 1"], true]);
  await bench.passes(250);
  assertEquals([await rows(), world.idle], [2000, true]);
  worker.dies();
  await bench.settle();
  assertEquals([await rows(), await rows(), world.idle], [2000, 1000, true]);
  assertEquals(bench.engine.snapshot().groups, []);
});
