/**
 * A broker in one's own process.
 *
 * @module
 */
export { Broker, listenersOn, type Origin, PUBLISHERS, SUBSCRIBERS } from "./broker.ts";
export type { BrokerOptions, DataOptions, StoreOption } from "./options.ts";
export type { BrokerSnapshot, Health } from "./snapshot.ts";
export type { Totals } from "../counters.ts";
export type { Listener, Listening, ListenSpec, SlowPolicy, Transport } from "../sessions/mod.ts";
