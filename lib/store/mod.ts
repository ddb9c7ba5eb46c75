/**
 * The durable log.
 *
 * @module
 */
export { type CheckReport, checkStore, type CheckSummary } from "./check.ts";
export { MemoryStore } from "./memory.ts";
export { openSqliteStore, type SqliteOptions } from "./sqlite.ts";
export type { RetentionRules, Store, StoreState } from "./types.ts";
