/**
 * How a broker is set up.
 *
 * @module
 */
import type { Gatekeeper } from "../auth/gatekeeper.ts";
import type { EngineSource } from "../engine/source.ts";
import type { Limits } from "../limits.ts";
import type { Log } from "../log.ts";
import type { SlowPolicy } from "../slow_policy.ts";
import type { RetentionRules, Store } from "../store/types.ts";

/** Options of a broker; every one may be left out. */
export interface BrokerOptions {
  /** What v2 clients are told (0.0.0). */
  readonly version?: string;
  /** What peers can make it hold; what is left out has its default. */
  readonly limits?: Partial<Limits>;
  /** What happens to a subscription that cannot keep up and chose nothing (block). */
  readonly slowConsumer?: SlowPolicy;
  /** Milliseconds without progress before a slow consumer is cut off (5,000). */
  readonly stallTimeout?: number;
  /** Canonical patterns of the topics that are stored, where there is a store (all). */
  readonly durable?: readonly string[];
  /** Milliseconds for which a durable message's id is remembered (2 minutes). */
  readonly dedupWindow?: number;
  /**
   * Whether a stored message is on disk when it is acknowledged (commit), or up to 100 ms later (interval).
   */
  readonly sync?: "commit" | "interval";
  /** Milliseconds that a member of a group may hold a stored message that it settles itself (30,000). */
  readonly ackTimeout?: number;
  /** How often a group gives out a stored message before it becomes a dead letter (5). */
  readonly maxAttempts?: number;
  /** Who lets clients in (everybody may do everything). */
  readonly gatekeeper?: Gatekeeper | undefined;
  /** Milliseconds a connection may take until it has logged in, where there is a gatekeeper (10,000). */
  readonly loginTimeout?: number;
  /**
   * Connections at once from one address, of IPv6 from one /64 (without a gatekeeper any number, with one
   * 1,000).
   */
  readonly connectionsPerAddress?: number | undefined;
  /**
   * Whether it is counted what is published to each topic, and looked at how long messages take to be written
   * (false): a little for each run and each write.
   */
  readonly measures?: boolean;
  /** Where events go (nowhere). */
  readonly log?: Log;
  /** The wall clock, milliseconds since 1970. */
  readonly now?: () => number;
}

/** Where durable topics are kept. */
export interface DataOptions {
  /** A directory on disk, made where it is missing. Nothing is stored without. */
  readonly data?: string | undefined;
  /** What is deleted, and when (nothing). */
  readonly retain?: RetentionRules;
}

/** An open store in place of one on disk; the broker closes it. */
export interface StoreOption {
  /** A `MemoryStore`, or one of one's own. */
  readonly store?: Store | undefined;
}

/** An engine that other brokers share, in place of a store; it knows itself what it stores, and how. */
export interface EngineOption {
  /** Reached already; the broker closes it. */
  readonly engine?: EngineSource | undefined;
}
