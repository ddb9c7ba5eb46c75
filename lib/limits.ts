/**
 * Every bound in one place: what a peer can make the broker hold, and how long it may take over it.
 *
 * @module
 */

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * What can be set, on the command line as `--max-<name>` or in the config file.
 * docs/protocol.md says what breaking each gets.
 */
export interface Limits {
  /** Bytes of a line without its LF (64 KiB). Range 512 B to 1 MiB. */
  readonly line: number;
  /** Bytes of a v2 payload (8 MiB). Range 1 KiB to 256 MiB. */
  readonly payload: number;
  /** Bytes of a topic or pattern with its `#` (255). Range 16 to 4,096. */
  readonly topic: number;
  /** Patterns one connection may be subscribed to (1,000). */
  readonly patterns: number;
  /** Connections at once, over both ports (10,000). */
  readonly connections: number;
  /** Bytes that wait for one connection that reads too slowly (64 MiB). */
  readonly outbox: number;
  /** Bytes that all connections together may make the broker keep (1 GiB): see held_memory.ts. */
  readonly memory: number;
}

/** One settable limit, for the command line, the config file and the docs. */
export interface LimitSpec {
  readonly key: keyof Limits;
  readonly unit: "bytes" | "count";
  readonly fallback: number;
  readonly least: number;
  readonly most: number;
  /** What is limited, to follow "most". */
  readonly meaning: string;
}

/** The settable limits with their ranges; {@link DEFAULT_LIMITS} is made of these. */
export const LIMIT_SPECS: readonly LimitSpec[] = [
  { key: "line", unit: "bytes", fallback: 64 * KIB, least: 512, most: MIB, meaning: "bytes in a line" },
  {
    key: "payload",
    unit: "bytes",
    fallback: 8 * MIB,
    least: KIB,
    most: 256 * MIB,
    meaning: "bytes in a v2 payload",
  },
  {
    key: "topic",
    unit: "bytes",
    fallback: 255,
    least: 16,
    most: 4096,
    meaning: "bytes in a topic or pattern",
  },
  {
    key: "patterns",
    unit: "count",
    fallback: 1000,
    least: 1,
    most: 1_000_000,
    meaning: "patterns one connection subscribes to",
  },
  {
    key: "connections",
    unit: "count",
    fallback: 10_000,
    least: 1,
    most: 1_000_000,
    meaning: "connections at once, over both ports",
  },
  {
    key: "outbox",
    unit: "bytes",
    fallback: 64 * MIB,
    least: MIB,
    most: 4096 * MIB,
    meaning: "bytes waiting for one slow connection",
  },
  {
    key: "memory",
    unit: "bytes",
    fallback: 1024 * MIB,
    least: 64 * MIB,
    most: 1024 * 1024 * MIB,
    meaning: "bytes kept for all connections together",
  },
];

/** The limits a broker has when nobody says otherwise. */
export const DEFAULT_LIMITS: Limits = Object.fromEntries(
  LIMIT_SPECS.map((spec) => [spec.key, spec.fallback]),
) as unknown as Limits;

/** The largest limits a broker can be set to. */
export const LARGEST_LIMITS: Limits = Object.fromEntries(
  LIMIT_SPECS.map((spec) => [spec.key, spec.most]),
) as unknown as Limits;

/** Bytes a connection's first read buffer has: what an idle connection costs. */
export const READ_BUFFER_LEAST = 64;
/** Bytes a read buffer grows to while its connection is busy. */
export const READ_BUFFER_MOST = 256 * KIB;
/** Bytes of small segments that are gathered into one write, while little waits and when more does. */
export const GATHER_LEAST = 2 * KIB;
export const GATHER_BYTES = 64 * KIB;
/** A segment of at least so many bytes is written from where it lies instead of being gathered. */
export const GATHER_SEGMENT_MOST = 16 * KIB;
/** Bytes of read buffers that one slow connection may keep from being used again. */
export const PINNED_MOST = 4 * MIB;
/** Queued bytes from which a reply and a delivery may leave in one write; below it they leave apart (C9). */
export const JOIN_REPLIES_FROM = 4 * KIB;
/** An outbox above this many bytes makes the publishers that feed it wait (policy block). */
export const HIGH_WATER = 1 * MIB;
/** It lets them go on when it has come down to this many. */
export const LOW_WATER = 256 * KIB;
/** Bytes that wait to be stored from which publishers of durable topics have to wait. */
export const LOG_HIGH_WATER = 16 * MIB;
/** How long a message's id is remembered (`--dedup-window`), milliseconds, and how many are at most. */
export const DEDUP_WINDOW_MS = 120_000;
export const DEDUP_IDS_MOST = 1_000_000;
/** Bytes that a replay reads from the store at a time: the first time, and when it goes on and on. */
export const REPLAY_PAGE_LEAST = 64 * KIB;
export const REPLAY_PAGE_BYTES = 1 * MIB;
/** Topics whose subscribers are remembered between publishes; beyond it the memory is built anew. */
export const ROUTES_MOST = 100_000;
/** Subscribers remembered over all those topics together. */
export const ROUTED_SUBSCRIBERS_MOST = 4_000_000;

/** How long an outbox may take no byte before its connection is cut off (`--stall-timeout`), milliseconds. */
export const STALL_TIMEOUT_MS = 5_000;
/** How long SIGTERM waits for what is queued to leave (`--drain-timeout`), milliseconds. */
export const DRAIN_TIMEOUT_MS = 10_000;
/** The longest a timer can be set to, milliseconds: some 24 days. */
export const TIMER_MOST_MS = 2 ** 31 - 1;

for (const spec of LIMIT_SPECS) {
  check(
    spec.least <= spec.fallback && spec.fallback <= spec.most,
    `the range of --max-${spec.key} holds its default`,
  );
}
check(LOW_WATER < HIGH_WATER, "publishers are let go below the mark at which they are held");
check(GATHER_SEGMENT_MOST <= GATHER_BYTES, "a gathered segment fits the gathering buffer");
check(READ_BUFFER_LEAST <= READ_BUFFER_MOST, "read buffers grow");
check(2 * READ_BUFFER_MOST <= HIGH_WATER, "one read does not fill an outbox");

function check(holds: boolean, relation: string): void {
  if (!holds) throw new Error(`limits.ts contradicts itself: ${relation}`);
}
