/**
 * The durable log.
 *
 * @module
 */
export { type CheckReport, checkStore, type CheckSummary } from "./tools/check.ts";
export { exportMessages } from "./tools/export.ts";
export type { ExportedMessage } from "./tools/message_parts.ts";
export { Importer } from "./tools/import.ts";
export { headerProblem, type ImportedMessage } from "./tools/import_frame.ts";
export { MemoryStore } from "./memory.ts";
export { type FsyncPrice, measureFsync } from "./tools/fsync_price.ts";
export { openSqliteStore, type SqliteOptions } from "./sqlite/store.ts";
export type { RetentionRules, Store, StoreState } from "./types.ts";
