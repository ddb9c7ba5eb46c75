import { UNLIMITED } from "../../../lib/auth/grant.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Chunk, ChunkPool, Slice } from "../../../lib/buffers.ts";
import { Counters } from "../../../lib/counters.ts";
import { FlushList } from "../../../lib/flush_list.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { GATHER_SEGMENT_MOST, PINNED_PART, SEGMENT_BYTES } from "../../../lib/limits.ts";
import { FRAMES } from "../../../lib/protocols/mod.ts";
import { Outbox } from "../../../lib/sessions/outbox/outbox.ts";
import { Subscription } from "../../../lib/sessions/subscription.ts";
import { keepsNewest, type SlowPolicy } from "../../../lib/slow_policy.ts";
import { RECORDS } from "../../../lib/wire/encoding.ts";
import { type Route, Run } from "../../../lib/wire/run.ts";
import { Expected, type Told } from "./oracle.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const MEMORY = 4 * 1024 * 1024;
const OK = new TextEncoder().encode("ok 1\n");

/** What is done to an outbox, one after the other. */
type Step =
  | { kind: "deliver"; to: number; topic: number; sizes: number[]; ttl: number | undefined }
  | { kind: "write"; most: number }
  | { kind: "reply" }
  | { kind: "pass"; milliseconds: number }
  | { kind: "others"; hold: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("deliver" as const),
      to: fc.nat(3),
      topic: fc.nat(2),
      sizes: fc.array(
        fc.oneof({ weight: 20, arbitrary: fc.nat(40) }, fc.integer({ min: 100, max: 20_000 })),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
      ttl: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined, freq: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      most: fc.oneof(fc.nat(60), fc.nat(30_000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reply" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), milliseconds: fc.nat(20) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("others" as const),
      hold: fc.oneof(fc.nat(MEMORY), fc.integer({ min: MEMORY - 20_000, max: MEMORY })),
    }),
  },
);

/** One outbox of several subscriptions, its connection and all others played by the test. */
class Bench {
  readonly pool = new ChunkPool();
  readonly memory = new HeldMemory({ most: MEMORY, pool: this.pool });
  readonly counters = new Counters();
  readonly outbox: Outbox;
  readonly subscriptions: readonly Subscription[];
  readonly expected: readonly Expected[];
  readonly #routes = new Map<string, Route>();
  readonly #limit: number;
  now = 1000;
  written = "";
  evicted = false;
  wasShort = false;
  replies = 0;
  sent = 0;
  waiting = 0;
  #largest = 0;
  #others = 0;
  /** What is read into, as a connection does. */
  #chunk: Chunk;
  #filled = 0;

  constructor(policies: readonly SlowPolicy[], limit: number) {
    this.#limit = limit;
    this.#chunk = this.pool.take(1024);
    const { pool, memory, counters } = this;
    const settings = {
      limits: { outbox: limit },
      stallTimeout: 1e9,
      now: () => this.now,
      pool,
      memory,
      counters,
    };
    this.outbox = new Outbox({ ...settings, flushes: new FlushList() }, {
      onReady: () => {},
      onEvicted: () => this.evicted = true,
      onDropping: () => {},
    });
    const { outbox } = this;
    outbox.keepers = Math.max(1, policies.filter(keepsNewest).length);
    this.subscriptions = policies.map((policy, at) =>
      new Subscription(policy, {
        outbox,
        speaker: { protocol: FRAMES, grant: UNLIMITED },
        pattern: `#s${at}.*`,
      })
    );
    this.expected = policies.map((policy, at) => new Expected(`#s${at}.*`, policy));
  }

  do(step: Step): void {
    if (step.kind === "deliver") this.#deliver(step);
    else if (step.kind === "write") this.#write(step.most);
    else if (step.kind === "reply") this.#reply();
    else if (step.kind === "pass") this.now += step.milliseconds;
    else this.#othersHold(step.hold);
    if (this.evicted) return;
    assert(this.outbox.held <= this.#most(), `${this.outbox.held} are held, ${this.#most()} may be`);
  }

  /** The others let go, time passes, and everything is written. */
  end(): void {
    this.#othersHold(0);
    this.outbox.tick(250);
    while (this.#write(Infinity));
    assertEquals(this.waiting, 0, "nobody waits for ever");
    this.outbox.close();
    this.#chunk.release();
    assertEquals([this.memory.held, this.pool.bytesOut], [0, 0], "all memory is back");
  }

  /** What was read of each subscription. */
  told(): Told[][] {
    const told: Told[][] = this.subscriptions.map(() => []);
    const lines = this.written.split("\n");
    for (let at = 0; at < lines.length - 1; at++) {
      const [verb, name = "", count] = lines[at]!.split(" ");
      const of = told[Number(name[2])];
      if (verb === "gap") of!.push({ gap: Number(count) });
      else if (verb === "pub") of!.push({ topic: name, number: Number.parseInt(lines[++at]!) });
      else assertEquals(lines[at], "ok 1");
    }
    return told;
  }

  /** What blocks is bounded by its publishers alone. */
  #most(): number {
    if (this.expected.some(({ policy }) => policy === "block")) return Infinity;
    const besides = this.replies * (OK.length + SEGMENT_BYTES) + this.subscriptions.length * SEGMENT_BYTES;
    return 2 * this.#limit + this.#largest + besides;
  }

  #deliver({ to, topic: which, sizes, ttl }: Step & { kind: "deliver" }): void {
    const at = to % this.subscriptions.length;
    const subscription = this.subscriptions[at]!;
    if (this.evicted) return;
    if (subscription.full) {
      this.waiting++;
      return subscription.whenNotFull(() => this.waiting--);
    }
    const topic = `#s${at}.${which}`;
    const expires = ttl === undefined ? undefined : this.now + ttl;
    const { sent } = this.expected[at]!;
    const text = sizes.map((size) => {
      const payload = `${sent.length} ${"x".repeat(size)}`;
      const frame = `pub ${topic} ${payload.length}\n${payload}\n`;
      sent.push({ number: sent.length, topic, bytes: frame.length, expires });
      return frame;
    }).join("");
    this.sent += sizes.length;
    const options = { route: this.#routeOf(topic), encoding: RECORDS, count: sizes.length, pool: this.pool };
    const run = new Run(this.#read(text), { ...options, hasFields: false, ttl, expires });
    subscription.deliver(run);
    run.release();
  }

  /** Bytes behind those that were read before, as long as there is room. */
  #read(text: string): Slice {
    if (this.#filled + text.length > this.#chunk.bytes.length) {
      this.#chunk.release();
      this.#chunk = this.pool.take(Math.max(1024, text.length));
      this.#filled = 0;
    }
    const start = this.#filled;
    this.#filled += encoder.encodeInto(text, this.#chunk.bytes.subarray(start)).written;
    this.#largest = Math.max(this.#largest, this.#chunk.bytes.length + SEGMENT_BYTES);
    return new Slice(this.#chunk, start, this.#filled);
  }

  #write(most: number): boolean {
    const bytes = this.outbox.take();
    if (bytes === undefined) return false;
    const some = bytes.subarray(0, most);
    this.written += decoder.decode(some);
    this.outbox.wrote(some.length);
    return true;
  }

  #reply(): void {
    const chunk = this.pool.take(OK.length);
    chunk.bytes.set(OK);
    this.outbox.reply(new Slice(chunk, 0, OK.length));
    chunk.release();
    this.replies++;
  }

  #othersHold(bytes: number): void {
    this.memory.letGo(this.#others);
    this.#others = bytes;
    this.memory.hold(bytes);
    if (bytes > 0) this.wasShort = true;
  }

  #routeOf(topic: string): Route {
    const route = this.#routes.get(topic) ?? { topic, topicBytes: topic.length };
    this.#routes.set(topic, route);
    return route;
  }
}

const policy = fc.constantFrom<SlowPolicy>("block", "drop-new", "drop-old", "latest", "disconnect");

/** Runs the steps; what was told, judged. */
function play(policies: readonly SlowPolicy[], limit: number, steps: readonly Step[]): Bench {
  const bench = new Bench(policies, limit);
  for (const step of steps) bench.do(step);
  bench.end();
  const { delivered, dropped, expired, unsent } = bench.counters.totals;
  assertEquals(delivered + dropped + expired + unsent, bench.sent, "each message has one end");
  if (bench.evicted) return bench;
  const told = bench.told();
  const passedOver = bench.expected.map((each, at) => each.judge(told[at]!, bench.now));
  assertEquals(passedOver.reduce((sum, each) => sum + each, 0), expired);
  return bench;
}

Deno.test("whatever policies share an outbox: each message is received, counted in its place, or too old (C4, V9, V10)", () => {
  fc.assert(
    fc.property(
      fc.array(policy, { minLength: 1, maxLength: 4 }),
      fc.oneof(fc.integer({ min: 500, max: 5000 }), fc.integer({ min: 5000, max: 200_000 })),
      fc.array(step, { maxLength: 120, size: "max" }),
      (policies, limit, steps) => void play(policies, limit, steps),
    ),
    { numRuns: 1500 },
  );
});

Deno.test("the newest of what keeps the newest always comes, whoever fills the outbox (V7)", () => {
  const keeper = fc.constantFrom<SlowPolicy>("drop-old", "latest");
  const small = step.filter((each) => each.kind !== "others");
  fc.assert(
    fc.property(
      fc.array(fc.oneof(keeper, policy.filter((each) => each !== "disconnect")), {
        minLength: 2,
        maxLength: 4,
      }),
      fc.integer({ min: 500, max: 50_000 }),
      fc.array(small, { maxLength: 120, size: "max" }),
      (policies, limit, steps) => {
        const bench = play(policies, limit, steps);
        const told = bench.told();
        const { keepersShare } = bench.outbox;
        bench.expected.forEach((each, at) => {
          const newest = each.sent.at(-1);
          if (newest === undefined) return;
          // a large one is kept with all of the chunk it came in
          const most = newest.bytes < GATHER_SEGMENT_MOST ? newest.bytes : PINNED_PART * newest.bytes;
          if (most + SEGMENT_BYTES > keepersShare) return;
          each.requireNewest(told[at]!, bench.now);
        });
      },
    ),
    { numRuns: 1500 },
  );
});
