/**
 * Who gets what.
 *
 * @module
 */
export type { Engine, EngineSnapshot, Gate, Level, Receipt, Subscriber } from "./types.ts";
export { type EngineOptions, MemoryEngine } from "./memory.ts";
export { DurableEngine, type DurableEngineOptions } from "./durable/engine.ts";
