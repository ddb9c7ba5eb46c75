/**
 * The durable log.
 *
 * @module
 */
export { MemoryStore } from "./memory.ts";
export { openSqliteStore, type SqliteOptions } from "./sqlite.ts";
export type { Store, StoreState } from "./types.ts";
