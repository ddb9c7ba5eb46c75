import { assert, assertEquals } from "@std/assert";
import {
  CROWD,
  CROWD_TURN_MS,
  LITTLE_BYTES,
  READ_PLACES,
  ROUND_PLACES,
  SLICE_MS,
  TURN_MS,
  TURN_WORK_MOST,
} from "../../../lib/limits.ts";
import { type EventLoop, Turns } from "../../../lib/sessions/turns/turns.ts";

/** A loop that turns when it is told to, and a clock that stands still in between. */
class TestLoop implements EventLoop {
  time = 0;
  #callbacks: Array<() => void> = [];
  #settled: Array<() => void> = [];

  now(): number {
    return this.time;
  }
  later(callback: () => void): void {
    this.#callbacks.push(callback);
  }
  settled(callback: () => void): void {
    this.#settled.push(callback);
  }

  get waits(): boolean {
    return this.#callbacks.length > 0;
  }

  turn(): void {
    assert(this.#callbacks.length <= 1, "it is asked for one round at a time");
    for (const callback of this.#callbacks.splice(0)) callback();
    this.settle();
  }

  settle(): void {
    for (const callback of this.#settled.splice(0)) callback();
  }
}

const noFlush = (): void => {};

/** Someone with so many turns' work, each of which takes so long. */
function player(
  turns: Turns,
  loop: TestLoop,
  of: { name: string; turns: number; ms: number; log: string[] },
): () => void {
  let left = of.turns;
  const turn = (): void => {
    turns.begin();
    loop.time += of.ms;
    turns.end();
    of.log.push(of.name);
    if (--left > 0) turns.queue(turn, { little: false });
  };
  return turn;
}

Deno.test("where nobody waits there is time at once, and the event loop is left alone", () => {
  const loop = new TestLoop();
  const turns = new Turns(loop, noFlush);
  for (let at = 0; at < CROWD; at++) turns.joined();
  for (let at = 0; at < 2 * CROWD; at++) {
    assert(turns.free);
    turns.came(100);
    turns.begin();
    turns.over(1);
    turns.end();
    assert(turns.mayWrite);
    turns.wrote(3);
  }
  assertEquals([turns.free, turns.holdsReads, loop.waits], [true, false, false]);
});

Deno.test("after a slice of work the event loop turns before there is more", () => {
  const loop = new TestLoop();
  const turns = new Turns(loop, noFlush);
  turns.begin();
  loop.time += SLICE_MS;
  turns.end();
  assert(!turns.free);
  const log: string[] = [];
  turns.queue(player(turns, loop, { name: "a", turns: 1, ms: 0.1, log }), { little: false });
  assertEquals(log, []);
  loop.turn();
  assertEquals([log, turns.free], [["a"], true]);
});

Deno.test("everybody who waits is served once before anybody is served twice", () => {
  const loop = new TestLoop();
  const turns = new Turns(loop, noFlush);
  const log: string[] = [];
  const names = Array.from({ length: 200 }, (_, at) => `p${at}`);
  for (const name of names) {
    turns.queue(player(turns, loop, { name, turns: 3, ms: TURN_MS, log }), { little: false });
  }
  let rounds = 0;
  for (; loop.waits; rounds++) {
    const before = log.length;
    loop.turn();
    assert((log.length - before) * TURN_MS <= SLICE_MS + TURN_MS, "a round is bounded");
  }
  assertEquals(log, [...names, ...names, ...names]);
  assert(rounds >= 600 * TURN_MS / (SLICE_MS + TURN_MS));
});

Deno.test("who has little to do waits for one turn of those who have much, however many these are", () => {
  const loop = new TestLoop();
  const turns = new Turns(loop, noFlush);
  const log: string[] = [];
  for (let at = 0; at < 500; at++) {
    turns.queue(player(turns, loop, { name: "flood", turns: 9, ms: TURN_MS, log }), { little: false });
  }
  loop.turn();
  log.length = 0;
  turns.queue(player(turns, loop, { name: "quiet", turns: 1, ms: 0.01, log }), { little: true });
  loop.turn();
  assert(log.indexOf("quiet") <= 1, String(log));
  // and many of those who have little do not keep the others from their turn
  for (let at = 0; at < 100; at++) {
    turns.queue(player(turns, loop, { name: "quiet", turns: 1, ms: TURN_MS, log }), { little: true });
  }
  log.length = 0;
  for (let rounds = 0; rounds < 10; rounds++) loop.turn();
  const floods = log.filter((name) => name === "flood").length;
  assert(Math.abs(2 * floods - log.length) <= 2, `${floods} of ${log.length}`);
  assert(LITTLE_BYTES > 0);
});

Deno.test("a turn ends after so much work, or so much time", () => {
  const loop = new TestLoop();
  const turns = new Turns(loop, noFlush);
  turns.begin();
  let done = 0;
  while (!turns.over(1)) done++;
  assert(done < TURN_WORK_MOST && done > TURN_WORK_MOST / 2, String(done));
  turns.end();
  turns.begin();
  for (done = 0; !turns.over(1); done++) loop.time += TURN_MS / 100;
  assert(done < 150, String(done));
  // in a crowd sooner: others have as little time each
  for (let at = 0; at <= CROWD; at++) turns.joined();
  turns.begin();
  for (done = 0; !turns.over(1); done++) loop.time += CROWD_TURN_MS / 100;
  assert(done < 150, String(done));
  for (let at = 0; at <= CROWD; at++) turns.left();
  // what is much work is looked at on its own
  turns.begin();
  loop.time += TURN_MS;
  assert(turns.over(1000));
});

/**
 * Connections that always have something to read, each of which is answered with so many writes, on a runtime
 * that does 128 operations a round and prefers those who asked last.
 */
class Crowd {
  readonly loop = new TestLoop();
  readonly turns = new Turns(this.loop, noFlush);
  readonly served: number[];
  readonly #asking: number[];
  readonly #writes: number;
  /** Writes that were begun in this round. */
  written = 0;

  constructor(of: { readonly connections: number; readonly writes: number }) {
    this.#writes = of.writes;
    this.served = Array(of.connections).fill(0);
    this.#asking = this.served.map((_, at) => at);
    for (let at = 0; at < of.connections; at++) this.turns.joined();
  }

  /** How many reads and writes there were. */
  round(): number {
    this.written = 0;
    const reads = this.#asking.splice(-128);
    for (const connection of reads) this.#serve(connection);
    if (this.loop.waits) this.loop.turn();
    return reads.length + this.written;
  }

  #serve(connection: number): void {
    const { turns } = this;
    this.served[connection]!++;
    turns.came(100);
    for (let at = 0; at < this.#writes; at++) {
      if (turns.mayWrite) this.written++;
      else turns.whenWritable(() => this.written++);
    }
    const ask = (): void => void this.#asking.push(connection);
    if (turns.holdsReads) turns.whenReadable(ask);
    else ask();
  }
}

Deno.test("in a crowd everybody is served once before anybody is served twice", () => {
  for (const writes of [0, 2]) {
    const crowd = new Crowd({ connections: 1000, writes });
    for (let rounds = 0; rounds < 200; rounds++) {
      crowd.round();
      const spread = Math.max(...crowd.served) - Math.min(...crowd.served);
      assert(spread <= 2, `${spread} in round ${rounds}`);
    }
    assert(Math.min(...crowd.served) > 3, "and each of them again and again");
  }
});

Deno.test("in a crowd a round has as many operations as the runtime does in one, however much is to be written", () => {
  for (const writes of [0, 2, 50]) {
    const crowd = new Crowd({ connections: 300, writes });
    for (let rounds = 0; rounds < 20; rounds++) crowd.round();
    let all = 0;
    for (let rounds = 0; rounds < 300; rounds++) {
      const operations = crowd.round();
      assert(operations <= 2 * ROUND_PLACES, `${writes} writes a read: ${operations}`);
      assert(crowd.written <= ROUND_PLACES, `${writes} writes a read: ${crowd.written}`);
      all += operations;
    }
    assert(all / 300 >= ROUND_PLACES / READ_PLACES / 2, `${writes} writes a read: ${all / 300} a round`);
  }
});

Deno.test("in a crowd who has no place to write gets one, in the order in which they asked", () => {
  const loop = new TestLoop();
  const turns = new Turns(loop, noFlush);
  for (let at = 0; at <= CROWD; at++) turns.joined();
  let places = 0;
  while (turns.mayWrite) places++;
  assertEquals(places, ROUND_PLACES);
  const log: number[] = [];
  for (let at = 0; at < 2 * ROUND_PLACES; at++) {
    assert(!turns.mayWrite, "nobody gets ahead of who waits");
    turns.whenWritable(() => log.push(at));
  }
  // the round that is over by then had no place left
  loop.turn();
  assertEquals(log.length, 0);
  loop.turn();
  assertEquals(log.length, ROUND_PLACES);
  loop.turn();
  assertEquals(log, Array.from({ length: 2 * ROUND_PLACES }, (_, at) => at));
  assert(turns.mayWrite);
});

Deno.test("a connection that came after others were served asks for more behind them, and no later", () => {
  const loop = new TestLoop();
  const turns = new Turns(loop, noFlush);
  for (let at = 0; at <= CROWD; at++) turns.joined();
  for (let at = 0; at < ROUND_PLACES; at++) turns.came(100);
  const log: number[] = [];
  for (let at = 0; at < 200; at++) {
    assert(turns.holdsReads);
    turns.whenReadable(() => log.push(at));
  }
  for (let rounds = 0; log.length < 200; rounds++) {
    loop.turn();
    assert(rounds <= 200 / (ROUND_PLACES / READ_PLACES) + 1, "they have the places of each round");
  }
  assertEquals(log, Array.from({ length: 200 }, (_, at) => at));
  // a crowd that is quiet asks at once
  assert(!turns.holdsReads);
  turns.came(100);
  assert(!turns.holdsReads && !loop.waits);
});

Deno.test("what is to be written for reads that came together is written once, behind the last of them", async () => {
  let flushes = 0;
  const turns = new Turns(new TestLoop(), () => flushes++);
  const read = async (): Promise<void> => {
    await null;
    assertEquals(flushes, 0);
    turns.flushSoon();
  };
  await Promise.all([read(), read(), read()]);
  assertEquals(flushes, 1);
  turns.flushSoon();
  await null;
  assertEquals(flushes, 2);
});
