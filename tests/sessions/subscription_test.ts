import { UNLIMITED } from "../../lib/auth/grant.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Chunk, ChunkPool, Slice } from "../../lib/buffers.ts";
import { Counters } from "../../lib/counters.ts";
import { FlushList } from "../../lib/flush_list.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { DEFAULT_LIMITS, SEGMENT_BYTES } from "../../lib/limits.ts";
import { FRAMES } from "../../lib/protocols/mod.ts";
import { Outbox } from "../../lib/sessions/outbox/outbox.ts";
import { Subscription } from "../../lib/sessions/subscription.ts";
import type { SlowPolicy } from "../../lib/slow_policy.ts";
import type { Route } from "../../lib/wire/run.ts";
import { recordsOf } from "../support/run.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A v2 outbox that holds `limit` bytes, written by the test. */
class Bench {
  readonly counters = new Counters();
  readonly pool = new ChunkPool();
  readonly memory = new HeldMemory({ most: DEFAULT_LIMITS.memory, pool: this.pool });
  readonly outbox: Outbox;
  written = "";
  now = 0;

  constructor(limit: number) {
    const settings = {
      limits: { ...DEFAULT_LIMITS, outbox: limit },
      stallTimeout: 1000,
      now: () => this.now,
      pool: this.pool,
      memory: this.memory,
      counters: this.counters,
      flushes: new FlushList(),
    };
    this.outbox = new Outbox(settings, { onReady: () => {}, onEvicted: () => {}, onDropping: () => {} });
  }

  open(policy: SlowPolicy, pattern: string): Subscription {
    return new Subscription(policy, {
      outbox: this.outbox,
      speaker: { protocol: FRAMES, grant: UNLIMITED },
      pattern,
    });
  }

  deliver(
    subscription: Subscription,
    message: { readonly route: Route; readonly numbers: readonly number[]; readonly expires?: number },
  ): void {
    const { route, numbers, expires } = message;
    const frames = numbers.map((number) => `pub ${route.topic} ${String(number).length}\n${number}\n`).join(
      "",
    );
    const chunk = new Chunk(new Uint8Array(encoder.encode(frames)));
    const slice = new Slice(chunk);
    subscription.deliver(recordsOf(route, slice, numbers.length, expires));
    chunk.release();
  }

  /** Writes at most so many bytes; false: there was nothing. */
  write(most: number): boolean {
    const bytes = this.outbox.take();
    if (bytes === undefined) return false;
    const some = bytes.subarray(0, most);
    this.written += decoder.decode(some);
    this.outbox.wrote(some.length);
    return true;
  }

  writeAll(): void {
    while (this.write(Infinity));
  }
}

const A: Route = { topic: "#a", topicBytes: 2 };
const B: Route = { topic: "#b", topicBytes: 2 };

/** What a subscriber reads: numbers by topic, and gaps. */
function read(text: string): ({ topic: string; number: number } | { pattern: string; gap: number })[] {
  const events: ({ topic: string; number: number } | { pattern: string; gap: number })[] = [];
  const lines = text.split("\n").slice(0, -1);
  for (let at = 0; at < lines.length; at++) {
    const [verb, name, value] = lines[at]!.split(" ");
    if (verb === "gap") events.push({ pattern: name!, gap: Number(value) });
    else events.push({ topic: name!, number: Number(lines[++at]) });
  }
  return events;
}

Deno.test("drop-new leaves out what does not fit and says so where it would have come (V7, V9)", () => {
  const bench = new Bench(30 + 2 * SEGMENT_BYTES);
  const subscription = bench.open("drop-new", "#*");
  for (let number = 0; number < 6; number++) bench.deliver(subscription, { route: A, numbers: [number] });
  bench.writeAll();
  bench.deliver(subscription, { route: A, numbers: [6] });
  bench.writeAll();
  assertEquals(bench.written, "pub #a 1\n0\npub #a 1\n1\ngap #* 4\npub #a 1\n6\n");
});

Deno.test("drop-old leaves out the oldest that wait and says so before the oldest that is left (V7, V9)", () => {
  const bench = new Bench(40 + 3 * SEGMENT_BYTES);
  const subscription = bench.open("drop-old", "#a");
  bench.deliver(subscription, { route: A, numbers: [0] });
  bench.write(3);
  for (let number = 1; number < 9; number++) bench.deliver(subscription, { route: A, numbers: [number] });
  bench.writeAll();
  const events = read(bench.written);
  assertEquals(events[0], { topic: "#a", number: 0 }, "what is being written stays");
  assert("gap" in events[1]!);
  assertEquals(events.at(-1), { topic: "#a", number: 8 });
});

Deno.test("what had outlived its time when it was left out is missed by nobody (V9)", () => {
  for (const policy of ["drop-old", "latest"] as const) {
    const bench = new Bench(40 + 3 * SEGMENT_BYTES);
    const subscription = bench.open(policy, "#a");
    bench.deliver(subscription, { route: A, numbers: [0] });
    bench.write(3);
    bench.deliver(subscription, { route: A, numbers: [1], expires: 10 });
    bench.now = 9;
    for (let number = 2; number < 9; number++) {
      bench.deliver(subscription, { route: A, numbers: [number], expires: 20 });
      bench.now = 10;
    }
    bench.writeAll();
    const { delivered, dropped, expired } = bench.counters.totals;
    assertEquals(delivered + dropped + expired, 9, policy);
    assertEquals(expired, policy === "latest" ? 0 : 1);
    const events = read(bench.written);
    const gap = events.reduce((sum, event) => sum + ("gap" in event ? event.gap : 0), 0);
    assertEquals([gap, events.length - 1], [dropped, delivered], "one gap is told");
  }
});

Deno.test("a page of what is stored is held until it is written, and dropped once its outbox is closed", () => {
  const bench = new Bench(1000);
  const subscription = bench.open("block", "#a");
  const page = new Uint8Array(encoder.encode("pub #a 1\n1\n"));
  subscription.deliverPage(page, 1);
  assertEquals(bench.pool.bytesOut, page.length);
  bench.writeAll();
  assertEquals([bench.written, bench.pool.bytesOut], ["pub #a 1\n1\n", 0]);
  bench.outbox.close();
  subscription.deliverPage(page, 1);
  assertEquals(bench.pool.bytesOut, 0);
});

Deno.test("latest keeps the newest of each topic while the subscriber is busy, and everything while it is not (V7)", () => {
  const bench = new Bench(1000);
  const subscription = bench.open("latest", "#>");
  bench.deliver(subscription, { route: A, numbers: [1, 2] });
  bench.writeAll();
  assertEquals(read(bench.written).length, 2);
  bench.deliver(subscription, { route: A, numbers: [3] });
  bench.write(1);
  bench.deliver(subscription, { route: A, numbers: [4, 5] });
  bench.deliver(subscription, { route: B, numbers: [10, 11] });
  bench.deliver(subscription, { route: A, numbers: [6] });
  bench.deliver(subscription, { route: A, numbers: [7, 8] });
  bench.writeAll();
  assertEquals(read(bench.written).slice(2), [
    { topic: "#a", number: 3 },
    { pattern: "#>", gap: 1 },
    { topic: "#b", number: 11 },
    { pattern: "#>", gap: 4 },
    { topic: "#a", number: 8 },
  ]);
});

Deno.test("latest keeps one message of a topic also where the topic was forgotten meanwhile and made anew (V7)", () => {
  const bench = new Bench(1000);
  const subscription = bench.open("latest", "#>");
  bench.deliver(subscription, { route: A, numbers: [1] });
  bench.write(1);
  for (let number = 2; number < 9; number++) {
    bench.deliver(subscription, { route: { ...A }, numbers: [number] });
  }
  bench.writeAll();
  assertEquals(read(bench.written).slice(1), [{ pattern: "#>", gap: 6 }, { topic: "#a", number: 8 }]);
});

Deno.test("what a subscription leaves out does not touch what one beside it keeps", () => {
  const bench = new Bench(64 + 3 * SEGMENT_BYTES);
  const old = bench.open("drop-old", "#a");
  const kept = bench.open("drop-new", "#b");
  bench.deliver(kept, { route: B, numbers: [1] });
  for (let number = 0; number < 20; number++) bench.deliver(old, { route: A, numbers: [number] });
  bench.deliver(kept, { route: B, numbers: [2] });
  bench.writeAll();
  const events = read(bench.written);
  assertEquals(events[0], { topic: "#b", number: 1 });
  const gaps = events.filter((event) => "gap" in event);
  assert(gaps.some((gap) => "pattern" in gap && gap.pattern === "#a"));
});

Deno.test("every message is received or counted in a gap in its place, whatever the subscriber's pace (V9)", () => {
  const step = fc.record({ deliver: fc.nat(4), write: fc.nat(60) });
  const policy = fc.constantFrom<SlowPolicy>("drop-new", "drop-old");
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      policy,
      fc.integer({ min: 20, max: 1200 }),
      (steps, policy, limit) => {
        const bench = new Bench(limit);
        const subscription = bench.open(policy, "#a");
        let sent = 0;
        for (const { deliver, write } of steps) {
          const numbers = Array.from({ length: deliver }, () => sent++);
          if (deliver > 0) bench.deliver(subscription, { route: A, numbers });
          if (write > 0) bench.write(write);
          // one is being written, one waits, and where that is too much already it is said that more was left out
          assert(bench.outbox.held <= 1.5 * limit + 3 * (40 + SEGMENT_BYTES), "bounded");
        }
        bench.writeAll();
        let next = 0;
        for (const event of read(bench.written)) {
          if ("gap" in event) next += event.gap;
          else assertEquals(event.number, next++, bench.written);
        }
        assertEquals(next, sent);
        assertEquals(bench.counters.totals.delivered + bench.counters.totals.dropped, sent);
        assertEquals(bench.outbox.queued, 0);
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("latest: all is received or counted, and the newest of each topic always comes", () => {
  const step = fc.record({ topic: fc.constantFrom(A, B), deliver: fc.nat(4), write: fc.nat(40) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const bench = new Bench(10_000);
      const subscription = bench.open("latest", "#*");
      let sent = 0;
      const newest = new Map<string, number>();
      for (const { topic, deliver, write } of steps) {
        const numbers = Array.from({ length: deliver }, () => sent++);
        if (deliver > 0) {
          bench.deliver(subscription, { route: topic, numbers });
          newest.set(topic.topic, numbers.at(-1)!);
        }
        if (write > 0) bench.write(write);
      }
      bench.writeAll();
      let received = 0;
      const last = new Map<string, number>();
      for (const event of read(bench.written)) {
        if ("gap" in event) {
          received += event.gap;
        } else {
          received++;
          assert(event.number > (last.get(event.topic) ?? -1), "in order");
          last.set(event.topic, event.number);
        }
      }
      assertEquals(received, sent);
      assertEquals([...last].sort(), [...newest].sort());
    }),
    { numRuns: 2000 },
  );
});

Deno.test("latest: what made room for another topic is told before what waits, when that is replaced in turn (V9)", () => {
  const bench = new Bench(406);
  const subscription = bench.open("latest", "#*");
  const C: Route = { topic: "#c", topicBytes: 2 };
  bench.deliver(subscription, { route: A, numbers: [0] });
  bench.deliver(subscription, { route: A, numbers: [1] });
  bench.deliver(subscription, { route: C, numbers: [2] });
  bench.write(Infinity);
  bench.deliver(subscription, { route: A, numbers: [3] });
  bench.deliver(subscription, { route: C, numbers: [4] });
  bench.writeAll();
  assertEquals(read(bench.written), [
    { topic: "#a", number: 0 },
    { pattern: "#*", gap: 1 },
    { topic: "#a", number: 3 },
    { pattern: "#*", gap: 1 },
    { topic: "#c", number: 4 },
  ]);
});

Deno.test("latest tells what it left out of a topic before the next of that topic, however little room there is (V9)", () => {
  const topics = ["#a", "#b", "#c"].map((topic) => ({ topic, topicBytes: 2 }));
  const step = fc.record({ topic: fc.constantFrom(...topics), write: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 2, max: 5 }), (steps, segments) => {
      const bench = new Bench(segments * (SEGMENT_BYTES + 12));
      const subscription = bench.open("latest", "#*");
      steps.forEach(({ topic, write }, number) => {
        bench.deliver(subscription, { route: topic, numbers: [number] });
        if (write) bench.write(Infinity);
      });
      bench.writeAll();
      let [told, received] = [0, 0];
      const last = new Map<string, { readonly number: number; readonly told: number }>();
      for (const event of read(bench.written)) {
        if ("gap" in event) told += event.gap;
        if (!("number" in event)) continue;
        received++;
        const { number, topic } = event;
        const before = last.get(topic) ?? { number: -1, told: 0 };
        const missing = steps.slice(before.number + 1, number).filter((each) => each.topic.topic === topic);
        assert(missing.length <= told - before.told, `${topic} ${number}: ${bench.written}`);
        last.set(topic, { number, told });
      }
      assertEquals(received + told, steps.length);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a subscription that replaces for ever beside one that is stuck holds no more than what waits", () => {
  const bench = new Bench(100_000);
  const subscription = bench.open("latest", "#*");
  bench.deliver(subscription, { route: B, numbers: [1] });
  bench.write(1);
  bench.deliver(subscription, { route: B, numbers: [2] });
  for (let number = 0; number < 100_000; number++) {
    bench.deliver(subscription, { route: A, numbers: [number] });
  }
  assert(subscription.remembered < 1000);
  assert(bench.outbox.queued < 100);
});

Deno.test("what was too large to be kept gives its subscription no room beyond its share, once that was told (V7)", () => {
  const limit = 20_000;
  const bench = new Bench(limit);
  const filler = bench.open("drop-new", "#b");
  const old = bench.open("drop-old", "#a");
  const digits = (count: number): number[] => Array.from({ length: count }, () => 1e15);
  const most = 1.5 * limit + SEGMENT_BYTES;
  const large = new Chunk(new TextEncoder().encode(`pub #a ${limit}\n${"x".repeat(limit)}\n`));
  for (let round = 0; round < 100; round++) {
    while (bench.outbox.fits(SEGMENT_BYTES + 25)) bench.deliver(filler, { route: B, numbers: digits(1) });
    old.deliver(recordsOf(A, new Slice(large), 1));
    assert(bench.outbox.held <= most, `${bench.outbox.held}`);
    bench.writeAll();
  }
  assertEquals(bench.written.split("gap #a 1\n").length, 101);
  while (bench.outbox.fits(SEGMENT_BYTES + 25)) bench.deliver(filler, { route: B, numbers: digits(1) });
  for (let at = 0; at < 2000; at++) bench.deliver(old, { route: A, numbers: digits(1) });
  assert(bench.outbox.held <= most, `${bench.outbox.held} of ${most}`);
  assert(bench.outbox.held > limit, "it has its share");
});
