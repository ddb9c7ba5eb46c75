/**
 * A new database, where the directory has none.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { reasonOf } from "./errors.ts";
import { asRunError, type DataFiles, sizeOf, syncDirectory } from "./files.ts";
import { createSchema, FORMAT } from "./schema.ts";

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
