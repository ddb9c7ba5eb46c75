/**
 * What an account may make the broker hold and do, where that is not as for everybody.
 *
 * @module
 */

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * What is left out is as for everybody: the broker's own limits, and no bound on connections and rates. None
 * of them lets an account have more than the broker's own limit of that.
 */
export interface AccountLimits {
  /** Connections at once. */
  readonly connections?: number;
  /** Patterns one of its connections may be subscribed to. */
  readonly patterns?: number;
  /** Bytes of a payload. */
  readonly payload?: number;
  /** Bytes that may be held for one of its connections that reads too slowly. */
  readonly outbox?: number;
  /** Messages that all of its connections together publish in a second. */
  readonly messageRate?: number;
  /** Bytes, topics and fields with them, that they publish in a second. */
  readonly byteRate?: number;
  /** Topics that begin in the store with what they publish, in a minute; 0: none ever does. */
  readonly newTopics?: number;
}

/** One of them, as a file of accounts has it. */
export interface AccountLimitSpec {
  readonly key: keyof AccountLimits;
  /** The key in a file of accounts. */
  readonly name: string;
  readonly unit: "bytes" | "count";
  readonly least: number;
  readonly most: number;
  /** What is limited, to follow "most". */
  readonly meaning: string;
}

/** All of them with their ranges. */
export const ACCOUNT_LIMIT_SPECS: readonly AccountLimitSpec[] = [
  {
    key: "connections",
    name: "max-connections",
    unit: "count",
    least: 1,
    most: 1_000_000,
    meaning: "connections at once",
  },
  {
    key: "patterns",
    name: "max-patterns",
    unit: "count",
    least: 1,
    most: 1_000_000,
    meaning: "patterns a connection subscribes to",
  },
  {
    key: "payload",
    name: "max-payload",
    unit: "bytes",
    least: KIB,
    most: 256 * MIB,
    meaning: "bytes in a v2 payload",
  },
  {
    key: "outbox",
    name: "max-outbox",
    unit: "bytes",
    least: MIB,
    most: 4096 * MIB,
    meaning: "bytes held for one slow connection",
  },
  {
    key: "messageRate",
    name: "max-message-rate",
    unit: "count",
    least: 1,
    most: 1_000_000_000,
    meaning: "messages published in a second",
  },
  {
    key: "byteRate",
    name: "max-byte-rate",
    unit: "bytes",
    least: KIB,
    most: 1024 * 1024 * MIB,
    meaning: "bytes published in a second",
  },
  {
    key: "newTopics",
    name: "max-new-topics",
    unit: "count",
    least: 0,
    most: 1_000_000,
    meaning: "stored topics begun in a minute",
  },
];
