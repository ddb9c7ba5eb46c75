/**
 * Connections to the database, with everything set that matters.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { RunError } from "../../errors.ts";

/** KiB of pages each connection keeps in memory. */
const CACHE_KIB = 8192;
/** Milliseconds to wait for somebody else who writes: nobody should. */
const BUSY_MS = 1000;
/** Bytes the WAL is cut down to after it had to grow beyond. */
const WAL_BYTES_KEPT = 64 * 1024 * 1024;

/** What is set on every connection, and what must come out. */
const PRAGMAS: readonly (readonly [string, string | number])[] = [
  ["journal_mode", "wal"],
  ["wal_autocheckpoint", 0],
  ["cache_size", -CACHE_KIB],
  ["busy_timeout", BUSY_MS],
  ["journal_size_limit", WAL_BYTES_KEPT],
  ["mmap_size", 0],
  ["cell_size_check", 1],
  ["trusted_schema", 0],
  ["temp_store", 2],
];

/** When a commit is on disk. */
export type Sync = "commit" | "interval";

/** How a store is opened. */
export interface ConnectOptions {
  readonly readOnly: boolean;
  readonly sync: Sync;
}

/** Opens a database that was inspected, with everything set that matters and read back. Throws RunError. */
export function connect(database: string, { readOnly, sync }: ConnectOptions): DatabaseSync {
  const db = new DatabaseSync(database, { readOnly });
  try {
    const synchronous = sync === "commit" ? 2 : 1;
    for (const [name, value] of [...PRAGMAS, ["synchronous", synchronous] as const]) {
      // who only reads cannot choose the journal, and a copy need not have one
      if (readOnly && name === "journal_mode") continue;
      db.prepare(`PRAGMA ${name} = ${value}`).all();
      const [set] = Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {});
      if (set !== value) throw new RunError(`SQLite here does not take ${name} = ${value}, it says ${set}`);
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
