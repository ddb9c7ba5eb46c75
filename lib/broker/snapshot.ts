/**
 * A broker as plain data, for whoever shows it: nothing in here changes, and nothing refers to what does.
 *
 * @module
 */
import type { Totals } from "../counters.ts";
import type { CommitsSnapshot, GroupSnapshot, LinkSnapshot } from "../engine/types.ts";
import type { HistogramState } from "../histogram.ts";
import type { ConnectionSnapshot, Listening } from "../sessions/mod.ts";
import type { StoreState } from "../store/types.ts";

/** Whether a broker is of use. */
export type Health =
  | { readonly live: true; readonly ready: true }
  /** `reason`: a clause for a person. */
  | { readonly live: boolean; readonly ready: false; readonly reason: string };

/** What there is at one moment. */
export interface BrokerSnapshot {
  /** The broker's, as v2 clients are told. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** When it was made, milliseconds since 1970. */
  readonly started: number;
  /** Whether it is of use. */
  readonly health: Health;
  /** What was counted since it was made. */
  readonly totals: Totals;
  /** Connections that ended since then, by why they did. */
  readonly endings: ReadonlyMap<string, number>;
  /** Where it listens. */
  readonly listeners: readonly Listening[];
  /** Bytes that are kept for all of them together: what --max-memory bounds. */
  readonly held: number;
  /** That bound. */
  readonly heldMost: number;
  /** Topics that may be stored. */
  readonly topicsMost: number;
  /** Who is connected. */
  readonly connections: readonly ConnectionSnapshot[];
  /** How many (pattern, subscriber) pairs there are. */
  readonly subscriptions: number;
  /** How many topics are remembered that something was published to. */
  readonly topics: number;
  /** How many subscriptions with `from` have not ended. */
  readonly replays: number;
  /** Those whose messages are shared by members. */
  readonly groups: readonly GroupSnapshot[];
  /** What the store holds; undefined: there is none. */
  readonly store: StoreState | undefined;
  /** What was committed to the store; undefined: there is none. */
  readonly commits: CommitsSnapshot | undefined;
  /** How the engine is reached; undefined: it is the broker's own. */
  readonly link: LinkSnapshot | undefined;
  /**
   * How long what waited for subscribers took to be written, a sample at a time for each; undefined: it is
   * not looked at.
   */
  readonly writes: HistogramState | undefined;
  /** Canonical patterns of durable topics. */
  readonly durable: readonly string[];
}
