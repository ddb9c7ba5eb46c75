/** The bounds of an outbox, each at the last that is within and the first that is not. */
import { assertEquals } from "@std/assert";
import { Chunk, ChunkPool, Slice } from "../../../lib/buffers.ts";
import { Counters } from "../../../lib/counters.ts";
import { FlushList } from "../../../lib/flush_list.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { HIGH_WATER, LOW_WATER, SEGMENT_BYTES } from "../../../lib/limits.ts";
import { type Eviction, Outbox } from "../../../lib/sessions/outbox/outbox.ts";
import { Segment, type SegmentOptions } from "../../../lib/sessions/outbox/segment.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

class Bench {
  readonly pool = new ChunkPool();
  readonly memory = new HeldMemory({ most: 1024 * MIB, pool: this.pool });
  readonly counters = new Counters();
  readonly flushes = new FlushList();
  readonly evicted: (readonly [why: Eviction, unsent: number])[] = [];
  readonly dropping: boolean[] = [];
  readonly outbox: Outbox;
  ready = 0;
  now = 0;

  constructor(limit = 64 * MIB) {
    const { pool, memory, counters, flushes } = this;
    this.outbox = new Outbox({
      limits: { outbox: limit },
      stallTimeout: 1000,
      now: () => this.now,
      pool,
      memory,
      counters,
      flushes,
    }, {
      onReady: () => this.ready++,
      onEvicted: (why, unsent) => this.evicted.push([why, unsent]),
      onDropping: (dropping) => this.dropping.push(dropping),
    });
  }

  /** Queues so many bytes in memory of just their size, which is not the pool's. */
  readonly put = (bytes: number, count = 1, of?: SegmentOptions): void => {
    this.outbox.put(new Segment(new Slice(new Chunk(new Uint8Array(bytes))), count, of));
  };

  /** Writes what is next, all of it; its length. */
  readonly write = (): number => {
    const { length } = this.outbox.take()!;
    this.outbox.wrote(length);
    return length;
  };
}

Deno.test("what is put in is written, be it one byte", () => {
  const { outbox, put, write } = new Bench();
  put(1);
  assertEquals([write(), outbox.queued], [1, 0]);
});

Deno.test("an outbox is full with 1 MiB that waits, whatever that is made of", () => {
  for (const [last, full] of [[20 * KIB - 1, false], [20 * KIB, true]] as const) {
    const { outbox, put } = new Bench();
    for (let at = 0; at < 2; at++) put((HIGH_WATER - 20 * KIB) / 2);
    assertEquals(outbox.aboveHighWater, false);
    put(last);
    assertEquals([outbox.aboveHighWater, outbox.queued], [full, HIGH_WATER - 20 * KIB + last]);
  }
});

Deno.test("an outbox is full when it takes 4 MiB to keep what waits, however little that is", () => {
  // the objects of each, and its byte
  const pieces = 21_000;
  const left = 4 * HIGH_WATER - pieces * SEGMENT_BYTES - (pieces - 1);
  for (const [last, full] of [[left - 1, false], [left, true]] as const) {
    const { outbox, put } = new Bench();
    for (let at = 0; at < pieces - 1; at++) put(1, 1, { expires: at + 1 });
    assertEquals(outbox.aboveHighWater, false);
    put(last);
    assertEquals([outbox.aboveHighWater, outbox.queued < HIGH_WATER], [full, true]);
    assertEquals(outbox.held, 4 * HIGH_WATER - left + last);
  }
});

Deno.test("an outbox is full when more waits than is free for each", () => {
  for (const [free, full] of [[0, false], [-1, true]] as const) {
    const { outbox, put, memory } = new Bench();
    memory.hold(memory.share - (20 * KIB + SEGMENT_BYTES) - free);
    put(20 * KIB);
    assertEquals([outbox.held, outbox.aboveHighWater], [20 * KIB + SEGMENT_BYTES, full]);
  }
});

Deno.test("an outbox that was full has room when 256 KiB wait, and not before", () => {
  for (const [stays, room] of [[LOW_WATER, true], [LOW_WATER + 1, false]] as const) {
    const { outbox, put, write } = new Bench();
    let called = 0;
    put(HIGH_WATER);
    put(stays);
    outbox.whenNotFull(() => called++);
    assertEquals([outbox.aboveHighWater, called], [true, 0]);
    write();
    assertEquals([outbox.aboveHighWater, called], [!room, room ? 1 : 0]);
    outbox.whenNotFull(() => called++);
    assertEquals(called, room ? 2 : 0);
  }
});

Deno.test("an outbox that was full has no room while it takes 1 MiB to keep what waits, or half of what is free", () => {
  const pieces = 5000;
  const left = 4 * LOW_WATER - pieces * SEGMENT_BYTES - (pieces - 1);
  for (const [last, room] of [[left, true], [left + 1, false]] as const) {
    const { outbox, put, write } = new Bench();
    put(HIGH_WATER);
    for (let at = 0; at < pieces - 1; at++) put(1, 1, { expires: at + 1 });
    put(last);
    assertEquals(outbox.aboveHighWater, true);
    write();
    assertEquals([outbox.held, outbox.aboveHighWater], [4 * LOW_WATER - left + last, !room]);
  }
  for (const [free, room] of [[0, true], [-1, false]] as const) {
    const { outbox, put, write, memory } = new Bench();
    put(HIGH_WATER);
    put(20 * KIB);
    memory.hold(memory.share - 2 * (20 * KIB + SEGMENT_BYTES) - free);
    write();
    assertEquals(outbox.aboveHighWater, !room, `${free}`);
    write();
    assertEquals(outbox.aboveHighWater, false, "who is alone in it finds room");
  }
});

Deno.test("time shows an outbox that was full that others have let go, and none that was not", () => {
  const { outbox, put, write, memory } = new Bench();
  put(HIGH_WATER);
  put(20 * KIB);
  const held = memory.share;
  memory.hold(held);
  write();
  outbox.take();
  let called = 0;
  outbox.whenNotFull(() => called++);
  outbox.tick(1);
  assertEquals([outbox.aboveHighWater, called], [true, 0]);
  memory.letGo(held);
  assertEquals(outbox.aboveHighWater, true);
  outbox.tick(1);
  assertEquals([outbox.aboveHighWater, called], [false, 1]);
});

Deno.test("what costs so much fits up to the limit, and up to what is free", () => {
  const { outbox, put, memory } = new Bench(100 * KIB);
  put(20 * KIB);
  const held = 20 * KIB + SEGMENT_BYTES;
  assertEquals([outbox.held, outbox.most], [held, 100 * KIB]);
  const rest = 100 * KIB - held;
  assertEquals([outbox.fits(rest), outbox.fits(rest + 1), outbox.fits(rest + 1, 1)], [true, false, true]);
  assertEquals([outbox.fits(1e9, held), outbox.fits(1e9, held - 1)], [true, false]);
  memory.hold(memory.share - held - 10);
  assertEquals([outbox.fits(10), outbox.fits(11), outbox.fits(11, 1)], [true, false, true]);
});

Deno.test("each that keeps the newest has its part of half the outbox, and of no more than is free", () => {
  const { outbox, memory } = new Bench(100 * KIB);
  assertEquals(outbox.keepersShare, 50 * KIB);
  outbox.keepers = 4;
  assertEquals(outbox.keepersShare, 12.5 * KIB);
  memory.hold(memory.share - 1000);
  assertEquals(outbox.keepersShare, 1000);
  memory.letGo(1000 * MIB);
  outbox.most = 8 * KIB;
  assertEquals(outbox.keepersShare, 1 * KIB);
});

Deno.test("one newest message has room up to half as much again, and up to what is free", () => {
  const { outbox, put, memory } = new Bench(100 * KIB);
  put(20 * KIB);
  const held = 20 * KIB + SEGMENT_BYTES;
  const rest = 150 * KIB - held;
  assertEquals([outbox.fitsOnTop(rest, 0), outbox.fitsOnTop(rest + 1, 0)], [true, false]);
  assertEquals([outbox.fitsOnTop(rest + 5, 5), outbox.fitsOnTop(rest + 6, 5)], [true, false]);
  memory.hold(memory.share - 1000);
  assertEquals([outbox.fitsOnTop(1000, 0), outbox.fitsOnTop(1001, 0)], [true, false]);
});

Deno.test("what is being written is held until it is written, with its object", () => {
  const { outbox, put } = new Bench();
  put(1000);
  outbox.take();
  assertEquals([outbox.queued, outbox.held], [1000, 1000 + SEGMENT_BYTES]);
  outbox.wrote(400);
  assertEquals([outbox.queued, outbox.held], [600, 600 + SEGMENT_BYTES]);
  assertEquals(outbox.take()!.length, 600);
  outbox.wrote(600);
  assertEquals([outbox.queued, outbox.held, outbox.take()], [0, 0, undefined]);
  outbox.wrote(5);
  assertEquals([outbox.queued, outbox.held], [0, 0], "nothing is being written");
});

Deno.test("an outbox is announced when something is put in and nobody writes, and by its last words", () => {
  const bench = new Bench();
  const { outbox, put, write, flushes } = bench;
  put(10);
  flushes.flush();
  assertEquals(bench.ready, 1);
  put(10);
  flushes.flush();
  assertEquals(bench.ready, 1, "it is to be written already");
  while (outbox.queued > 0) write();
  assertEquals(outbox.take(), undefined);
  put(10);
  flushes.flush();
  assertEquals(bench.ready, 2);
  write();
  outbox.take();
  outbox.giveUp();
  outbox.lastWords(new Slice(new Chunk(new Uint8Array(7))));
  flushes.flush();
  assertEquals([bench.ready, write()], [3, 7]);
  const other = new Bench();
  other.put(10);
  other.flushes.flush();
  other.outbox.take();
  other.outbox.giveUp();
  other.outbox.lastWords(new Slice(new Chunk(new Uint8Array(7))));
  other.flushes.flush();
  assertEquals(other.ready, 1, "who writes comes to them");
  assertEquals(bench.counters.totals.delivered, 3, "they are no message");
});

Deno.test("what was abandoned is announced anew, and is not written twice", () => {
  const bench = new Bench();
  const { outbox, put, flushes } = bench;
  put(10);
  flushes.flush();
  outbox.take();
  outbox.abandon();
  assertEquals([outbox.queued, outbox.held], [0, 0]);
  put(5);
  flushes.flush();
  assertEquals([bench.ready, outbox.take()?.length], [2, 5]);
});

Deno.test("messages are counted when they are written, and when they are too old, with their bytes; replies are not", () => {
  const bench = new Bench();
  const { outbox, put, counters } = bench;
  put(10, 2);
  put(5, 0);
  put(20, 3, { expires: 100 });
  put(30, 4, { expires: 101 });
  bench.now = 100;
  const lengths: number[] = [];
  for (let bytes = outbox.take(); bytes !== undefined; bytes = outbox.take()) {
    lengths.push(bytes.length);
    outbox.wrote(bytes.length);
  }
  assertEquals(lengths.reduce((sum, each) => sum + each, 0), 45);
  const { delivered, deliveredBytes, expired, dropped, unsent } = counters.totals;
  assertEquals({ delivered, deliveredBytes, expired, dropped, unsent }, {
    delivered: 6,
    deliveredBytes: 40,
    expired: 3,
    dropped: 0,
    unsent: 0,
  });
});

Deno.test("where all that waited was too old, who waits for room and for the end is told", () => {
  const bench = new Bench();
  const { outbox, put } = bench;
  put(HIGH_WATER, 1, { expires: 1 });
  let [room, empty] = [0, 0];
  outbox.whenNotFull(() => room++);
  outbox.whenEmpty(() => empty++);
  bench.now = 1;
  assertEquals([outbox.take(), room, empty], [undefined, 1, 1]);
});

Deno.test("that messages are left out is told when it begins, and that they fit again when little waits", () => {
  const bench = new Bench();
  const { outbox, put, write, counters } = bench;
  put(LOW_WATER);
  put(LOW_WATER);
  put(1);
  outbox.countDropped(3);
  outbox.countDropped(4);
  assertEquals([bench.dropping, outbox.dropped, counters.totals.dropped], [[true], 7, 7]);
  write();
  assertEquals(bench.dropping, [true], "a byte too much");
  outbox.take();
  outbox.wrote(1);
  assertEquals(bench.dropping, [true, false]);
  outbox.countDropped(1);
  assertEquals(bench.dropping, [true, false, true]);
});

Deno.test("who does not fit is given up with all that waited and what did not fit, and counts both", () => {
  const bench = new Bench();
  const { outbox, put, counters } = bench;
  put(100, 5);
  outbox.take();
  put(100, 6);
  outbox.overflow(7);
  assertEquals(bench.evicted, [["outbox full", 13]]);
  const { dropped, unsent } = counters.totals;
  assertEquals([outbox.dropped, dropped, unsent, outbox.closed, outbox.queued], [7, 7, 6, true, 100]);
});

Deno.test("only who keeps others waiting, is closing, or is a burden is given up for a stall", () => {
  const bench = new Bench();
  const { outbox, put, memory } = bench;
  put(MIB);
  outbox.take();
  outbox.watchesStalls = false;
  assertEquals(outbox.mayNotStall, false);
  outbox.tick(5000);
  assertEquals([outbox.stalledFor, bench.evicted], [0, []]);
  memory.hold(memory.share - 63 * MIB);
  assertEquals(outbox.mayNotStall, true, "a 64th of what is left, of which there is less than an eighth");
  memory.letGo(63 * MIB);
  assertEquals(outbox.mayNotStall, false);
  outbox.closing();
  assertEquals(outbox.mayNotStall, true);
  outbox.tick(999);
  outbox.giveUp();
  outbox.tick(1);
  assertEquals([outbox.stalledFor, bench.evicted], [999, []], "it is given up already");
});
