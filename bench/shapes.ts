/**
 * What is measured: one row a shape. The same rows run on every peer.
 *
 * @module
 */

/**
 * How a shape is driven and what comes out.
 *
 * - `flow`: as much as the broker takes; deliveries a second (publishes, where nobody subscribes)
 * - `stuck`: a flow beside one more subscriber that never reads; deliveries a second to the others
 * - `ping`: a publish waits for its own delivery; latencies
 * - `open`: publishes leave by a schedule, whatever comes back; latencies counted from the schedule, so that stalls show
 * - `acked`: a publish waits for its answer; latencies, judged by how many that makes a second
 * - `pairs`: the same as `ping`, many at once; deliveries a second, latencies, and what the slowest pair got
 * - `floods`: publishers that never pause, and one newcomer after the other; how long newcomers take, what
 *   the slowest flood got, who was cut
 * - `queue`: a publisher, and workers who share what it publishes and settle each message; settled a second
 * - `connect`: connect, subscribe, be answered, close; connections a second
 * - `idle`: subscribers that wait; resident bytes of the broker for each
 * - `scale`: subscriptions by the hundred thousand; resident bytes for each, and how long one message takes then
 * - `startup`: from exec to the line that says the broker listens; milliseconds
 */
export type Mode =
  | "flow"
  | "stuck"
  | "ping"
  | "open"
  | "acked"
  | "pairs"
  | "floods"
  | "queue"
  | "connect"
  | "idle"
  | "scale"
  | "startup";

/** One row of the table. */
export interface Shape {
  /** As `--shapes` and the results name it. */
  readonly name: string;
  /** As a person reads it. */
  readonly title: string;
  readonly mode: Mode;
  readonly publishers: number;
  readonly subscribers: number;
  /** Publisher and subscriber i are on topic i modulo this. */
  readonly topics: number;
  /** Bytes of a payload. */
  readonly size: number;
  /** Most messages published in a measured run, all publishers together; bounds time and memory, not the rate. */
  readonly messages: number;
  /** Ours only: subscribers speak the other one of our two protocols. */
  readonly crossed?: true;
  /** `scale` only: topics each subscriber is subscribed to. */
  readonly patterns?: number;
  /**
   * Each message goes to another of so many topics, and every subscriber is subscribed to all of them by one
   * pattern.
   */
  readonly changes?: number;
  /** Topics that each publisher takes turns in, a message to each, where nobody subscribes. */
  readonly takesTurns?: number;
  /** Publishes unanswered at a time, all publishers together; otherwise what TCP and a bound on bytes let through. */
  readonly window?: number;
  /** `queue` only: each message is settled by a request of its own; left out: as many in one as may be. */
  readonly settles?: "each";
  /** Messages are kept: runs on those that have a store, and on nobody else. */
  readonly durable?: true;
  /** All of it inside TLS 1.3. */
  readonly tls?: true;
  /** A run takes so many times as long as others. */
  readonly lasts?: number;
  /** Rounds that are enough, where one takes long and says the same every time. */
  readonly roundsMost?: number;
  /** `open` only: messages a second, or the part of the peak this peer showed in {@link PEAK_SHAPE}. */
  readonly rate?: { readonly perSecond: number } | { readonly ofPeak: number };
}

/** The shape whose rate stands for a peer's peak in `ofPeak`. */
export const PEAK_SHAPE = "1-1-128";

const KIB = 1024;

/** Every shape, in the order they run. 60 KiB is what fits a classic line of 64 KiB, in round figures; v2 counts the payload alone. */
export const SHAPES: readonly Shape[] = [
  flow("1-1-16", "1 → 1, 16 B", { publishers: 1, subscribers: 1, size: 16, messages: 20_000_000 }),
  flow("1-1-128", "1 → 1, 128 B", { publishers: 1, subscribers: 1, size: 128, messages: 20_000_000 }),
  flow("1-1-1k", "1 → 1, 1 KiB", { publishers: 1, subscribers: 1, size: KIB, messages: 5_000_000 }),
  flow("1-1-60k", "1 → 1, 60 KiB", { publishers: 1, subscribers: 1, size: 60 * KIB, messages: 200_000 }),
  flow("1-1-64k", "1 → 1, 64 KiB", { publishers: 1, subscribers: 1, size: 64 * KIB, messages: 200_000 }),
  flow("1-1-crossed", "1 → 1, 128 B, to the other protocol", {
    publishers: 1,
    subscribers: 1,
    size: 128,
    messages: 20_000_000,
    crossed: true,
  }),
  flow("1-10", "1 → 10, 128 B", { publishers: 1, subscribers: 10, size: 128, messages: 4_000_000 }),
  flow("1-100", "1 → 100, 128 B", { publishers: 1, subscribers: 100, size: 128, messages: 500_000 }),
  flow("1-1000", "1 → 1000, 128 B", { publishers: 1, subscribers: 1000, size: 128, messages: 50_000 }),
  flow("20-20", "20 → 20, a topic each, 128 B", {
    publishers: 20,
    subscribers: 20,
    topics: 20,
    size: 128,
    messages: 20_000_000,
  }),
  flow("100-1", "100 → 1, 128 B", { publishers: 100, subscribers: 1, size: 128, messages: 20_000_000 }),
  flow("4-4", "4 → 4 on one topic, 128 B", { publishers: 4, subscribers: 4, size: 128, messages: 8_000_000 }),
  flow("publish-only", "1 → nobody, 128 B", {
    publishers: 1,
    subscribers: 0,
    size: 128,
    messages: 40_000_000,
  }),
  flow("stuck", "1 → 99 beside a stuck one, 128 B", {
    publishers: 1,
    subscribers: 99,
    size: 128,
    messages: 700_000,
    mode: "stuck",
  }),
  changing("changing-1k", "1 → 1, another of 1,000 topics each time, 128 B", 1000),
  changing("changing-100k", "1 → 1, another of 100,000 topics each time, 128 B", 100_000),
  latency("one-at-a-time", "one at a time, 128 B", { mode: "ping", messages: 20_000 }),
  latency("steady-10k", "10,000 a second, 128 B", {
    mode: "open",
    messages: 2_000_000,
    rate: { perSecond: 10_000 },
  }),
  latency("open-10", "10 % of its peak, 128 B", { mode: "open", messages: 2_000_000, rate: { ofPeak: 0.1 } }),
  latency("open-50", "50 % of its peak, 128 B", { mode: "open", messages: 4_000_000, rate: { ofPeak: 0.5 } }),
  latency("open-80", "80 % of its peak, 128 B", { mode: "open", messages: 6_000_000, rate: { ofPeak: 0.8 } }),
  pairs(1),
  pairs(50),
  pairs(200),
  pairs(1000),
  floods(200),
  floods(500),
  inTls(
    flow("tls-1-1-128", "1 → 1, 128 B", { publishers: 1, subscribers: 1, size: 128, messages: 20_000_000 }),
  ),
  inTls(
    flow("tls-1-1-1k", "1 → 1, 1 KiB", { publishers: 1, subscribers: 1, size: KIB, messages: 5_000_000 }),
  ),
  inTls(latency("tls-one-at-a-time", "one at a time, 128 B", { mode: "ping", messages: 20_000 })),
  inTls({ ...pairs(50), name: "tls-pairs-50" }),
  still("connect", "connect, subscribe, close", { mode: "connect", subscribers: 2_000 }),
  still("idle", "10,000 idle subscribers, memory each", {
    mode: "idle",
    subscribers: 10_000,
    roundsMost: 3,
  }),
  {
    name: "scale",
    title: "1,000,000 subscriptions, memory each",
    mode: "scale",
    publishers: 1,
    subscribers: 1000,
    patterns: 1000,
    topics: 100_000,
    size: 128,
    messages: 2000,
    roundsMost: 1,
  },
  still("startup", "exec to ready line", { mode: "startup", subscribers: 0 }),
];

/** What is acknowledged is kept: the shapes of `--durable`, in the order they run. */
export const DURABLE_SHAPES: readonly Shape[] = [
  acknowledged("kept-10k-1", "window 10,000, 1 publisher", { publishers: 1, window: 10_000 }),
  acknowledged("kept-10k-4", "window 10,000, 4 publishers", { publishers: 4, window: 10_000 }),
  {
    ...acknowledged("kept-turns", "window 10,000, 1 publisher, 2 topics in turn", {
      publishers: 1,
      window: 10_000,
    }),
    takesTurns: 2,
  },
  { ...acknowledged("kept-1", "window 1, 1 publisher", { publishers: 1, window: 1 }), mode: "acked" },
  {
    ...acknowledged("kept-64", "window 1 each, 64 publishers", { publishers: 64, window: 64 }),
    mode: "acked",
  },
  queue("queue-4", "4 workers share and settle"),
  { ...queue("queue-4-each", "4 workers share and settle each by itself"), settles: "each" },
];

interface FlowCounts {
  readonly publishers: number;
  readonly subscribers: number;
  readonly topics?: number;
  readonly size: number;
  readonly messages: number;
  readonly mode?: "flow" | "stuck";
  readonly crossed?: true;
}

function flow(name: string, title: string, counts: FlowCounts): Shape {
  return { name, title, mode: "flow", topics: 1, ...counts };
}

function changing(name: string, title: string, changes: number): Shape {
  const counts = { publishers: 1, subscribers: 1, size: 128, messages: 20_000_000 };
  return { ...flow(name, title, counts), changes };
}

/** Pairs of a publisher and a subscriber with a topic of their own and one message under way. */
function pairs(count: number): Shape {
  const title = count === 1
    ? "1 pair, one message under way"
    : `${shown(count)} pairs, one message under way each`;
  return {
    name: `pairs-${count}`,
    title: `${title}, 128 B`,
    mode: "pairs",
    publishers: count,
    subscribers: count,
    topics: count,
    size: 128,
    messages: 4_000_000,
  };
}

/** Publishers that never pause, a topic each, to nobody; and newcomers. */
function floods(count: number): Shape {
  return {
    name: `floods-${count}`,
    title: `a newcomer beside ${shown(count)} floods, 128 B`,
    mode: "floods",
    publishers: count,
    subscribers: 0,
    topics: count,
    size: 128,
    messages: 0,
    lasts: 5,
    roundsMost: 3,
  };
}

function inTls(shape: Shape): Shape {
  return { ...shape, title: `${shape.title}, inside TLS`, tls: true };
}

function shown(count: number): string {
  return count.toLocaleString("en");
}

/** On one topic, 128 B, nobody subscribes: what counts is the acknowledgement. */
function acknowledged(
  name: string,
  title: string,
  how: { readonly publishers: number; readonly window: number },
): Shape {
  const counts = { subscribers: 0, topics: 1, size: 128, messages: 4_000_000 };
  return { name, title: `kept, 128 B, ${title}`, mode: "flow", durable: true, ...counts, ...how };
}

/** One publisher of a durable topic, and who shares it. */
function queue(name: string, title: string): Shape {
  const counts = { publishers: 1, subscribers: 4, topics: 1, size: 128, messages: 4_000_000 };
  return { name, title: `kept, 128 B, ${title}`, mode: "queue", durable: true, window: 10_000, ...counts };
}

function latency(name: string, title: string, how: Pick<Shape, "mode" | "messages" | "rate">): Shape {
  return { name, title, publishers: 1, subscribers: 1, topics: 1, size: 128, ...how };
}

function still(
  name: string,
  title: string,
  how: Pick<Shape, "mode" | "subscribers"> & { readonly roundsMost?: number },
): Shape {
  return { name, title, publishers: 0, topics: how.subscribers, size: 0, messages: 0, ...how };
}
