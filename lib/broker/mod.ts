/**
 * A broker in one's own process.
 *
 * @module
 */
export { Broker, listenersOn, type Origin, PUBLISHERS, SUBSCRIBERS } from "./broker.ts";
export type { BrokerOptions, DataOptions, StoreOption } from "./options.ts";
export type { BrokerSnapshot, Health } from "./snapshot.ts";
export type { Totals } from "../counters.ts";
export type { Listener, Listening, ListenSpec, Transport } from "../sessions/mod.ts";
export type { SlowPolicy } from "../slow_policy.ts";
/** A store that keeps nothing beyond the process: durable topics for tests. */
export { MemoryStore } from "../store/memory.ts";
