/**
 * The data directory: what lies in it, who may have it open, and whether it is still there.
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

/**
 * Locks the directory for as long as the file stays open; the lock goes with the process, however that ends.
 * Throws RunError naming who has it.
 */
export function lockDirectory({ dir, lock }: DataFiles): Deno.FsFile {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(lock, { create: true, read: true, write: true, mode: 0o600 });
  } catch (error) {
    throw asRunError(dir, error);
  }
  try {
    if (!file.tryLockSync(true)) {
      const holder = Deno.readTextFileSync(lock).trim();
      throw new RunError(
        `the data directory ${quote(dir)} is in use by ${
          holder === "" ? "another process" : `process ${holder}`
        }: stop that one, or take another directory`,
      );
    }
    file.truncateSync(0);
    file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
    return file;
  } catch (error) {
    file.close();
    throw asRunError(dir, error);
  }
}

/** Gives the lock back, and says in its file that nobody has it. */
export function releaseLock(lock: Deno.FsFile): void {
  lock.truncateSync(0);
  lock.close();
}

/**
 * Why nothing can be written to a directory, where that can pass by itself; undefined: it can, or it is
 * something worse.
 */
export function writeProblem(dir: string): string | undefined {
  const probe = `${dir}/hashbus.probe`;
  try {
    Deno.writeFileSync(probe, new Uint8Array(4096));
    Deno.removeSync(probe);
    return undefined;
  } catch (error) {
    switch (error instanceof Error && "code" in error ? error.code : undefined) {
      case "EROFS":
        return "the data cannot be written to, its disk is read-only";
      case "ENOSPC":
        return "the disk that holds the data is full";
      case "EDQUOT":
        return "the quota of the disk that holds the data is used up";
      default:
        return undefined;
    }
  }
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

/** Notices when files that are open are deleted or replaced: what is written to them then is lost. */
export class Presence {
  readonly #known: readonly { readonly path: string; readonly inode: number | null }[];

  constructor(paths: readonly string[]) {
    this.#known = paths.map((path) => ({ path, inode: Deno.statSync(path).ino }));
  }

  /** What is wrong, as a clause; undefined: nothing. */
  problem(): string | undefined {
    for (const { path, inode } of this.#known) {
      try {
        if (Deno.statSync(path).ino !== inode) return `${quote(path)} was replaced while it was in use`;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return `${quote(path)} was deleted while it was in use`;
        return `${quote(path)} cannot be seen any more: ${error instanceof Error ? error.message : error}`;
      }
    }
    return undefined;
  }
}
