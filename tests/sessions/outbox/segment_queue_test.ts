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
  bench.put(0);
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
