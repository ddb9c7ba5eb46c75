/**
 * Where an engine comes from that a broker does not make itself: one that others share.
 *
 * @module
 */
import type { ChunkPool } from "../buffers.ts";
import type { Clock } from "../clock.ts";
import type { Counters } from "../counters.ts";
import type { FlushList } from "../flush_list.ts";
import type { HeldMemory } from "../held_memory.ts";
import type { Limits } from "../limits.ts";
import type { Engine } from "./types.ts";

/** What a broker gives its engine. */
export interface EngineParts {
  /** Any number that peers cannot guess. */
  readonly seed: number;
  readonly counters: Counters;
  readonly flushes: FlushList;
  /** Is told what is kept for peers, and bounds it. */
  readonly memory: HeldMemory;
  readonly pool: ChunkPool;
  /** Whether it is counted what is published to each topic. */
  readonly countsTopics: boolean;
  readonly limits: Limits;
  /** For what stands around the engine: itself it is told the time. */
  readonly clock: Clock;
  /** The wall clock, milliseconds since 1970. */
  readonly now: () => number;
  /** Calls back when the runtime has looked at its sockets next. */
  readonly later: (callback: () => void) => void;
}

/** An engine that is reached already. A broker takes it, and closes it. */
export interface EngineSource {
  /**
   * The engine, made of a broker's parts; called once, by the broker.
   *
   * @internal
   */
  open(parts: EngineParts): Engine;
}
