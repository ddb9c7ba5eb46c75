/**
 * The data directory: what lies in it.
 *
 *     DIR/hashbus.db       the log, an SQLite database
 *     DIR/hashbus.db-wal   what was committed last, not in the log's file yet (while open, and after a crash)
 *     DIR/hashbus.db-shm   an index of that; SQLite makes it anew when it is missing
 *     DIR/hashbus.lock     locked while open; the process id of who has it
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";

/** The files of a data directory. */
export interface DataFiles {
  readonly dir: string;
  readonly database: string;
  readonly wal: string;
  readonly lock: string;
  /** A database that is being made, before it gets its name. */
  readonly unfinished: string;
}

/** Names the files; touches nothing. Throws RunError where no directory is named. */
export function filesIn(dir: string): DataFiles {
  // Deno.mkdir makes a directory named "undefined" for who comes here past the types
  if (typeof dir !== "string" || dir === "") throw new RunError("the data needs a directory: name one");
  const database = `${dir}/hashbus.db`;
  return {
    dir,
    database,
    wal: `${database}-wal`,
    lock: `${dir}/hashbus.lock`,
    unfinished: `${database}-new`,
  };
}

/** Throws RunError where the directory has no store. */
export function requireStore({ dir, database }: DataFiles): void {
  let size: number | undefined;
  try {
    size = sizeOf(database);
  } catch (error) {
    throw asRunError(dir, error);
  }
  if (size === undefined) {
    throw new RunError(`there is no store in ${quote(dir)}: name the directory that --data has`);
  }
}

/** {@link requireStore} for a directory. */
export function requireStoreIn(dir: string): void {
  requireStore(filesIn(dir));
}

/** Makes the directory where there is none, for its owner alone. Throws RunError. */
export function prepareDirectory(dir: string): void {
  try {
    if (!Deno.statSync(dir).isDirectory) {
      throw new RunError(`${quote(dir)} is a file: the data needs a directory of its own`);
    }
    return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw asRunError(dir, error);
  }
  try {
    Deno.mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw asRunError(dir, error);
    throw new RunError(
      `the data directory ${quote(dir)} cannot be made: the one it is to be in does not exist`,
    );
  }
}

/** What the file system said, with the directory it said it about. */
export function asRunError(dir: string, error: unknown): Error {
  if (error instanceof RunError || !(error instanceof Error)) return error as Error;
  if (error instanceof Deno.errors.NotCapable) return error;
  if (error instanceof Deno.errors.NotADirectory) {
    return new RunError(`${quote(dir)} is not a directory: the data needs one of its own`);
  }
  return new RunError(`the data directory ${quote(dir)} cannot be used: ${error.message}`);
}

/** Whether a file is there, and how large. */
export function sizeOf(path: string): number | undefined {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Writes what a directory lists to disk, so that a file that was made or renamed in it stays. */
export function syncDirectory(dir: string): void {
  if (Deno.build.os === "windows") return; // which has no such call, and keeps names itself
  using file = Deno.openSync(dir);
  file.syncSync();
}
