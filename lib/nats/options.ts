/**
 * What is asked for of an engine on NATS.
 *
 * @module
 */
import type { Log } from "../log.ts";
import type { RetentionRules } from "../store/types.ts";
import type { NatsCredentials } from "./connection_options.ts";

/** What is asked for. */
export interface NatsOptions {
  /** `host:port` each, without credentials. */
  readonly servers: readonly string[];
  /** What all our subjects begin with: one that `prefixProblem` has nothing against. */
  readonly prefix: string;
  /** Canonical patterns of topics in memory that NATS programs read. */
  readonly plain: readonly string[];
  /** How many servers keep what is stored. */
  readonly replicas: number;
  /** How long it is tried to connect, milliseconds. */
  readonly connectTimeout: number;
  /** As NATS's monitoring shows the connection. */
  readonly name: string;
  readonly credentials: NatsCredentials;
  /** Canonical patterns of durable topics; none: nothing is stored. */
  readonly durable: readonly string[];
  readonly retain?: RetentionRules | undefined;
  /** As those of a broker with a store: milliseconds, and a count. */
  readonly dedupWindow?: number | undefined;
  readonly ackTimeout?: number | undefined;
  readonly maxAttempts?: number | undefined;
  readonly log: Log;
}
