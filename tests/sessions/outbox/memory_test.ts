import { UNLIMITED } from "../../../lib/auth/grant.ts";
import { assert, assertEquals } from "@std/assert";
import { type Chunk, ChunkPool, Slice } from "../../../lib/buffers.ts";
import { Counters } from "../../../lib/counters.ts";
import { FlushList } from "../../../lib/flush_list.ts";
import { HeldMemory } from "../../../lib/held_memory.ts";
import { GATHER_BYTES, HELD_FACTOR, HIGH_WATER, SEGMENT_BYTES } from "../../../lib/limits.ts";
import { CLASSIC, FRAMES } from "../../../lib/protocols/mod.ts";
import type { Protocol } from "../../../lib/protocols/types.ts";
import { type Eviction, Outbox } from "../../../lib/sessions/outbox/outbox.ts";
import { Subscription } from "../../../lib/sessions/subscription.ts";
import type { SlowPolicy } from "../../../lib/slow_policy.ts";
import { RECORDS } from "../../../lib/wire/encoding.ts";
import { Run } from "../../../lib/wire/run.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const route = { topic: "#t", topicBytes: 2 };

/** Outboxes that share a broker's memory, of connections that take nothing unless the test does. */
class Bench {
  readonly pool = new ChunkPool();
  readonly memory: HeldMemory;
  readonly evicted: Eviction[] = [];
  readonly #limit: number;
  readonly #frames = new Map<number, Chunk>();

  constructor({ most = 1024 * MIB, limit = 64 * MIB } = {}) {
    this.#limit = limit;
    this.memory = new HeldMemory({ most, pool: this.pool });
  }

  outbox(): Outbox {
    const { pool, memory } = this;
    const settings = { limits: { outbox: this.#limit }, stallTimeout: 1000, now: () => 0, pool, memory };
    return new Outbox({ ...settings, counters: new Counters(), flushes: new FlushList() }, {
      onReady: () => {},
      onEvicted: (why) => this.evicted.push(why),
      onDropping: () => {},
    });
  }

  subscription(outbox: Outbox, policy: SlowPolicy, protocol: Protocol = FRAMES): Subscription {
    return new Subscription(policy, { outbox, speaker: { protocol, grant: UNLIMITED }, pattern: "#t" });
  }

  /** A run of one message in a chunk of its own, delivered to all. */
  deliver(to: readonly Subscription[], payload: number, expires?: number): void {
    const chunk = this.#frame(payload);
    const slice = new Slice(chunk, 0, frameOf(payload).length + payload + 1);
    const run = new Run(slice, {
      route,
      encoding: RECORDS,
      count: 1,
      pool: this.pool,
      hasFields: false,
      ttl: expires,
      expires,
    });
    for (const subscription of to) subscription.deliver(run);
    run.release();
    if (!this.#frames.has(payload)) chunk.release();
  }

  /** Small ones are one chunk for all: what they are read into is not what is measured. */
  #frame(payload: number): Chunk {
    const known = this.#frames.get(payload);
    if (known !== undefined) return known;
    const header = frameOf(payload);
    const chunk = this.pool.take(header.length + payload + 1);
    chunk.bytes.fill(0x78);
    chunk.bytes.set(header);
    chunk.bytes[header.length + payload] = 0x0a;
    if (payload < KIB) this.#frames.set(payload, chunk);
    return chunk;
  }
}

function frameOf(payload: number): Uint8Array {
  return new TextEncoder().encode(`pub #t ${payload}\n`);
}

Deno.test("pieces of a byte that cannot be merged lie one behind the other, and their objects count", () => {
  const bench = new Bench();
  const outbox = bench.outbox();
  const two = [bench.subscription(outbox, "drop-old"), bench.subscription(outbox, "drop-old")];
  for (let at = 0; at < 100_000; at++) bench.deliver([two[at % 2]!], 1);
  const { queued, held } = outbox;
  assert(queued > MIB, "nothing was left out");
  assert(bench.pool.bytesOut < queued + 2 * GATHER_BYTES, `${bench.pool.bytesOut} for ${queued} bytes`);
  assert(held >= queued + 100_000 * SEGMENT_BYTES, "what keeps them is counted");
  assert(bench.memory.held >= held - 200 * SEGMENT_BYTES, "and told");
  outbox.close();
  assert(bench.memory.held < KIB, "and comes back");
});

Deno.test("times to live that differ by a millisecond share chunks, too", () => {
  const bench = new Bench();
  const outbox = bench.outbox();
  const old = [bench.subscription(outbox, "drop-old")];
  for (let at = 0; at < 20_000; at++) bench.deliver(old, 100, 60_000 + at);
  assert(bench.pool.bytesOut < 1.2 * outbox.queued + 2 * GATHER_BYTES, `${bench.pool.bytesOut}`);
});

Deno.test("the bound is on what is held, not on payloads", () => {
  const bench = new Bench({ limit: MIB });
  const outbox = bench.outbox();
  const two = [bench.subscription(outbox, "drop-new"), bench.subscription(outbox, "drop-old")];
  for (let at = 0; at < 50_000; at++) bench.deliver([two[at % 2]!], 1, 60_000 + at);
  assert(outbox.held <= 1.5 * MIB + KIB, `${outbox.held} are held`);
  assert(bench.memory.held <= 2 * MIB, `${bench.memory.held} in truth`);
  assert(outbox.queued < 200 * KIB);
});

Deno.test("what is taken out in the midst of others pins no chunk for ever", () => {
  const bench = new Bench({ limit: 16 * MIB });
  const outbox = bench.outbox();
  const kept = [bench.subscription(outbox, "drop-new")];
  const old = [bench.subscription(outbox, "drop-old")];
  for (let at = 0; at < 40_000; at++) bench.deliver(at % 10 === 0 ? kept : old, 1000);
  // the old ones go; those that are kept lie between them
  for (let at = 0; at < 100_000; at++) bench.deliver(old, 1000);
  const { held } = outbox;
  assert(held <= 16 * MIB + KIB);
  assert(bench.pool.bytesOut <= 1.5 * held + 4 * GATHER_BYTES, `${bench.pool.bytesOut} out for ${held}`);
});

Deno.test("one topic replaced for ever holds one state", () => {
  const bench = new Bench();
  const outbox = bench.outbox();
  const latest = [bench.subscription(outbox, "latest")];
  bench.deliver(latest, 10);
  for (let at = 0; at < 100_000; at++) bench.deliver(latest, 500);
  assert(bench.memory.held < 8 * KIB, `${bench.memory.held}`);
});

Deno.test("large payloads are held once for all who do not read, and so is what they are converted to", () => {
  const bench = new Bench();
  const many = (count: number, protocol: Protocol): Subscription[] =>
    Array.from({ length: count }, () => bench.subscription(bench.outbox(), "drop-new", protocol));
  const subscribers = [...many(50, FRAMES), ...many(50, CLASSIC)];
  for (let at = 0; at < 3; at++) bench.deliver(subscribers, 5 * MIB);
  assertEquals(bench.pool.bytesOut, 3 * 2 * 8 * MIB);
});

Deno.test("the newest of a run is made once for all who keep only that", () => {
  const pool = new ChunkPool();
  const text = new TextEncoder().encode("pub #t 1\na\n".repeat(3));
  const chunk = pool.take(text.length);
  chunk.bytes.set(text);
  const options = {
    route,
    encoding: RECORDS,
    count: 3,
    pool,
    hasFields: false,
    ttl: undefined,
    expires: undefined,
  };
  const run = new Run(new Slice(chunk, 0, text.length), options);
  assert(run.newest === run.newest);
  assertEquals(run.newest.count, 1);
  assert(CLASSIC.deliveries(run.newest) === CLASSIC.deliveries(run.newest));
  run.release();
  chunk.release();
  assertEquals(pool.bytesOut, 0);
});

Deno.test("a few bytes of a large chunk do not hold it, not even where nothing else waits", () => {
  const bench = new Bench();
  const outbox = bench.outbox();
  const chunk = bench.pool.take(8 * MIB);
  chunk.bytes.set(new TextEncoder().encode("pub #t 1\na\n"));
  const run = new Run(new Slice(chunk, 0, 11), {
    route,
    encoding: RECORDS,
    count: 1,
    pool: bench.pool,
    hasFields: false,
    ttl: undefined,
    expires: undefined,
  });
  bench.subscription(outbox, "block").deliver(run);
  chunk.release();
  assert(bench.pool.bytesOut < 4 * KIB);
});

Deno.test("nobody holds more than what is free, and all together no more than there is", () => {
  const bench = new Bench({ most: 64 * MIB });
  const outboxes = Array.from({ length: 20 }, () => bench.outbox());
  const subscribers = outboxes.map((outbox) => [bench.subscription(outbox, "drop-new")]);
  // the first comes alone
  for (let at = 0; at < 10_000; at++) bench.deliver(subscribers[0]!, 10_000);
  assert(Math.abs(bench.memory.held - 32 * MIB) < 2 * MIB, "one stops at half");
  for (let at = 0; at < 2000; at++) for (const each of subscribers) bench.deliver(each, 10_000);
  assert(bench.memory.held < 64 * MIB && bench.memory.share > 0);
  assert(outboxes.every(({ queued }) => queued > 0), "who holds little finds room");
});

Deno.test("an outbox that is empty takes one run whatever others hold, and its publishers wait until it has left", () => {
  const bench = new Bench({ most: MIB });
  const outbox = bench.outbox();
  const subscription = bench.subscription(outbox, "block");
  bench.memory.hold(2 * MIB);
  let resumed = 0;
  for (let at = 0; at < 10; at++) {
    assert(!subscription.full);
    bench.deliver([subscription], 100);
    assert(subscription.full);
    subscription.whenNotFull(() => resumed++);
    outbox.wrote(outbox.take()!.length);
  }
  assertEquals(resumed, 10);
});

Deno.test("who waits is called when others have let go, though this outbox moves nothing", () => {
  const bench = new Bench({ most: 8 * MIB });
  const outbox = bench.outbox();
  const subscription = bench.subscription(outbox, "block");
  bench.memory.hold(8 * MIB);
  bench.deliver([subscription], 100);
  outbox.take();
  let resumed = 0;
  subscription.whenNotFull(() => resumed++);
  outbox.tick(250);
  assertEquals([resumed, subscription.full], [0, true]);
  bench.memory.letGo(8 * MIB);
  outbox.tick(250);
  assertEquals([resumed, subscription.full], [1, false]);
});

Deno.test("publishers wait for pieces of a byte, too", () => {
  const bench = new Bench();
  const outbox = bench.outbox();
  const blocking = bench.subscription(outbox, "block");
  for (let at = 0; !blocking.full; at++) bench.deliver([blocking], 1, 60_000 + at);
  assert(outbox.queued < HIGH_WATER);
  assert(outbox.held <= HELD_FACTOR * HIGH_WATER + KIB);
});

Deno.test("who takes nothing is given up for others' sake only where memory is short, and only for much of it", () => {
  const bench = new Bench({ most: 64 * MIB, limit: 4 * MIB });
  const hung = (policy: SlowPolicy, messages: number): Outbox => {
    const outbox = bench.outbox();
    outbox.watchesStalls = false;
    const subscription = bench.subscription(outbox, policy);
    for (let at = 0; at < messages; at++) bench.deliver([subscription], 1000);
    outbox.take();
    return outbox;
  };
  const large = hung("drop-old", 5000);
  const small = hung("drop-old", 10);
  large.tick(60_000);
  assertEquals(bench.evicted, []);
  bench.memory.hold(57 * MIB);
  small.tick(60_000);
  assertEquals(bench.evicted, [], "that would help nobody");
  large.tick(60_000);
  assertEquals(bench.evicted, ["stalled"]);
});
