import { assert, assertEquals } from "@std/assert";
import { ChunkPool, Slice } from "../../../lib/buffers.ts";
import { collectHeap } from "../../../lib/collect.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { SEGMENT_BYTES } from "../../../lib/limits.ts";
import { Segment, type SegmentOwner } from "../../../lib/sessions/outbox/segment.ts";
import { SegmentQueue } from "../../../lib/sessions/outbox/segment_queue.ts";

const OWNER: SegmentOwner = { takeGap: () => undefined, left: () => {} };
/** Told by so many at a time. */
const STEP = 128;

class Bench {
  readonly pool = new ChunkPool();
  readonly memory = new HeldMemory({ most: 1024 ** 3, pool: this.pool });
  readonly queue = new SegmentQueue({ pool: this.pool, memory: this.memory });

  /** Queues a message of ten bytes that is merged with no other. */
  put(expires: number, owner?: SegmentOwner): Segment {
    const chunk = this.pool.take(10);
    const segment = this.queue.put(new Segment(new Slice(chunk, 0, 10), 1, { owner, expires }), false);
    chunk.release();
    return segment;
  }

  /** What is told of the objects of those that wait. */
  get told(): number {
    return (this.memory.held - this.pool.bytesOut) / SEGMENT_BYTES;
  }
}

Deno.test("the objects of what waits are told by the hundred, and not at all once nothing waits, however it left", () => {
  for (const how of ["clear", "shift", "remove", "recall"] as const) {
    const bench = new Bench();
    const { queue } = bench;
    const owner = how === "recall" ? { ...OWNER, takeBack: () => true } : OWNER;
    const segments = [];
    for (let at = 0; at < 10 * STEP; at++) {
      segments.push(bench.put(at, owner));
      assert(
        bench.told > segments.length - STEP && bench.told <= segments.length,
        `${bench.told} of ${at + 1}`,
      );
    }
    assertEquals([queue.bytes, queue.held >= 10 * STEP * SEGMENT_BYTES], [10 * 10 * STEP, true]);
    if (how === "clear") assertEquals(queue.clear(), 10 * STEP);
    else if (how === "recall") queue.recall(owner);
    for (const segment of segments) {
      if (how === "remove") queue.remove(segment);
      if (how === "shift") queue.letGo(queue.shift()!);
    }
    assertEquals([bench.told, queue.bytes, queue.held, bench.pool.bytesOut], [0, 0, 0, 0], how);
    assertEquals(queue.shift(), undefined);
    for (let at = 0; at < 3 * STEP; at++) bench.put(at);
    assertEquals(bench.told, 3 * STEP, "and it goes on");
    queue.clear();
    assertEquals(bench.memory.held, 0);
  }
});

Deno.test("what is cleared and not taken back is counted", () => {
  const bench = new Bench();
  const [kept, lost] = [{ ...OWNER, takeBack: () => true }, { ...OWNER, takeBack: () => false }];
  for (const [at, owner] of [kept, lost, OWNER, undefined, lost].entries()) bench.put(at, owner);
  assertEquals(bench.queue.clear(), 4);
});

Deno.test("of what was taken out behind one that stays, a few places are kept, however much that was", async () => {
  const bench = new Bench();
  for (let at = 0; at < 1000; at++) {
    bench.put(at - 1000);
    if (at > 0) bench.queue.letGo(bench.queue.shift()!);
  }
  bench.put(0);
  bench.queue.letGo(bench.queue.shift()!);
  const removed: WeakRef<Segment>[] = [];
  for (let at = 1; at <= 1000; at++) {
    const segment = bench.put(at);
    removed.push(new WeakRef(segment));
    bench.queue.remove(segment);
  }
  const kept = (): number => removed.filter((each) => each.deref() !== undefined).length;
  // what a weak reference was asked for lives until the turn ends
  for (let turns = 0; turns < 20 && kept() > 65; turns++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    collectHeap();
  }
  assert(kept() <= 65, `${kept()} of ${removed.length}`);
  assertEquals(bench.queue.shift()?.expires, 0);
  assertEquals(bench.queue.shift(), undefined);
});

/** What is queued. */
interface Piece {
  readonly bytes?: number;
  readonly count?: number;
  readonly owner?: SegmentOwner;
  readonly topic?: string;
  readonly expires?: number;
  readonly gap?: number;
}

/** A segment in a chunk of its own, which has gone by when it is queued. */
function queued(bench: Bench, { bytes = 10, count = 1, gap = 0, ...of }: Piece, idle = false): Segment {
  const chunk = bench.pool.take(bytes);
  const segment = new Segment(new Slice(chunk, 0, bytes), count, of);
  segment.gap = gap;
  const inWhich = bench.queue.put(segment, idle);
  chunk.release();
  return inWhich;
}

const REPLY: Piece = { count: 0 };

Deno.test("what waits is one with what comes behind it where both are alike, and nothing has to come in between", () => {
  const other: SegmentOwner = { ...OWNER };
  const cases: ReadonlyArray<readonly [what: string, tail: Piece, next: Piece, one: boolean]> = [
    ["messages", {}, {}, true],
    ["messages of one owner", { owner: OWNER }, { owner: OWNER }, true],
    ["replies", REPLY, REPLY, true],
    ["messages of two owners", { owner: OWNER }, { owner: other }, false],
    ["a message that is over with one that is not", { expires: 5 }, {}, false],
    ["messages that are over together", { expires: 5 }, { expires: 5 }, true],
    ["a gap before the second", {}, { gap: 1 }, false],
    ["a gap before the first", { gap: 1 }, {}, true],
    ["a topic of its own, behind", {}, { topic: "#a" }, false],
    ["a topic of its own, before", { topic: "#a" }, {}, false],
    ["nothing, behind", {}, { bytes: 0 }, false],
    ["nothing, before", { bytes: 0 }, {}, false],
    ["a reply behind a little", { bytes: 4085 }, { ...REPLY, bytes: 10 }, false],
    ["a message behind a few replies", { ...REPLY, bytes: 4085 }, {}, false],
    ["a reply behind much", { bytes: 4086 }, { ...REPLY, bytes: 10 }, true],
    ["a message behind many replies", { ...REPLY, bytes: 4086 }, {}, true],
  ];
  for (const [what, tail, next, one] of cases) {
    const bench = new Bench();
    const first = queued(bench, tail);
    const second = queued(bench, next);
    assertEquals(second === first, one, what);
    const bytes = (tail.bytes ?? 10) + (next.bytes ?? 10);
    assertEquals(bench.queue.bytes, bytes, what);
    if (one) assertEquals([first.length, first.count], [bytes, (tail.count ?? 1) + (next.count ?? 1)], what);
    assertEquals(bench.queue.held, bytes + (one ? 1 : 2) * SEGMENT_BYTES, what);
    bench.queue.clear();
    assertEquals([bench.queue.bytes, bench.queue.held, bench.pool.bytesOut], [0, 0, 0], what);
  }
});

Deno.test("what lies behind what was taken leaves with it in one write, where both are alike or much waits", () => {
  const cases: ReadonlyArray<
    readonly [what: string, taken: Piece, next: Piece, behind: number, together: boolean]
  > = [
    ["messages that are over at different times", { expires: 1 }, { expires: 2 }, 0, true],
    ["a gap before the second", { expires: 1 }, { expires: 2, gap: 1 }, 0, false],
    ["a topic of its own, behind", { expires: 1 }, { topic: "#a" }, 0, false],
    ["a topic of its own, before", { topic: "#a" }, {}, 0, false],
    ["a reply, and little waits", {}, REPLY, 4085, false],
    ["a reply, and much waits", {}, REPLY, 4086, true],
    ["replies of two owners", REPLY, { ...REPLY, owner: OWNER }, 0, true],
  ];
  for (const [what, taken, next, behind, together] of cases) {
    const bench = new Bench();
    queued(bench, taken);
    queued(bench, next);
    if (behind > 0) queued(bench, { bytes: behind, expires: 9 });
    const first = bench.queue.shift()!;
    assertEquals(bench.queue.goesWith(first), together, what);
    if (together) {
      bench.queue.unite(first, bench.queue.shift()!);
      assertEquals(first.length, 20, what);
    }
    bench.queue.letGo(first);
    bench.queue.clear();
    assertEquals(bench.pool.bytesOut, 0, what);
  }
});

Deno.test("one write takes no more than 64 KiB of what is gathered", () => {
  for (const [bytes, together] of [[65_526, true], [65_527, false]] as const) {
    const bench = new Bench();
    // what waits makes the chunk one of 64 KiB
    const before = queued(bench, { bytes: 16_000, expires: 1 });
    queued(bench, { bytes: 16_000, expires: 2 });
    const first = queued(bench, { bytes: 5, expires: 3 });
    assertEquals(first.chunk.bytes.length, 64 * 1024);
    queued(bench, { bytes: 10, expires: 4 });
    for (let at = 0; at < 2; at++) bench.queue.letGo(bench.queue.shift()!);
    const taken = bench.queue.shift()!;
    assert(taken === first && before.gone);
    // as if it had been united with so many before
    taken.start = taken.end - bytes;
    assertEquals(bench.queue.goesWith(taken), together, `${bytes}`);
  }
});

Deno.test("what comes where nothing waits and nothing is written stays where it lies, and else it does not", () => {
  for (const [idle, behind, stays] of [[true, false, true], [false, false, false], [true, true, false]]) {
    const bench = new Bench();
    if (behind === true) queued(bench, { expires: 1 });
    const chunk = bench.pool.take(100);
    const segment = bench.queue.put(new Segment(new Slice(chunk, 0, 10), 1), idle === true);
    assertEquals(segment.chunk === chunk, stays);
    assertEquals(bench.queue.costOf(new Slice(chunk, 0, 10)), 10 + SEGMENT_BYTES);
    chunk.release();
  }
});

Deno.test("neighbours in one chunk are one segment, all of which is written", () => {
  const bench = new Bench();
  const chunk = bench.pool.take(30);
  chunk.bytes.set([1, 2, 3, 4, 5, 6]);
  const first = bench.queue.put(new Segment(new Slice(chunk, 0, 2), 1), true);
  assertEquals([...first.view()], [1, 2]);
  const second = bench.queue.put(new Segment(new Slice(chunk, 2, 5), 1), true);
  assertEquals([second === first, [...first.view()]], [true, [1, 2, 3, 4, 5]]);
  chunk.release();
  bench.queue.clear();
  assertEquals(bench.pool.bytesOut, 0);
});

Deno.test("behind one that was taken out nothing is added to it, and what is left comes in its order", () => {
  const bench = new Bench();
  const segments = [1, 2, 3, 4].map((expires) => bench.put(expires));
  bench.queue.remove(segments[3]!);
  bench.queue.remove(segments[3]!);
  assertEquals(bench.queue.bytes, 30, "it is taken out once");
  assert(bench.put(4) !== segments[3]);
  bench.queue.remove(segments[0]!);
  bench.queue.remove(segments[2]!);
  assertEquals([bench.queue.peek()?.expires, bench.queue.bytes], [2, 20]);
  const left = [bench.queue.shift(), bench.queue.shift(), bench.queue.shift()];
  assertEquals(left.map((each) => each?.expires), [2, 4, undefined]);
});

Deno.test("only what is an owner's and waits is given back to it, and what it does not take stays", () => {
  const bench = new Bench();
  const taken: (number | undefined)[] = [];
  const owner: SegmentOwner = {
    ...OWNER,
    takeBack: ({ expires }) => {
      taken.push(expires);
      return expires !== 3;
    },
  };
  for (const [at, of] of [owner, OWNER, owner, owner, undefined, owner].entries()) bench.put(at, of);
  bench.queue.letGo(bench.queue.shift()!);
  bench.queue.remove(bench.queue.shift()!);
  bench.queue.recall(owner);
  assertEquals([taken, bench.queue.bytes], [[2, 3, 5], 20]);
  bench.queue.recall(OWNER);
  assertEquals(bench.queue.clear(), 2);
});

Deno.test("whatever is put in, taken out, shifted and recalled, what is left comes out whole and in its order", () => {
  let random = 1;
  const below = (most: number): number => (random = random * 48_271 % 2_147_483_647) % most;
  const bench = new Bench();
  let waiting: { segment: Segment; number: number }[] = [];
  for (let number = 0; number < 20_000; number++) {
    const what = below(100);
    // it fills and is emptied by turns
    if (what < (number % 6000 < 4000 ? 60 : 30)) {
      const chunk = bench.pool.take(64);
      chunk.bytes.fill(number & 255);
      const segment = new Segment(new Slice(chunk, 0, 1 + below(60)), 1, { expires: number });
      bench.queue.put(segment, false);
      waiting.push({ segment, number });
      chunk.release();
    } else if (what < 80) {
      const [out] = waiting.splice(below(waiting.length), 1);
      if (out !== undefined) bench.queue.remove(out.segment);
    } else {
      const out = bench.queue.shift();
      const first = waiting.shift();
      assertEquals(out?.expires, first?.number);
      if (out === undefined) continue;
      assert(out.view().every((byte) => byte === (first!.number & 255)));
      bench.queue.letGo(out);
    }
    assertEquals(bench.queue.bytes, waiting.reduce((sum, { segment }) => sum + segment.length, 0));
  }
  assert(waiting.length > 100);
  for (const { number } of waiting) {
    const out = bench.queue.shift()!;
    assertEquals(out.expires, number);
    bench.queue.letGo(out);
  }
  waiting = [];
  assertEquals([bench.queue.held, bench.memory.held], [0, 0]);
});
