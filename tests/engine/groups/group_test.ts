import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Chunk, ChunkPool, Slice } from "../../../lib/buffers.ts";
import { Counters } from "../../../lib/counters.ts";
import type { Flushable } from "../../../lib/flush_list.ts";
import { Group } from "../../../lib/engine/groups/group.ts";
import type { Member, Membership, Run as AnyRun } from "../../../lib/engine/types.ts";
import { CLASSIC_LINES } from "../../../lib/protocols/classic/encoding.ts";
import { RECORDS } from "../../../lib/wire/encoding.ts";
import { RecordReader } from "../../../lib/wire/records.ts";
import { Run } from "../../../lib/wire/run.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const pool = new ChunkPool();
const ROUTE = { topic: "#a", topicBytes: 2 };

/** A run of numbers, in memory that nobody else has. */
function runOf(numbers: readonly number[], giver?: ConstructorParameters<typeof Chunk>[1]): Run {
  const text = numbers.map((number) => `pub #a ${`${number}`.length}\n${number}\n`).join("");
  return new Run(new Slice(new Chunk(encoder.encode(text), giver)), {
    route: ROUTE,
    encoding: RECORDS,
    count: numbers.length,
    pool,
    hasFields: false,
    ttl: undefined,
    expires: undefined,
  });
}

function numbersIn(run: AnyRun): number[] {
  const { chunk, start, end } = run.records;
  const reader = new RecordReader({ bytes: chunk.bytes, start, end, topicBytes: 2 });
  const numbers: number[] = [];
  while (reader.next()) {
    numbers.push(Number(decoder.decode(chunk.bytes.subarray(reader.payloadStart, reader.payloadEnd))));
  }
  assertEquals(numbers.length, run.count);
  return numbers;
}

class Worker implements Member {
  full = false;
  /** What it was given and has not worked off. */
  readonly held: number[] = [];
  readonly done: number[] = [];
  membership!: Membership;
  #notFull: Array<() => void> = [];

  give(run: AnyRun): void {
    assert(!this.full, "nothing is given to who takes nothing");
    this.held.push(...numbersIn(run));
  }

  missed(): void {}
  failed(): void {}

  whenNotFull(callback: () => void): void {
    this.#notFull.push(callback);
  }

  work(many: number): void {
    const done = this.held.splice(0, many);
    this.done.push(...done);
    if (done.length > 0) this.membership.passed(done.length);
  }

  opens(): void {
    this.full = false;
    for (const callback of this.#notFull.splice(0)) callback();
  }
}

class World {
  readonly counters = new Counters();
  ended = 0;
  attended = true;
  flushed = 0;
  /** Those that somebody has joined while something waited. */
  readonly joined: Flushable[] = [];
  /** Chunks of runs that are still held. */
  chunks = 0;
  readonly group: Group;

  constructor(blocks = true) {
    this.group = new Group({ name: "g", pattern: "#a", blocks }, {
      counters: this.counters,
      flush: () => this.flushed++,
      later: (group) => this.joined.push(group),
      attended: (_group, attended) => this.attended = attended,
      ended: () => this.ended++,
    });
  }

  join(window: number): Worker {
    const worker = new Worker();
    worker.membership = this.group.join(worker, window);
    assertEquals(worker.held, [], "nothing comes before it is known that it is a member");
    for (const group of this.joined.splice(0)) group.ready();
    return worker;
  }

  /** As a session does: it lets go of the run when the call returns. */
  publish(numbers: readonly number[]): void {
    this.chunks++;
    const run = runOf(numbers, { giveBack: () => this.chunks-- });
    this.group.deliver(run);
    run.release();
    // the reader's own reference: what is kept has one of its own
    run.records.chunk.release();
  }
}

Deno.test("who publishes waits for nobody who is going, and a group of such is as one without members (G5)", () => {
  const world = new World();
  const [one, two] = [world.join(1), world.join(1)];
  world.publish([1, 2]);
  let told = 0;
  world.group.whenNotFull(() => told++);
  assertEquals([world.group.full, told], [true, 0]);
  one.membership.resize(0);
  assertEquals([world.group.full, told, world.attended], [true, 0, true], "the other one stays");
  two.membership.resize(0);
  assertEquals([world.group.full, told, world.attended], [false, 1, false]);
  // what it holds still counts as its own, and who comes has room
  two.work(1);
  const three = world.join(1);
  assertEquals([world.group.full, world.attended], [false, true]);
  world.publish([3]);
  assertEquals([three.held, world.group.full], [[3], true]);
  world.group.whenNotFull(() => told++);
  one.membership.leave([]);
  two.membership.leave([]);
  assertEquals([told, world.ended], [1, 0]);
  three.membership.leave([]);
  assertEquals([told, world.ended, world.chunks], [2, 1, 0]);
});

Deno.test("a run is shared out: each has a part of it that follows one another (G1, G3)", () => {
  const world = new World();
  const [one, two, three] = [world.join(256), world.join(256), world.join(256)];
  world.publish([1, 2, 3, 4, 5, 6, 7]);
  assertEquals([one.held, two.held, three.held], [[1, 2, 3], [4, 5], [6, 7]]);
  world.publish([8]);
  assertEquals(two.held, [4, 5, 8], "who waits longest of those that hold least");
  one.work(3);
  world.publish([9, 10]);
  assertEquals(one.held, [9, 10].slice(0, one.held.length));
  assertEquals([...one.held, ...two.held, ...three.held].toSorted((a, b) => a - b), [4, 5, 6, 7, 8, 9, 10]);
  assertEquals(world.chunks, 0);
});

Deno.test("nobody holds more than its window; what is left waits, and publishers with it (G3, G5)", () => {
  const world = new World();
  const [one, two] = [world.join(2), world.join(1)];
  let told = 0;
  world.publish([1, 2, 3, 4, 5, 6]);
  assertEquals([one.held, two.held], [[1, 2], [3]]);
  assert(world.group.full);
  world.group.whenNotFull(() => told++);
  assertEquals(world.group.snapshot(), {
    name: "g",
    pattern: "#a",
    members: 2,
    held: 3,
    waiting: 3,
    settling: undefined,
  });
  assertEquals(world.chunks, 1);
  two.work(1);
  assertEquals([one.held, two.held, told], [[1, 2], [4], 0]);
  one.work(2);
  assertEquals([one.held, two.held, told], [[5, 6], [4], 0]);
  assertEquals([world.chunks, world.flushed], [0, 2]);
  two.work(1);
  assertEquals([told, world.group.full], [1, false]);
  one.membership.resize(4);
  world.publish([7, 8, 9]);
  assertEquals([one.held, two.held], [[5, 6, 8, 9], [7]]);
  assertEquals(world.counters.totals.dropped, 0);
});

Deno.test("where publishers do not wait, what there is no room for is left out and counted (G5)", () => {
  const world = new World(false);
  const worker = world.join(2);
  world.publish([1, 2, 3, 4, 5]);
  assert(!world.group.full);
  world.publish([6]);
  assertEquals([worker.held, world.counters.totals.dropped], [[1, 2], 4]);
  worker.work(1);
  world.publish([7]);
  assertEquals([worker.held, world.counters.totals.dropped], [[2, 7], 4]);
});

Deno.test("of a run that is shared out the parts are let go of, and the whole by who has it", () => {
  const world = new World();
  /** Takes what it is given as the protocol of 2019 writes it, as a session does, and keeps none of it. */
  class Reader extends Worker {
    override give(run: AnyRun): void {
      super.give(run);
      run.as(CLASSIC_LINES);
    }
  }
  const join = (): void => {
    const reader = new Reader();
    reader.membership = world.group.join(reader, 256);
  };
  join();
  const out = pool.bytesOut;
  const run = runOf([1, 2]);
  world.group.deliver(run);
  assert(pool.bytesOut > out, "others may want the run as it was written for the one");
  run.release();
  assertEquals(pool.bytesOut, out);
  join();
  world.publish([3, 4]);
  assertEquals([pool.bytesOut, world.chunks], [out, 0]);
});

Deno.test("what a member gives back goes to the others, before what is newer (G4)", () => {
  const world = new World();
  const [one, two] = [world.join(3), world.join(3)];
  world.publish([1, 2, 3, 4, 5, 6, 7, 8]);
  assertEquals([one.held, two.held], [[1, 2, 3], [4, 5, 6]]);
  one.work(1);
  assertEquals(one.held, [2, 3, 7]);
  one.membership.leave([runOf([2, 3]), runOf([7])].map((run) => run.kept(0, run.count)));
  one.membership.passed(1);
  one.membership.leave([]);
  two.work(3);
  assertEquals(two.held, [2, 3, 7]);
  two.work(3);
  assertEquals(two.held, [8]);
  assertEquals(world.group.snapshot().members, 1);
  assertEquals([world.chunks, world.ended, world.counters.totals.unsent], [0, 0, 0]);
});

Deno.test("when the last has left nothing waits any more, and nobody for it (G4)", () => {
  const world = new World();
  const worker = world.join(1);
  let told = 0;
  world.publish([1, 2, 3]);
  world.group.whenNotFull(() => told++);
  worker.membership.leave([runOf([1]).kept(0, 1)]);
  assertEquals([told, world.ended, world.counters.totals.unsent, world.chunks], [1, 1, 3, 0]);
  const { held, waiting } = world.group.snapshot();
  assertEquals([held, waiting, world.join(5).held], [0, 0, []], "who comes then begins with nothing");
});

Deno.test("who takes nothing now is passed over until it does (G3)", () => {
  const world = new World();
  const [one, two] = [world.join(8), world.join(8)];
  one.full = true;
  world.publish([1, 2, 3]);
  assertEquals([one.held, two.held], [[], [1, 2, 3]]);
  two.full = true;
  assert(world.group.full);
  let told = 0;
  world.group.whenNotFull(() => told++);
  one.opens();
  assertEquals([told, world.group.full], [1, false]);
  world.publish([4]);
  assertEquals(one.held, [4]);
});

const STEP = fc.oneof(
  fc.record({ kind: fc.constant("publish" as const), many: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant("work" as const), who: fc.nat(), many: fc.integer({ min: 1, max: 6 }) }),
  fc.record({ kind: fc.constant("join" as const), window: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ kind: fc.constant("leave" as const), who: fc.nat() }),
  fc.record({ kind: fc.constant("full" as const), who: fc.nat() }),
  fc.record({ kind: fc.constant("open" as const), who: fc.nat() }),
);

Deno.test("whatever comes in between, a message is worked off once, or counted (G3 to G5)", () => {
  fc.assert(fc.property(fc.boolean(), fc.array(STEP, { maxLength: 80 }), (blocks, steps) => {
    const world = new World(blocks);
    let workers = [world.join(3)];
    const done: number[] = [];
    let next = 1;
    const retire = (worker: Worker): void => {
      workers = workers.filter((each) => each !== worker);
      done.push(...worker.done);
      worker.membership.leave(worker.held.map((number) => runOf([number]).kept(0, 1)));
    };
    for (const step of steps) {
      const worker = "who" in step ? workers[step.who % workers.length]! : workers[0]!;
      if (step.kind === "publish" && !world.group.full) {
        world.publish(Array.from({ length: step.many }, () => next++));
      }
      if (step.kind === "work") worker.work(step.many);
      if (step.kind === "join") workers.push(world.join(step.window));
      if (step.kind === "leave" && workers.length > 1) retire(worker);
      if (step.kind === "full") worker.full = true;
      if (step.kind === "open") worker.opens();
      const { held, waiting } = world.group.snapshot();
      assertEquals(held, workers.reduce((sum, each) => sum + each.held.length, 0));
      const idle = workers.some((each) => !each.full && each.held.length === 0);
      assert(waiting === 0 || !idle, "nobody is idle while something waits");
    }
    for (const worker of workers) worker.opens();
    while (workers.some(({ held }) => held.length > 0)) for (const worker of workers) worker.work(1);
    for (const worker of workers) done.push(...worker.done);
    assertEquals(new Set(done).size, done.length, "none twice");
    assertEquals(done.length + world.counters.totals.dropped, next - 1, "none lost");
    if (blocks) assertEquals(world.counters.totals.dropped, 0);
    assertEquals([world.chunks, world.counters.totals.unsent, world.ended], [0, 0, 0]);
  }));
});
