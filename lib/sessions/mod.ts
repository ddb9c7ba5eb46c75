/**
 * Connections: one broker's listeners and everything behind them.
 *
 * @module
 */
export { FlushList } from "./flush_list.ts";
export { type Addresses, Server, type ServerOptions } from "./server.ts";
export type { SlowPolicy } from "./lane.ts";
export type { Transport } from "./transport.ts";
