/**
 * From a directory to the connection that writes: made where there is none, judged before SQLite may touch
 * it.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { checkTail } from "./check_tail.ts";
import { connect, type Sync } from "./connection.ts";
import { createWhereMissing } from "./create.ts";
import { asStoreError } from "./errors.ts";
import { filesIn, prepareDirectory } from "./files.ts";
import { HeldFiles } from "./held_files.ts";
import { inspect } from "./inspect.ts";
import { readWalTail, type WalTail } from "./wal_tail.ts";
import { Writer } from "./writer/writer.ts";

/** How a store is opened to be written to. */
export interface WritingOptions {
  readonly sync: Sync;
  /** Milliseconds for which ids count. */
  readonly dedupWindow: number;
  /** Throws DamageError where what SQLite discards must not be lost. */
  readonly judge: (tail: WalTail | undefined) => void;
}

/** A store that nobody else can open. */
export interface OpenForWriting {
  readonly writer: Writer;
  /** To be released behind the writer's end. */
  readonly held: HeldFiles;
  /** What a crash left, and SQLite discards. */
  readonly tail: WalTail | undefined;
}

/**
 * Takes back that somebody has a copy open, before it gets a write-ahead log: killed in between, it would
 * seem to have lost one.
 */
function adopt(database: string, format: number): void {
  const db = new DatabaseSync(database);
  try {
    db.exec(`PRAGMA user_version = ${format}`);
  } finally {
    db.close();
  }
}

/** Opens the store in a directory, which nobody may have open. Throws RunError with what to do. */
export function openForWriting(dir: string, { sync, dedupWindow, judge }: WritingOptions): OpenForWriting {
  const files = filesIn(dir);
  prepareDirectory(dir);
  const held = HeldFiles.lock(files);
  try {
    held.lockWal();
    createWhereMissing(files, Date.now());
    const copied = inspect(files);
    if (copied !== undefined) adopt(files.database, copied);
    const tail = readWalTail(files.wal);
    judge(tail);
    const db = connect(files.database, { readOnly: false, sync });
    try {
      held.lockWal();
      checkTail(db);
      return { writer: new Writer(db, held, { dedupWindow }), held, tail };
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    held.release();
    throw asStoreError(dir, error);
  }
}
