/** Where segments lie, chunk by chunk, and what that costs. */
import { assert, assertEquals } from "@std/assert";
import { type Chunk, ChunkPool, Slice } from "../../../lib/buffers.ts";
import { Segment } from "../../../lib/sessions/outbox/segment.ts";
import { SegmentMemory } from "../../../lib/sessions/outbox/segment_memory.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

class Bench {
  readonly pool = new ChunkPool();
  readonly memory = new SegmentMemory(this.pool);
  #number = 0;

  /** A chunk of somebody else's. */
  chunk(bytes: number): Chunk {
    const chunk = this.pool.take(bytes);
    chunk.bytes.fill(++this.#number);
    return chunk;
  }

  /** A segment that has to wait, of so many bytes of a chunk of just their size. */
  put(bytes: number): Segment {
    const chunk = this.chunk(bytes);
    const segment = new Segment(new Slice(chunk, 0, bytes), 1);
    this.memory.place(segment);
    chunk.release();
    return segment;
  }

  /** What is held: bytes of chunks. */
  get held(): number {
    return this.pool.bytesOut;
  }
}

Deno.test("small segments are copied one behind the other, into chunks that grow with what waits", () => {
  const bench = new Bench();
  const held = (bytes: number): number => {
    bench.put(bytes);
    return bench.held;
  };
  // one of 2 KiB until as much waits, of 16 KiB until as much waits, and then of 64 KiB
  assertEquals([held(1000), held(1000)], [2 * KIB, 2 * KIB]);
  assertEquals([held(48), held(1)], [2 * KIB, 18 * KIB]);
  assertEquals([held(14_000), held(2383), held(1)], [18 * KIB, 18 * KIB, 82 * KIB]);
  const other = new Bench();
  other.put(9000);
  other.memory.letGo(other.put(7000));
  assertEquals(other.held, 16 * KIB);
  other.put(7384);
  assertEquals(other.held, 80 * KIB, "just as much waits");
});

Deno.test("a chunk for what is gathered is as large as what it begins with", () => {
  for (
    const [bytes, held] of [
      [1, 2 * KIB],
      [2047, 2 * KIB],
      [2048, 16 * KIB],
      [16 * KIB - 1, 16 * KIB],
    ] as const
  ) {
    const bench = new Bench();
    const { chunk } = bench.put(bytes);
    assertEquals([chunk.bytes.length, bench.held], [held, held], `${bytes}`);
  }
});

Deno.test("who is copied keeps its bytes, however many they are, and does not keep where it came from", () => {
  const bench = new Bench();
  for (const bytes of [1, 31, 32, 33, 5000]) {
    const chunk = bench.chunk(bytes + 7);
    chunk.bytes.forEach((_, at) => chunk.bytes[at] = at & 255);
    const segment = new Segment(new Slice(chunk, 3, bytes + 3), 1);
    bench.memory.place(segment);
    assertEquals(chunk.shared, false);
    assert(segment.chunk !== chunk);
    assertEquals([...segment.view()], Array.from({ length: bytes }, (_, at) => (at + 3) & 255));
    chunk.release();
  }
});

Deno.test("what is 16 KiB and an eighth of its chunk stays where it lies, and holds all of it", () => {
  for (
    const [bytes, whole, stays] of [
      [16 * KIB, 128 * KIB, true],
      [16 * KIB - 1, 16 * KIB, false],
      [512 * KIB, 4 * MIB, true],
      [512 * KIB - 1, 4 * MIB, false],
      // where little is held so far, more may be
      [16 * KIB, 1 * MIB, true],
      [16 * KIB, 2 * MIB, false],
    ] as const
  ) {
    const bench = new Bench();
    const chunk = bench.chunk(whole);
    const slice = new Slice(chunk, 0, bytes);
    assertEquals(bench.memory.costOf(slice), stays ? whole : bytes, `${bytes} of ${whole}`);
    assertEquals(bench.memory.costOf(new Slice(chunk, 10, 30)), 20);
    const segment = new Segment(slice, 1);
    bench.memory.place(segment);
    assertEquals([segment.chunk === chunk, bench.memory.surplus], [stays, stays ? whole - bytes : 0]);
    bench.memory.letGo(segment);
    chunk.release();
    assertEquals([bench.memory.surplus, bench.held], [0, 0]);
  }
});

Deno.test("of one chunk after another what is little of it is held up to 1 MiB, and of the last whatever it is", () => {
  const bench = new Bench();
  const chunks = [512, 512, 512].map((kib) => bench.chunk(kib * KIB));
  const put = (chunk: Chunk, at: number): boolean => {
    const segment = new Segment(new Slice(chunk, at, at + 20 * KIB), 1);
    bench.memory.place(segment);
    return segment.chunk === chunk;
  };
  assertEquals(bench.memory.costOf(new Slice(chunks[0]!, 0, 20 * KIB)), 512 * KIB);
  assertEquals(put(chunks[0]!, 0), true);
  assertEquals(bench.memory.costOf(new Slice(chunks[0]!, 0, 20 * KIB)), 0, "it is held already");
  assertEquals(bench.memory.costOf(new Slice(chunks[0]!, 0, 16 * KIB - 1)), 16 * KIB - 1, "as it is copied");
  assertEquals(put(chunks[0]!, 20 * KIB), true);
  assertEquals(bench.memory.surplus, 472 * KIB);
  assertEquals(put(chunks[1]!, 0), true, "1 MiB");
  assertEquals(put(chunks[2]!, 0), false, "and more");
  assertEquals(put(chunks[1]!, 20 * KIB), true, "the last is held anyhow");
  assertEquals(put(chunks[0]!, 40 * KIB), false, "and is the only one that is known");
  assertEquals(bench.memory.surplus, (472 + 472) * KIB);
});

Deno.test("what need not wait stays where it lies, unless it is less than an eighth of a chunk that is large", () => {
  for (
    const [bytes, whole, stays] of [
      [1, 256 * KIB, true],
      [1, 512 * KIB, false],
      [64 * KIB, 512 * KIB, true],
      [64 * KIB - 1, 512 * KIB, false],
    ] as const
  ) {
    const bench = new Bench();
    const chunk = bench.chunk(whole);
    const segment = new Segment(new Slice(chunk, 0, bytes), 1);
    assertEquals([bench.memory.lend(segment), chunk.shared], [stays, stays], `${bytes} of ${whole}`);
    if (stays) bench.memory.letGo(segment);
    assertEquals(chunk.shared, false);
    chunk.release();
  }
});

Deno.test("what comes behind the last is one with it, where it lies there or there is room for a copy", () => {
  const bench = new Bench();
  const tail = bench.put(1000);
  const join = (bytes: number): boolean => {
    const chunk = bench.chunk(bytes);
    const segment = new Segment(new Slice(chunk, 0, bytes), 1);
    const joined = bench.memory.join(segment, tail);
    if (joined) tail.end += bytes;
    chunk.release();
    return joined;
  };
  assertEquals([join(500), join(548), join(1)], [true, true, false], "2 KiB are full");
  assertEquals([...tail.view().subarray(998, 1002)], [1, 1, 2, 2]);
  const second = bench.put(10);
  assertEquals(join(10), false, "it is the last no more");
  bench.memory.letGo(tail);
  assertEquals(bench.held, 16 * KIB);
  bench.memory.letGo(second);
  assertEquals(bench.held, 0);
});

Deno.test("what is 16 KiB and more is copied behind nothing", () => {
  for (const [bytes, joined] of [[16 * KIB - 1, true], [16 * KIB, false]] as const) {
    const bench = new Bench();
    // what waits makes the next chunk one of 64 KiB
    for (const each of [10_000, 10_000]) bench.put(each);
    const tail = bench.put(1);
    assertEquals(tail.chunk.bytes.length, 64 * KIB);
    const chunk = bench.chunk(bytes);
    assertEquals(bench.memory.join(new Segment(new Slice(chunk, 0, bytes), 1), tail), joined);
    chunk.release();
  }
});

Deno.test("what lies behind the last in the same chunk is one with it without a copy, whosever chunk it is", () => {
  const bench = new Bench();
  const chunk = bench.chunk(64 * KIB);
  const tail = new Segment(new Slice(chunk, 0, 20 * KIB), 1);
  bench.memory.place(tail);
  assertEquals(bench.memory.surplus, 44 * KIB);
  const next = (from: number, to: number): Segment => new Segment(new Slice(chunk, from, to), 1);
  assertEquals(bench.memory.join(next(20 * KIB + 1, 21 * KIB), tail), false, "there is something between");
  assertEquals(bench.memory.join(next(20 * KIB, 21 * KIB), tail), true);
  tail.end = 21 * KIB;
  assertEquals(bench.memory.surplus, 43 * KIB);
  bench.memory.letGo(tail);
  assertEquals([bench.memory.surplus, chunk.shared], [0, false]);
  const lent = next(0, 10);
  assertEquals([bench.memory.lend(lent), bench.memory.join(next(10, 20), lent)], [true, true]);
  assertEquals(bench.memory.surplus, 0);
  bench.memory.letGo(lent);
  assertEquals(chunk.shared, false);
});

Deno.test("two that lie one behind the other become one, and are let go of as one", () => {
  const bench = new Bench();
  const [one, two, three] = [bench.put(10), bench.put(20), bench.put(30)];
  assertEquals(bench.memory.follows(two, one), true);
  assertEquals(bench.memory.follows(three, one), false);
  assertEquals(bench.memory.follows(one, two), false);
  bench.memory.unite(one, two);
  assertEquals([one.length, one.view().length, two.holding], [30, 30, undefined]);
  assertEquals(bench.memory.follows(three, one), true);
  bench.memory.letGo(three);
  assertEquals(bench.held, 2 * KIB);
  bench.memory.letGo(one);
  assertEquals(bench.held, 0);
  const lent = new Segment(new Slice(bench.chunk(64), 0, 10), 1);
  const other = new Segment(new Slice(lent.chunk, 10, 20), 1);
  for (const each of [lent, other]) bench.memory.lend(each);
  assertEquals(bench.memory.follows(other, lent), false, "these are held each by itself");
});

Deno.test("chunks of one's own are wasteful when half as much as lies in them, and 128 KiB, is of no use", () => {
  const bench = new Bench();
  // three full chunks of 64 KiB behind those that they begin with
  const first = [bench.put(2048), bench.put(14 * KIB)];
  const segments = Array.from({ length: 64 }, () => bench.put(4 * KIB));
  for (const each of first) bench.memory.letGo(each);
  assertEquals([bench.held, bench.memory.wasteful], [64 * KIB * 4, false]);
  // of each chunk one stays, so that none is given back
  let gone = 0;
  for (const [at, each] of segments.entries()) {
    if (at % 16 === 0 || bench.memory.wasteful) continue;
    bench.memory.letGo(each);
    gone++;
  }
  // so much is of no use, and half of what still lies there is less by 128 KiB
  const used = 4 * KIB * (64 - gone);
  const waste = 4 * KIB * gone;
  assertEquals([2 * waste > used + 256 * KIB, 2 * (waste - 4 * KIB) > used + 4 * KIB + 256 * KIB], [
    true,
    false,
  ]);
  bench.memory.beginAnew();
  const left = segments.filter(({ holding }) => holding !== undefined);
  for (const each of left) bench.memory.move(each);
  assertEquals(bench.memory.wasteful, false);
  assertEquals(bench.held, 128 * KIB);
  for (const each of left) bench.memory.letGo(each);
  assertEquals(bench.held, 0);
});

Deno.test("what lies in somebody else's chunk is not moved", () => {
  const bench = new Bench();
  const chunk = bench.chunk(64 * KIB);
  const pinned = new Segment(new Slice(chunk, 0, 20 * KIB), 1);
  const lent = new Segment(new Slice(chunk, 0, 10), 1);
  bench.memory.place(pinned);
  bench.memory.lend(lent);
  for (const each of [pinned, lent]) {
    bench.memory.move(each);
    assert(each.chunk === chunk);
    bench.memory.letGo(each);
  }
  chunk.release();
  assertEquals(bench.held, 0);
});

Deno.test("a segment of no bytes keeps its chunk, and takes no place", () => {
  const bench = new Bench();
  const chunk = bench.chunk(64);
  const empty = new Segment(new Slice(chunk, 0, 0), 0);
  bench.memory.place(empty);
  assertEquals([chunk.shared, empty.holding], [true, undefined]);
  bench.memory.letGo(empty);
  assertEquals(chunk.shared, false);
});

Deno.test("where a segment came from is one view for all who write it, as long as it is just that", () => {
  const bench = new Bench();
  const chunk = bench.chunk(64);
  const slice = new Slice(chunk, 5, 15);
  const [one, other] = [new Segment(slice, 1), new Segment(slice, 1)];
  assert(one.view() === other.view());
  bench.memory.place(one);
  assert(one.view() !== slice.view);
  assertEquals([...one.view()], [...slice.view]);
});
