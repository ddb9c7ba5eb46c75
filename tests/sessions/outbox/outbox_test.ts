import { UNLIMITED } from "../../../lib/auth/grant.ts";
import { assert, assertEquals } from "@std/assert";
import { Chunk, ChunkPool, Slice } from "../../../lib/buffers.ts";
import { Counters } from "../../../lib/counters.ts";
import { DEFAULT_LIMITS, GATHER_BYTES, HIGH_WATER, LOW_WATER, SEGMENT_BYTES } from "../../../lib/limits.ts";
import { FlushList } from "../../../lib/flush_list.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { CLASSIC } from "../../../lib/protocols/mod.ts";
import { type Eviction, Outbox } from "../../../lib/sessions/outbox/outbox.ts";
import { Subscription } from "../../../lib/sessions/subscription.ts";
import type { SlowPolicy } from "../../../lib/slow_policy.ts";
import type { Route } from "../../../lib/wire/run.ts";
import { linesOf } from "../../support/run.ts";

const route: Route = { topic: "#t", topicBytes: 2 };

/** An outbox with its ports played by the test. */
class Bench {
  readonly flushes = new FlushList();
  readonly counters = new Counters();
  readonly pool = new ChunkPool();
  readonly memory = new HeldMemory({ most: DEFAULT_LIMITS.memory, pool: this.pool });
  readonly evicted: Eviction[] = [];
  readonly dropping: boolean[] = [];
  ready = 0;
  now = 0;
  readonly outbox: Outbox;
  readonly subscription: Subscription;

  constructor(policy: SlowPolicy = "block", limit = 1000) {
    const settings = {
      limits: { outbox: limit },
      stallTimeout: 1000,
      now: () => this.now,
      pool: this.pool,
      memory: this.memory,
      counters: this.counters,
      flushes: this.flushes,
    };
    this.outbox = new Outbox(settings, {
      onReady: () => this.ready++,
      onEvicted: (why) => this.evicted.push(why),
      onDropping: (dropping) => this.dropping.push(dropping),
    });
    this.outbox.watchesStalls = policy === "block";
    this.subscription = new Subscription(policy, {
      outbox: this.outbox,
      speaker: { protocol: CLASSIC, grant: UNLIMITED },
    });
  }

  deliver(text: string, count = 1): Chunk {
    const chunk = chunkOf(text);
    this.subscription.deliver(linesOf(route, new Slice(chunk, 0, text.length), count));
    return chunk;
  }

  /** Writes all that is queued; what each write was. */
  writeAll(): string[] {
    const writes: string[] = [];
    for (let bytes = this.outbox.take(); bytes !== undefined; bytes = this.outbox.take()) {
      writes.push(new TextDecoder().decode(bytes));
      this.outbox.wrote(bytes.length);
    }
    return writes;
  }
}

function chunkOf(text: string): Chunk {
  return new Chunk(new Uint8Array(new TextEncoder().encode(text)));
}

Deno.test("Outbox writes a single delivery from where it lies and lets go of it afterwards", () => {
  const bench = new Bench();
  const chunk = bench.deliver("#t one\n");
  assert(chunk.shared, "held while it waits");
  bench.flushes.flush();
  assertEquals(bench.ready, 1);
  const bytes = bench.outbox.take();
  assert(bytes?.buffer === chunk.bytes.buffer, "no copy");
  bench.outbox.wrote(bytes.length);
  assert(!chunk.shared);
  assertEquals(bench.outbox.queued, 0);
});

Deno.test("Outbox is announced once however much is put in before it writes", () => {
  const bench = new Bench();
  bench.deliver("#t one\n");
  bench.deliver("#t two\n");
  bench.flushes.flush();
  bench.flushes.flush();
  assertEquals(bench.ready, 1);
  assertEquals(bench.writeAll().join(""), "#t one\n#t two\n");
  bench.deliver("#t three\n");
  bench.flushes.flush();
  assertEquals(bench.ready, 2);
});

Deno.test("Outbox gathers small pieces behind the one that is being written", () => {
  const bench = new Bench();
  bench.deliver("#t 0\n");
  const first = bench.outbox.take();
  for (let at = 1; at < 100; at++) bench.deliver(`#t ${at}\n`);
  bench.outbox.wrote(first!.length);
  const writes = bench.writeAll();
  assertEquals(writes.length, 1);
  assertEquals(writes[0], Array.from({ length: 99 }, (_, at) => `#t ${at + 1}\n`).join(""));
});

Deno.test("Outbox joins neighbours of one chunk without a copy", () => {
  const bench = new Bench();
  const text = "#t one\n#t two\n";
  const chunk = chunkOf(text);
  bench.subscription.deliver(linesOf(route, new Slice(chunk, 0, 7), 1));
  bench.subscription.deliver(linesOf(route, new Slice(chunk, 7, 14), 1));
  assertEquals(bench.writeAll(), [text]);
  assert(!chunk.shared);
});

Deno.test("Outbox lets a reply and a delivery leave apart on a quiet connection, in the order they came (C9)", () => {
  const bench = new Bench();
  const ok = chunkOf("OK\n");
  bench.outbox.reply(new Slice(ok));
  bench.deliver("#t one\n");
  bench.deliver("#t two\n");
  bench.outbox.reply(new Slice(ok));
  assertEquals(bench.writeAll(), ["OK\n", "#t one\n#t two\n", "OK\n"]);
});

Deno.test("Outbox goes on behind a partial write", () => {
  const bench = new Bench();
  bench.deliver("#t one\n");
  bench.outbox.take();
  bench.outbox.wrote(3);
  assertEquals(bench.outbox.queued, 4);
  assertEquals(bench.writeAll(), ["one\n"]);
});

Deno.test("Outbox keeps order and bytes whatever the sizes and partial writes", () => {
  const bench = new Bench("block", 64 * 1024 * 1024);
  let expected = "";
  let written = "";
  for (let at = 0; at < 400; at++) {
    const text = `#t ${at} ${"x".repeat((at * 7919) % 40_000)}\n`;
    expected += text;
    bench.deliver(text);
    const bytes = bench.outbox.take();
    if (bytes === undefined) continue;
    const some = Math.max(1, (bytes.length * (at % 5)) >> 2);
    written += new TextDecoder().decode(bytes.subarray(0, some));
    bench.outbox.wrote(Math.min(some, bytes.length));
  }
  written += bench.writeAll().join("");
  assertEquals(written.length, expected.length);
  assert(written === expected);
  assertEquals(bench.outbox.queued, 0);
});

Deno.test("Outbox under block is full from the high-water mark down to the low one, and then calls back", () => {
  const bench = new Bench("block");
  const part = "x".repeat(GATHER_BYTES);
  while (bench.outbox.queued < HIGH_WATER) {
    assert(!bench.subscription.full);
    bench.deliver(part);
  }
  assert(bench.subscription.full);
  let called = 0;
  bench.outbox.whenNotFull(() => called++);
  while (bench.outbox.queued > LOW_WATER) {
    assertEquals([bench.subscription.full, called], [true, 0]);
    bench.outbox.wrote(bench.outbox.take()!.length);
  }
  assertEquals([bench.subscription.full, called], [false, 1]);
});

Deno.test("Outbox under drop leaves out what does not fit, whole, counts it and says when it begins and ends", () => {
  const bench = new Bench("drop-new", 20 + 2 * SEGMENT_BYTES);
  bench.deliver("#t 0123456\n", 1);
  bench.deliver("#t 89\n", 1);
  bench.deliver("#t too much\n#t to fit in\n", 2);
  bench.deliver("#t also too much\n", 1);
  const before = bench.counters.totals;
  assertEquals([bench.outbox.dropped, before.dropped, before.delivered], [3, 3, 0]);
  assertEquals(bench.dropping, [true]);
  assert(!bench.subscription.full, "its publishers do not wait");
  assertEquals(bench.writeAll().join(""), "#t 0123456\n#t 89\n");
  assertEquals(bench.dropping, [true, false]);
  assertEquals(bench.counters.totals.delivered, 2);
  bench.deliver("#t again\n", 1);
  assertEquals(bench.writeAll(), ["#t again\n"]);
});

Deno.test("Outbox under disconnect gives the connection up when something does not fit", () => {
  const bench = new Bench("disconnect", 20 + 2 * SEGMENT_BYTES);
  const chunk = bench.deliver("#t 0123456\n", 1);
  bench.deliver("#t 0123456789\n", 1);
  assertEquals(bench.evicted, ["outbox full"]);
  assertEquals(bench.outbox.queued, 0);
  assertEquals([bench.counters.totals.unsent, bench.counters.totals.dropped], [1, 1]);
  assert(!chunk.shared, "what was queued is let go");
  bench.deliver("#t late\n", 1);
  assertEquals(bench.evicted.length, 1);
});

Deno.test("Outbox stalls after its timeout without progress, and progress begins the time anew", () => {
  const bench = new Bench();
  bench.deliver("#t one\n");
  bench.outbox.tick(5000);
  assertEquals(bench.evicted, [], "nothing is on its way yet");
  bench.outbox.take();
  bench.outbox.tick(900);
  bench.outbox.wrote(1);
  bench.outbox.take();
  bench.outbox.tick(900);
  assertEquals(bench.evicted, []);
  bench.outbox.tick(100);
  assertEquals(bench.evicted, ["stalled"]);
});

Deno.test("Outbox under drop stalls for good only once it is closing", () => {
  const bench = new Bench("drop-new");
  bench.deliver("#t one\n");
  bench.outbox.take();
  bench.outbox.tick(60_000);
  assertEquals(bench.evicted, []);
  bench.outbox.closing();
  bench.outbox.tick(60_000);
  assertEquals(bench.evicted, ["stalled"]);
});

Deno.test("Outbox keeps what is being written until that write has ended, also when it is closed meanwhile", () => {
  const bench = new Bench();
  const chunk = bench.deliver("#t one\n");
  bench.outbox.take();
  let empty = 0;
  bench.outbox.whenEmpty(() => empty++);
  bench.outbox.close();
  assertEquals(empty, 1, "nobody waits for a closed outbox");
  assert(chunk.shared);
  bench.outbox.abandon();
  assert(!chunk.shared);
  const other = new Bench();
  const half = other.deliver("#t two\n");
  other.outbox.take();
  other.outbox.close();
  other.outbox.wrote(3);
  assertEquals([half.shared, other.outbox.take()], [false, undefined], "the rest is not written");
});

Deno.test("Outbox that is given up lets go of what waits, finishes what is being written and says its last words (V11)", () => {
  const bench = new Bench("disconnect", 20 + 2 * SEGMENT_BYTES);
  bench.deliver("#t one\n");
  const bytes = bench.outbox.take();
  const waiting = bench.deliver("#t two\n");
  bench.deliver("#t much too much\n#t to fit\n", 2);
  assertEquals(bench.evicted, ["outbox full"]);
  assert(!waiting.shared && bench.outbox.closed);
  assertEquals(bench.outbox.queued, bytes!.length, "only what is being written is held");
  let empty = 0;
  bench.outbox.whenEmpty(() => empty++);
  bench.outbox.lastWords(new Slice(chunkOf("bye\n")));
  bench.outbox.reply(new Slice(chunkOf("OK\n")));
  bench.outbox.wrote(3);
  assertEquals(bench.writeAll(), ["one\n", "bye\n"]);
  assertEquals([empty, bench.counters.totals.dropped, bench.counters.totals.unsent], [1, 2, 1]);
});

Deno.test("Outbox does not pin a large read buffer for a small piece that has to wait", () => {
  const bench = new Bench();
  bench.deliver("#t first\n");
  bench.outbox.take();
  const large = new Chunk(new Uint8Array(256 * 1024));
  bench.subscription.deliver(linesOf(route, new Slice(large, 0, 100), 1));
  assert(!large.shared);
});

Deno.test("Outbox stalls when its timeout is reached, not before, and what the other side takes begins it anew", () => {
  const { outbox, subscription, evicted } = new Bench();
  subscription.deliver(linesOf(route, new Slice(chunkOf("#t one\n")), 1));
  outbox.tick(5000);
  assertEquals(outbox.stalledFor, 0, "nothing is being written");
  outbox.take();
  outbox.tick(999);
  assertEquals([outbox.stalledFor, evicted], [999, []]);
  outbox.wrote(0);
  assertEquals(outbox.stalledFor, 999, "a write that moved nothing is no progress");
  outbox.progressed();
  assertEquals(outbox.stalledFor, 0);
  outbox.tick(999);
  outbox.wrote(1);
  assertEquals(outbox.stalledFor, 0);
  outbox.tick(999);
  assertEquals(evicted, []);
  outbox.tick(1);
  assertEquals(evicted, ["stalled"]);
  outbox.tick(1000);
  assertEquals(evicted, ["stalled"], "it is told once");
});

Deno.test("Outbox takes what just fits, counts what it holds, and whoever waits for its end is told once", () => {
  const bench = new Bench("drop-new", 2 * (SEGMENT_BYTES + 7));
  const { outbox, counters } = bench;
  let empty = 0;
  outbox.whenEmpty(() => empty++);
  assertEquals([empty, outbox.held, outbox.queued], [1, 0, 0], "it is empty already");
  for (const text of ["#t one\n", "#t two\n"]) bench.deliver(text).release();
  assertEquals([outbox.queued, outbox.held, outbox.dropped], [14, 2 * (SEGMENT_BYTES + 7), 0]);
  assert(outbox.fits(0) && !outbox.fits(1) && outbox.fits(1, 1) && outbox.fits(1e9, outbox.held));
  outbox.whenEmpty(() => empty++);
  assertEquals(empty, 1);
  outbox.take();
  outbox.wrote(3);
  assertEquals([outbox.queued, empty], [11, 1]);
  assertEquals(bench.writeAll(), ["one\n", "#t two\n"]);
  assertEquals([outbox.queued, outbox.held, empty], [0, 0, 2]);
  assertEquals([counters.totals.delivered, counters.totals.dropped], [2, 0]);
});

Deno.test("Outbox that is closed lets go of all, takes nothing and says nothing more, and tells who waits", () => {
  const bench = new Bench("drop-new", 10_000);
  const { outbox, counters } = bench;
  bench.deliver("#t one\n").release();
  let [empty, room] = [0, 0];
  outbox.whenEmpty(() => empty++);
  outbox.close();
  outbox.close();
  assertEquals([empty, outbox.queued, outbox.held, outbox.closed], [1, 0, 0, true]);
  assertEquals(counters.totals.unsent, 1, "counted once");
  outbox.whenEmpty(() => empty++);
  outbox.whenNotFull(() => room++);
  outbox.lastWords(new Slice(chunkOf("bye\n")));
  outbox.reply(new Slice(chunkOf("OK\n")));
  bench.deliver("#t two\n").release();
  assertEquals([bench.writeAll(), empty, room, outbox.queued], [[], 2, 1, 0]);
});
