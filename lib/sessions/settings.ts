/**
 * What all connections of a server have in common.
 *
 * @module
 */
import type { ChunkPool } from "../buffers.ts";
import type { Engine, Level } from "../engine/types.ts";
import type { Limits } from "../limits.ts";
import type { Log } from "../log.ts";
import type { FlushList } from "./flush_list.ts";
import type { SlowPolicy } from "./lane.ts";

/** One object a server, shared by all its connections. */
export interface Settings {
  readonly engine: Engine;
  /** Which topics are durable: canonical patterns, for v2 clients to know. */
  readonly durable: readonly string[];
  /** What an acknowledgement of a durable message promises. */
  readonly storedLevel: Level;
  /** What v2 clients are told. */
  readonly version: string;
  readonly limits: Limits;
  /** The policy of subscriptions that choose none. */
  readonly slowConsumer: SlowPolicy;
  /** Milliseconds without progress before a slow consumer is cut off. */
  readonly stallTimeout: number;
  /** The wall clock, milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  readonly pool: ChunkPool;
  readonly flushes: FlushList;
}
