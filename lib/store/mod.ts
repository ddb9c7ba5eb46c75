/**
 * The durable log.
 *
 * @module
 */
export { MemoryStore } from "./memory.ts";
export { requireStoreIn } from "./sqlite/files.ts";
export { openSqliteStore, type SqliteOptions } from "./sqlite/open_store.ts";
export { type CheckReport, checkStore, type CheckSummary } from "./tools/check.ts";
export { exportMessages } from "./tools/export.ts";
export { type FsyncPrice, measureFsync } from "./tools/fsync_price.ts";
export { Importer } from "./tools/import.ts";
export {
  type ExportedMessage,
  headerProblem,
  type ImportedMessage,
  recordOf,
} from "./tools/message_parts.ts";
export type { GroupState, RetentionRules, Store, StoreState } from "./types.ts";
