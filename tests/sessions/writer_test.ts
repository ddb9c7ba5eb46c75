import { assertEquals } from "@std/assert";
import { PUBLISHERS, SUBSCRIBERS } from "../../lib/broker/mod.ts";
import { Chunk, ChunkPool, Slice } from "../../lib/buffers.ts";
import { SYSTEM_CLOCK } from "../../lib/clock.ts";
import { Counters } from "../../lib/counters.ts";
import { FlushList } from "../../lib/flush_list.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { Histogram } from "../../lib/histogram.ts";
import { DEFAULT_LIMITS } from "../../lib/limits.ts";
import { Outbox } from "../../lib/sessions/outbox/outbox.ts";
import type { Transport } from "../../lib/sessions/transport.ts";
import { Turns } from "../../lib/sessions/turns/turns.ts";
import { Writer, type WriterOwner, WriteWatch } from "../../lib/sessions/writer.ts";
import { settled } from "../support/handed_clock.ts";

/** Turns in which there is a place to write when the test says so. */
class Places extends Turns {
  places = Infinity;
  readonly waiting: (() => void)[] = [];
  readonly moved: number[] = [];

  constructor() {
    super({ later: () => {}, settled: () => {}, now: () => 0 }, () => {});
  }

  override get mayWrite(): boolean {
    return this.places-- > 0;
  }
  override whenWritable(callback: () => void): void {
    this.waiting.push(callback);
  }
  override wrote(bytes: number): void {
    this.moved.push(bytes);
  }
}

/** An outbox, and a transport whose writes end when the test says so. */
class Desk implements WriterOwner {
  readonly turns = new Places();
  readonly failures: unknown[] = [];
  readonly writes: string[] = [];
  readonly outbox: Outbox;
  readonly transport: Transport;
  readonly writer: Writer;
  #writing: PromiseWithResolvers<number> | undefined;

  constructor(watch?: WriteWatch) {
    const pool = new ChunkPool();
    this.outbox = new Outbox({
      limits: DEFAULT_LIMITS,
      stallTimeout: 1000,
      now: () => 0,
      pool,
      memory: new HeldMemory({ most: DEFAULT_LIMITS.memory, pool }),
      counters: new Counters(),
      flushes: new FlushList(),
    }, { onReady: () => this.writer.write(), onEvicted: () => {}, onDropping: () => {} });
    const write = (bytes: Uint8Array): Promise<number> => {
      this.writes.push(new TextDecoder().decode(bytes));
      this.#writing = Promise.withResolvers();
      return this.#writing.promise;
    };
    this.transport = { write } as unknown as Transport;
    this.writer = new Writer(this, this.turns, watch);
  }

  onWriteFailed(error: unknown): void {
    this.failures.push(error);
  }

  /** Queues a reply. */
  say(text: string): void {
    this.outbox.reply(new Slice(new Chunk(new TextEncoder().encode(text))));
  }

  /** The write that is under way ends so. */
  async ends(outcome: number | Error): Promise<void> {
    if (typeof outcome === "number") this.#writing!.resolve(outcome);
    else this.#writing!.reject(outcome);
    await settled();
  }
}

Deno.test("one write is under way at a time, the next goes on where it ended, and then nothing is asked for", async () => {
  const desk = new Desk();
  desk.say("hello\n");
  desk.outbox.ready();
  assertEquals(desk.writes, ["hello\n"]);
  desk.say("there\n");
  assertEquals(desk.writes.length, 1);
  await desk.ends(2);
  assertEquals(desk.writes, ["hello\n", "llo\n"]);
  await desk.ends(4);
  assertEquals(desk.writes.slice(2), ["there\n"]);
  await desk.ends(6);
  assertEquals([desk.writes.length, desk.turns.moved, desk.failures], [3, [2, 4, 6], []]);
  desk.say("again\n");
  desk.outbox.ready();
  assertEquals(desk.writes.slice(3), ["again\n"]);
});

Deno.test("who has no place to write waits for one, with each write, and needs none to find out that it is done", async () => {
  const desk = new Desk();
  desk.turns.places = 0;
  desk.say("one\n");
  desk.outbox.ready();
  assertEquals([desk.writes, desk.turns.waiting.length], [[], 1]);
  desk.turns.waiting.shift()!();
  assertEquals(desk.writes, ["one\n"]);
  desk.say("two\n");
  await desk.ends(4);
  assertEquals([desk.writes.length, desk.turns.waiting.length], [1, 1]);
  desk.turns.waiting.shift()!();
  assertEquals(desk.writes, ["one\n", "two\n"]);
  await desk.ends(4);
  assertEquals(desk.turns.waiting.length, 0);
  desk.say("three\n");
  desk.outbox.ready();
  assertEquals(desk.turns.waiting.length, 1, "it has found out");
});

Deno.test("a write that fails is told once, and what was being written is let go of", async () => {
  const desk = new Desk();
  desk.say("one\n");
  desk.say("two\n");
  desk.outbox.ready();
  const gone = new Deno.errors.BrokenPipe("gone");
  await desk.ends(gone);
  assertEquals([desk.failures, desk.writes.length], [[gone], 1]);
  assertEquals(desk.outbox.queued < 8, true);
});

Deno.test("a defect while something is taken, or told, is a failure of that write", async () => {
  const defect = new TypeError("a defect");
  const fails = (): never => {
    throw defect;
  };
  const taking = new Desk();
  taking.outbox.take = fails;
  taking.say("one\n");
  taking.outbox.ready();
  assertEquals([taking.failures, taking.writes], [[defect], []]);
  const telling = new Desk();
  telling.turns.wrote = fails;
  telling.say("one\n");
  telling.outbox.ready();
  await telling.ends(4);
  assertEquals([telling.failures, telling.writes.length], [[defect], 1]);
});

Deno.test("how long what waits takes to be written is looked at for subscribers, where anybody looks", async () => {
  const times = new Histogram([1, 10]);
  let now = 0;
  const clock = { ...SYSTEM_CLOCK, now: () => now };
  assertEquals(WriteWatch.of({ writes: undefined, clock }, SUBSCRIBERS), undefined);
  assertEquals(WriteWatch.of({ writes: times, clock }, PUBLISHERS), undefined);
  const desk = new Desk(WriteWatch.of({ writes: times, clock }, SUBSCRIBERS));
  desk.say("hello\n");
  desk.outbox.ready();
  now = 4;
  await desk.ends(2);
  assertEquals(times.state.sum, 0);
  now = 7;
  await desk.ends(4);
  assertEquals([times.state.sum, times.state.counts], [7, [0, 1, 0]]);
});
