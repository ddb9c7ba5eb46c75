/**
 * The engine a broker has: the one it is given, one over its store, or one that keeps nothing.
 *
 * @module
 */
import { DurableEngine, type DurableEngineOptions, type Engine, MemoryEngine } from "../engine/mod.ts";
import type { EngineParts } from "../engine/source.ts";
import {
  ACK_TIMEOUT_MS,
  ATTEMPTS_MOST,
  DEDUP_BYTES_MOST,
  DEDUP_IDS_MOST,
  DEDUP_PART,
  DEDUP_WINDOW_MS,
  DELAYED_PART,
} from "../limits.ts";
import type { BrokerOptions, DataOptions, EngineOption, StoreOption } from "./options.ts";

/** Who is told what becomes of what is stored. */
export type StoreEvents = Pick<
  DurableEngineOptions,
  "wakeAt" | "onUnreadable" | "onRefused" | "onUnbegun" | "onLost"
>;

/** Made of the broker's options and parts. */
export function engineOver(
  { engine, store, retain, ...options }:
    & BrokerOptions
    & StoreOption
    & EngineOption
    & Pick<DataOptions, "retain">,
  parts: EngineParts & StoreEvents,
): Engine {
  if (engine !== undefined) return engine.open(parts);
  if (store === undefined) return new MemoryEngine(parts);
  const { durable = [], dedupWindow = DEDUP_WINDOW_MS, sync = "commit" } = options;
  const { memory, limits } = parts;
  return new DurableEngine({
    ...parts,
    store,
    patterns: durable.length > 0 ? durable : ["#>"],
    level: sync === "commit" ? "synced" : "memory",
    dedup: {
      window: dedupWindow,
      most: DEDUP_IDS_MOST,
      bytes: Math.min(DEDUP_BYTES_MOST, memory.most * DEDUP_PART),
    },
    groups: {
      ackTimeout: options.ackTimeout ?? ACK_TIMEOUT_MS,
      maxAttempts: options.maxAttempts ?? ATTEMPTS_MOST,
      topicMost: limits.topic,
      groupsMost: limits.groups,
    },
    topicsMost: limits.topics,
    delayedMost: retain?.bytes === undefined ? undefined : retain.bytes * DELAYED_PART,
  });
}
