/**
 * From a directory to an open database: made where there is none, judged before SQLite may touch it.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { asRunError, type DataFiles, sizeOf, syncDirectory } from "./files.ts";
import { DamageError } from "../log/view.ts";
import { int, reasonOf, text } from "./rows.ts";
import { APPLICATION_ID, createSchema, FORMAT, type Identity, identityCrc, OPEN_BIT } from "./schema.ts";

const MAGIC = "SQLite format 3\0";
/** Where a database's header has them, and how long it is. */
const USER_VERSION_AT = 60;
const APPLICATION_ID_AT = 68;
const HEADER_BYTES = 100;

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

/** Makes the database where the directory has none. Call with the directory locked. Throws RunError. */
export function createWhereMissing(files: DataFiles, now: number): void {
  const { dir, database, wal, unfinished } = files;
  if (sizeOf(database) !== undefined) return;
  if ((sizeOf(wal) ?? 0) > 0) {
    throw new RunError(
      `${quote(database)} is missing, but its write-ahead log ${
        quote(wal)
      } is there: put it back, or take an empty directory`,
    );
  }
  try {
    for (const left of [unfinished, `${unfinished}-journal`]) {
      if (sizeOf(left) !== undefined) Deno.removeSync(left);
    }
    // its files get the rights of this one: for the owner alone
    Deno.openSync(unfinished, { createNew: true, write: true, mode: 0o600 }).close();
    const db = new DatabaseSync(unfinished);
    try {
      createSchema(db, {
        id: crypto.randomUUID(),
        format: FORMAT,
        created: now,
        epoch: 0,
        clock: now,
        deleted: 0,
        deletedLast: 0,
        deletedTime: 0,
      });
      db.exec("PRAGMA journal_mode = WAL");
    } finally {
      db.close();
    }
    using file = Deno.openSync(unfinished, { read: true, write: true });
    file.syncSync();
    Deno.renameSync(unfinished, database);
    syncDirectory(dir);
  } catch (error) {
    if (error instanceof Error && "errcode" in error) {
      throw new RunError(`no store can be made in ${quote(dir)}: ${reasonOf(error)}`);
    }
    throw asRunError(dir, error);
  }
}

/**
 * Judges the database without changing a byte of it or beside it: whether it is ours, of a version that is understood, and
 * whether what was committed last is there. Throws RunError.
 */
export function inspect({ dir, database, wal }: DataFiles): void {
  const header = new Uint8Array(HEADER_BYTES);
  let length: number;
  try {
    using file = Deno.openSync(database, { read: true });
    length = file.readSync(header) ?? 0;
  } catch (error) {
    throw asRunError(dir, error);
  }
  if (length === 0) {
    throw new RunError(`${quote(database)} is empty: restore it, or remove it to begin with an empty store`);
  }
  if (length < HEADER_BYTES || new TextDecoder().decode(header.subarray(0, MAGIC.length)) !== MAGIC) {
    throw new RunError(
      `${quote(database)} is no store of hashbus: restore it from a copy, or take another directory`,
    );
  }
  const view = new DataView(header.buffer);
  if (view.getUint32(APPLICATION_ID_AT) !== APPLICATION_ID) {
    throw new RunError(`${quote(database)} belongs to another program: take another directory`);
  }
  const version = view.getUint32(USER_VERSION_AT);
  const format = version & (OPEN_BIT - 1);
  if (format > FORMAT || version >= 2 * OPEN_BIT) {
    throw new RunError(
      `${
        quote(database)
      } was written by a newer version (format ${format}, this one reads up to ${FORMAT}): run that version`,
    );
  }
  if (version >= OPEN_BIT && (sizeOf(wal) ?? 0) === 0) {
    throw new RunError(
      `${
        quote(wal)
      } is missing or empty although the store was not closed, so the newest messages are gone: put it back (docs/store.md says how to go on without)`,
    );
  }
}

/** The identity row. Throws DamageError where it is not as it was written. */
export function readIdentity(db: DatabaseSync): Identity {
  const row = db.prepare("SELECT * FROM store WHERE one = 1").get();
  if (row === undefined) throw new DamageError("its identity is missing");
  const identity: Identity = {
    id: text(row, "id"),
    format: int(row, "format"),
    created: int(row, "created"),
    epoch: int(row, "epoch"),
    clock: int(row, "clock"),
    deleted: int(row, "deleted"),
    deletedLast: int(row, "deleted_last"),
    deletedTime: int(row, "deleted_time"),
  };
  if (identityCrc(identity) !== int(row, "crc")) {
    throw new DamageError("its identity does not match its checksum");
  }
  return identity;
}

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

/** What to say of a store that is not as it was written. */
export function damaged(dir: string, what: string): RunError {
  return new RunError(
    `the store in ${
      quote(dir)
    } is damaged: ${what}; "broker --data DIR --data-check" tells all that is, nothing was changed`,
  );
}
