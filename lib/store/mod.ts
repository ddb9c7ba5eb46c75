/**
 * The durable log.
 *
 * @module
 */
export { type CheckReport, checkStore, type CheckSummary } from "./check.ts";
export { exportMessages } from "./export.ts";
export type { ExportedMessage } from "./export_frame.ts";
export { Importer } from "./import.ts";
export { headerProblem, type ImportedMessage } from "./import_frame.ts";
export { MemoryStore } from "./memory.ts";
export { type FsyncPrice, measureFsync } from "./price.ts";
export { openSqliteStore, type SqliteOptions } from "./sqlite.ts";
export type { RetentionRules, Store, StoreState } from "./types.ts";
