/** What a subscription is to an engine, and its bounds, each at the last that is within and the first that is not. */
import { assert, assertEquals } from "@std/assert";
import { type Grant, UNLIMITED } from "../../lib/auth/grant.ts";
import { Chunk, ChunkPool, Slice } from "../../lib/buffers.ts";
import { Counters } from "../../lib/counters.ts";
import { FlushList } from "../../lib/flush_list.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { DEFAULT_LIMITS, HIGH_WATER, SEGMENT_BYTES } from "../../lib/limits.ts";
import { CLASSIC, FRAMES, type Protocol } from "../../lib/protocols/mod.ts";
import { type Eviction, Outbox } from "../../lib/sessions/outbox/outbox.ts";
import { Segment } from "../../lib/sessions/outbox/segment.ts";
import { Subscription } from "../../lib/sessions/subscription.ts";
import { SLOW_POLICIES, type SlowPolicy } from "../../lib/slow_policy.ts";
import { RECORDS } from "../../lib/wire/encoding.ts";
import { Run } from "../../lib/wire/run.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** An outbox that holds `limit` bytes, written by the test. */
class Bench {
  readonly counters = new Counters();
  readonly pool = new ChunkPool();
  readonly memory = new HeldMemory({ most: DEFAULT_LIMITS.memory, pool: this.pool });
  readonly evicted: (readonly [why: Eviction, unsent: number])[] = [];
  readonly outbox: Outbox;
  #runs = 0;

  constructor(limit: number = DEFAULT_LIMITS.outbox) {
    const { counters, pool, memory } = this;
    this.outbox = new Outbox({
      limits: { outbox: limit },
      stallTimeout: 1000,
      now: () => 0,
      pool,
      memory,
      counters,
      flushes: new FlushList(),
    }, {
      onReady: () => {},
      onEvicted: (why, unsent) => this.evicted.push([why, unsent]),
      onDropping: () => {},
    });
  }

  open(
    policy: SlowPolicy,
    { pattern = "#>", protocol = FRAMES, grant = UNLIMITED }: {
      readonly pattern?: string;
      readonly protocol?: Protocol;
      readonly grant?: Grant;
    } = {},
  ): Subscription {
    return new Subscription(policy, { outbox: this.outbox, speaker: { protocol, grant }, pattern });
  }

  /** A run of these messages, which is merged with no other. */
  deliver(to: Subscription, topic: string, ...payloads: readonly string[]): void {
    const text = payloads.map((payload) => frameOf(topic, payload)).join("");
    const run = new Run(new Slice(new Chunk(encoder.encode(text))), {
      route: { topic, topicBytes: topic.length },
      encoding: RECORDS,
      count: payloads.length,
      pool: this.pool,
      hasFields: false,
      ttl: undefined,
      expires: 1e9 + this.#runs++,
    });
    to.deliver(run);
    run.release();
  }

  /** Somebody else's so many bytes wait, with their object. */
  fill(bytes: number): void {
    const slice = new Slice(new Chunk(new Uint8Array(bytes - SEGMENT_BYTES).fill(0x78)));
    this.outbox.put(new Segment(slice, 0, { expires: 1e9 + this.#runs++ }));
  }

  /** All that is written now. */
  written(): string {
    let text = "";
    for (let bytes = this.outbox.take(); bytes !== undefined; bytes = this.outbox.take()) {
      assert(bytes.length > 0, "a marker of what was left out is nothing to write");
      text += decoder.decode(bytes);
      this.outbox.wrote(bytes.length);
    }
    return text.replaceAll("x", "");
  }
}

function frameOf(topic: string, payload: string): string {
  return `pub ${topic} ${payload.length}\n${payload}\n`;
}

/** What one message of a character costs: 11 bytes, and an object. */
const COST = SEGMENT_BYTES + 11;

Deno.test("what a subscription is to an engine follows from its policy", () => {
  const shown = SLOW_POLICIES.map((policy) => {
    const bench = new Bench();
    const subscription = bench.open(policy);
    const { rank, leavesOut, full } = subscription;
    bench.fill(HIGH_WATER + SEGMENT_BYTES);
    assertEquals([bench.outbox.aboveHighWater, full], [true, false]);
    const takes = [subscription.takesJoined(RECORDS), subscription.takesJoined(CLASSIC.encoding)];
    return [policy, -rank, leavesOut, subscription.full, takes];
  });
  assertEquals(shown, [
    ["block", 0, false, true, [true, false]],
    ["disconnect", 1, false, false, [false, false]],
    ["drop-new", 2, true, false, [false, false]],
    ["drop-old", 3, true, false, [false, false]],
    ["latest", 4, true, false, [false, false]],
  ]);
  const classic = new Bench().open("block", { protocol: CLASSIC });
  assertEquals([classic.takesJoined(RECORDS), classic.takesJoined(CLASSIC.encoding)], [false, true]);
});

Deno.test("who names a requester gets its answers, and others get what their account may but for answers (P5)", () => {
  const grant: Grant = {
    ...UNLIMITED,
    account: "a",
    administrator: false,
    mayReceive: (topic) => topic !== "#b",
  };
  const may = (pattern: string, by: Grant, topic: string): boolean =>
    new Bench().open("block", { pattern, grant: by }).grant?.mayReceive(topic) !== false;
  const asked = ["#_reply.me.1", "#a", "#b"];
  assertEquals(asked.map((topic) => may("#_reply.me.*", grant, topic)), [true, true, false]);
  assertEquals(asked.map((topic) => may("#>", grant, topic)), [false, true, false]);
  assertEquals(asked.map((topic) => may("#>", { ...grant, administrator: true }, topic)), [
    true,
    true,
    false,
  ]);
  assertEquals(asked.map((topic) => may("#>", UNLIMITED, topic)), [true, true, true]);
});

Deno.test("what is read from the store says where it begins, ends, is missing or fails, to who can be told", () => {
  for (
    const [protocol, said] of [
      [
        FRAMES,
        'gap #> 7\ninfo {"live":"#>"}\ninfo {"behind":"#>"}\ninfo {"end":"#>"}\n' +
        'info {"failed":"#>","reason":"why"}\n',
      ],
      [CLASSIC, ""],
    ] as const
  ) {
    const bench = new Bench();
    const subscription = bench.open("block", { protocol });
    subscription.missed(7);
    subscription.caughtUp("live");
    subscription.fellBehind();
    subscription.caughtUp("end");
    subscription.failed("why");
    assertEquals(bench.written(), said);
    assertEquals([bench.outbox.dropped, bench.counters.totals.dropped], [7, 7]);
    bench.outbox.close();
    subscription.missed(7);
    assertEquals([bench.written(), bench.counters.totals.dropped], ["", 7]);
  }
});

Deno.test("to a connection that is gone nothing is delivered, and nothing is counted, under whichever policy", () => {
  for (const policy of SLOW_POLICIES) {
    const bench = new Bench(10);
    const subscription = bench.open(policy);
    bench.outbox.close();
    for (const payload of ["1", "2", "3"]) bench.deliver(subscription, "#a", payload);
    assertEquals([bench.outbox.queued, bench.evicted, bench.counters.totals.dropped], [0, [], 0], policy);
  }
});

Deno.test("drop-new and disconnect take what just fits, and of what does not nothing", () => {
  for (const policy of ["drop-new", "disconnect"] as const) {
    for (const [limit, fits] of [[3 * COST + 1, true], [3 * COST, true], [3 * COST - 1, false]] as const) {
      const bench = new Bench(limit);
      const subscription = bench.open(policy);
      for (const payload of ["1", "2"]) bench.deliver(subscription, "#a", payload);
      assertEquals(bench.counters.totals.dropped, 0);
      bench.deliver(subscription, "#a", "3");
      const what = `${policy} ${limit}`;
      assertEquals(bench.counters.totals.dropped, fits ? 0 : 1, what);
      assertEquals(bench.evicted, fits || policy === "drop-new" ? [] : [["outbox full", 3]], what);
    }
  }
});

Deno.test("drop-old leaves out the oldest of its own for what just does not fit, and no more than it has to", () => {
  for (const [limit, first] of [[4 * COST, 1], [4 * COST - 1, 2]] as const) {
    const bench = new Bench(limit);
    const subscription = bench.open("drop-old");
    for (const payload of ["1", "2", "3", "4"]) bench.deliver(subscription, "#a", payload);
    const gap = first === 1 ? "" : "gap #> 1\n";
    const kept = ["1", "2", "3", "4"].slice(first - 1).map((payload) => frameOf("#a", payload)).join("");
    assertEquals(bench.written(), `${gap}${kept}`, `${limit}`);
  }
});

/** What each of those that keep the newest may hold where others fill the outbox: half of it, here. */
function share(policy: SlowPolicy, room: number): string {
  const limit = 2 * room;
  const bench = new Bench(limit);
  const subscription = bench.open(policy);
  bench.fill(limit);
  for (let at = 1; at <= 5; at++) bench.deliver(subscription, policy === "latest" ? `#${at}` : "#a", `${at}`);
  return bench.written().replaceAll(/pub #. 1\n/g, "").replaceAll("\n", " ");
}

Deno.test("where others fill the outbox, what keeps the newest keeps what just fits its share (V7)", () => {
  for (const policy of ["drop-old", "latest"] as const) {
    assertEquals(share(policy, 5 * COST), "1 2 3 4 5 ", policy);
    assertEquals(share(policy, 5 * COST - 1), "gap #> 1 2 3 4 5 ", policy);
    assertEquals(share(policy, 3 * COST), "gap #> 2 3 4 5 ", policy);
    assertEquals(share(policy, 3 * COST - 1), "gap #> 3 4 5 ", policy);
    assertEquals(share(policy, COST), "gap #> 4 5 ", policy);
  }
});

Deno.test("a run that is more than its share leaves its newest, and one whose newest is even too much for all leaves none", () => {
  const limit = 4 * COST;
  for (const policy of ["drop-old", "latest"] as const) {
    const bench = new Bench(limit);
    const subscription = bench.open(policy);
    bench.fill(limit);
    bench.deliver(subscription, "#a", "1", "2", "3");
    bench.deliver(subscription, "#b", ..."0123456789".repeat(4));
    // of three that fit as they are, drop-old has to leave out all for one more
    const before = policy === "latest" ? `gap #> 2\n${frameOf("#a", "3")}gap #> 39\n` : "gap #> 42\n";
    assertEquals(bench.written(), `${before}${frameOf("#b", "9")}`, policy);
    bench.fill(limit);
    bench.deliver(subscription, "#a", "1");
    bench.deliver(subscription, "#c", "y".repeat(limit));
    assertEquals(bench.written(), `${frameOf("#a", "1")}gap #> 1\n`, policy);
  }
});

Deno.test("one newest message that is more than the share has what is left on top, when nothing else of it waits", () => {
  // half as much again of the limit may be held, of which the others hold that
  for (const [bytes, kept] of [[0, true], [1, false]] as const) {
    const limit = 1000;
    const bench = new Bench(limit);
    bench.outbox.keepers = 2;
    const subscription = bench.open("drop-old");
    bench.fill(limit);
    bench.deliver(subscription, "#a", "1");
    const header = "pub #b 000\n\n".length;
    const payload = "y".repeat(500 - SEGMENT_BYTES - header + bytes);
    bench.deliver(subscription, "#b", payload);
    assertEquals(
      bench.written(),
      kept ? `gap #> 1\n${frameOf("#b", payload)}` : `${frameOf("#a", "1")}gap #> 1\n`,
    );
  }
});

Deno.test("latest replaces what waits of a topic, and nothing while nothing waits", () => {
  const bench = new Bench();
  const subscription = bench.open("latest");
  bench.deliver(subscription, "#a", "1", "2");
  assertEquals(bench.written(), frameOf("#a", "1") + frameOf("#a", "2"));
  bench.deliver(subscription, "#a", "3");
  bench.deliver(subscription, "#a", "4");
  bench.deliver(subscription, "#b", "5", "6");
  bench.deliver(subscription, "#a", "7");
  assertEquals(
    bench.written(),
    [
      // it may be taken out again only when it waits behind something
      frameOf("#a", "3"),
      "gap #> 1\n",
      frameOf("#b", "6"),
      "gap #> 1\n",
      frameOf("#a", "7"),
    ].join(""),
  );
  assertEquals([bench.outbox.dropped, bench.outbox.held, bench.outbox.queued], [2, 0, 0]);
});

Deno.test("what was left out is told once, where it would have come, also where nothing comes behind it", () => {
  const bench = new Bench(2 * COST);
  const subscription = bench.open("drop-new");
  for (const payload of ["1", "2", "3", "4"]) bench.deliver(subscription, "#a", payload);
  bench.fill(SEGMENT_BYTES + 2);
  bench.deliver(subscription, "#a", "5", "6");
  assertEquals(bench.written(), `${frameOf("#a", "1")}${frameOf("#a", "2")}gap #> 4\n`);
  bench.deliver(subscription, "#a", "7");
  assertEquals(bench.written(), frameOf("#a", "7"));
});

Deno.test("where the protocol tells no gaps, and where a subscription has no pattern of its own, they are only counted", () => {
  for (const how of [{ protocol: CLASSIC }, { pattern: "" }]) {
    const bench = new Bench(1.5 * COST);
    const subscription = bench.open("drop-new", how);
    for (const payload of ["1", "2", "3"]) bench.deliver(subscription, "#a", payload);
    const written = bench.written();
    assertEquals(written, "protocol" in how ? "#a 1\n" : frameOf("#a", "1"));
    assertEquals([bench.outbox.dropped, bench.outbox.queued], [2, 0]);
  }
});

Deno.test("what a subscription may leave out is its own, whatever others have that never left anything out", () => {
  const [one, other] = [new Bench(), new Bench(2 * COST)];
  const [kept, small] = [one.open("drop-old"), other.open("drop-old")];
  for (const payload of ["1", "2"]) one.deliver(kept, "#a", payload);
  for (const payload of ["3", "4", "5"]) other.deliver(small, "#a", payload);
  assertEquals(other.written(), `gap #> 1\n${frameOf("#a", "4")}${frameOf("#a", "5")}`);
  assertEquals(one.written(), frameOf("#a", "1") + frameOf("#a", "2"));
});

Deno.test("of those that are gone sixty-four are remembered, and as many again as wait", () => {
  const bench = new Bench();
  const subscription = bench.open("latest");
  const peaks: number[] = [];
  let before = 0;
  for (let at = 0; at < 400; at++) {
    bench.deliver(subscription, "#a", "1");
    if (subscription.remembered < before) peaks.push(before);
    before = subscription.remembered;
  }
  assertEquals(peaks, [64, 66, 66, 66, 66, 66]);
});
