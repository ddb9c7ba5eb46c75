/**
 * The files of a store that is open, each held by one descriptor that stays open: two locks, what a sync
 * needs, and what tells that somebody else cut, replaced or deleted them. While it runs nothing is opened
 * any more, so a process without descriptors goes on storing.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { asRunError, type DataFiles } from "./files.ts";

/**
 * Where in the lock's file it is tried whether the disk takes anything: far behind the process id in it.
 */
const PROBE_AT = 64 * 1024;
const PROBE = new Uint8Array(4096);

/** What a writer asks of its files. */
export interface Watched {
  /** From here on it is noticed when they change. */
  watch(): void;
  /** What is cut of the write-ahead log, as a clause; undefined: nothing. */
  cut(): string | undefined;
  wrote(): void;
  moved(): void;
  problem(): string | undefined;
  syncWal(): void;
  writeProblem(): string | undefined;
}

/**
 * - One process at a time has them: by a lock on `hashbus.lock`, which says who it is, and by one on the
 *   write-ahead log, which cannot be deleted without being missed. SQLite locks neither: its own are on
 *   the other two files, and would be dropped if a descriptor of those were closed here.
 * - Both locks go with the process, however that ends.
 */
export class HeldFiles implements Watched {
  readonly #files: DataFiles;
  readonly #lock: Deno.FsFile;
  #wal: Deno.FsFile | undefined;
  #walInode: number | null = null;
  #databaseInode: number | null = null;
  /** What they measured when this process had last written to them. */
  #walSize = 0;
  #databaseSize = 0;

  private constructor(files: DataFiles, lock: Deno.FsFile) {
    this.#files = files;
    this.#lock = lock;
  }

  /** Locks the directory. Throws RunError naming who has it. */
  static lock(files: DataFiles): HeldFiles {
    const { dir, lock } = files;
    let file: Deno.FsFile;
    try {
      file = Deno.openSync(lock, { create: true, read: true, write: true, mode: 0o600 });
    } catch (error) {
      throw asRunError(dir, error);
    }
    try {
      if (!file.tryLockSync(true)) throw inUse(dir, pidIn(lock));
      file.truncateSync(0);
      file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
      return new HeldFiles(files, file);
    } catch (error) {
      file.close();
      throw asRunError(dir, error);
    }
  }

  /**
   * Locks the write-ahead log, where there is one. Call before SQLite may change anything, and again when
   * it has opened the database. Throws RunError where another process has it.
   */
  lockWal(): void {
    if (Deno.build.os === "windows") return; // whose locks would keep SQLite out
    const { dir, wal } = this.#files;
    let file: Deno.FsFile;
    try {
      const inode = Deno.statSync(wal).ino;
      if (this.#wal !== undefined && inode === this.#walInode) return;
      file = Deno.openSync(wal, { read: true, write: true });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw asRunError(dir, error);
    }
    this.#wal?.close();
    this.#wal = file;
    this.#walInode = file.statSync().ino;
    if (!file.tryLockSync(true)) throw inUse(dir, pidOfLockOn(this.#walInode));
  }

  /** From here on it is noticed when they change. The database is open, and its write-ahead log there. */
  watch(): void {
    const { database, wal } = this.#files;
    this.#wal ??= Deno.openSync(wal, { read: true, write: true });
    this.#walInode = this.#wal.statSync().ino;
    this.#databaseInode = Deno.statSync(database).ino;
    this.wrote();
    this.moved();
  }

  /**
   * What was done to the write-ahead log since this process wrote to it last, as a clause; undefined:
   * nothing. Costs a microsecond: a log that was cut grows back with the next write, and then has a hole
   * that nothing shows.
   */
  cut(): string | undefined {
    const { size, nlink } = this.#openWal.statSync();
    if (nlink === 0) return `${quote(this.#files.wal)} was deleted while it was in use`;
    return cutTo(this.#files.wal, this.#walSize, size);
  }

  /** This process has written to the write-ahead log. */
  wrote(): void {
    this.#walSize = this.#openWal.statSync().size;
  }

  /** This process has written to the database, which only a checkpoint does. */
  moved(): void {
    this.#databaseSize = Deno.statSync(this.#files.database).size;
  }

  /** What is wrong with any of them, as a clause; undefined: nothing. */
  problem(): string | undefined {
    const { database, wal } = this.#files;
    const known = [
      { path: wal, inode: this.#walInode, most: this.#walSize },
      { path: database, inode: this.#databaseInode, most: this.#databaseSize },
    ];
    for (const { path, inode, most } of known) {
      try {
        const { ino, size } = Deno.statSync(path);
        if (ino !== inode) return `${quote(path)} was replaced while it was in use`;
        const cut = cutTo(path, most, size);
        if (cut !== undefined) return cut;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return `${quote(path)} was deleted while it was in use`;
        return `${quote(path)} cannot be seen any more: ${error instanceof Error ? error.message : error}`;
      }
    }
    return undefined;
  }

  /** Waits until the write-ahead log is on disk. Throws what the system says. */
  syncWal(): void {
    this.#openWal.syncDataSync();
  }

  /**
   * Why nothing can be written here, where that can pass by itself; undefined: it can, or it is something
   * worse.
   */
  writeProblem(): string | undefined {
    try {
      this.#lock.seekSync(PROBE_AT, Deno.SeekMode.Start);
      for (let at = 0; at < PROBE.length;) at += this.#lock.writeSync(PROBE.subarray(at));
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
    } finally {
      this.#cutLock(`${Deno.pid}\n`.length);
    }
  }

  /** Gives both locks back, and says in the file of the one that nobody has it. */
  release(): void {
    this.#cutLock(0);
    this.#lock.close();
    this.#wal?.close();
    this.#wal = undefined;
  }

  /** A disk that takes nothing may not take this either, and the lock holds whatever its file says. */
  #cutLock(length: number): void {
    try {
      this.#lock.truncateSync(length);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  }

  get #openWal(): Deno.FsFile {
    if (this.#wal === undefined) throw new Error("the write-ahead log is not held");
    return this.#wal;
  }
}

function cutTo(path: string, before: number, now: number): string | undefined {
  return now >= before
    ? undefined
    : `${quote(path)} was cut from ${before} to ${now} bytes while it was in use`;
}

function inUse(dir: string, pid: number | undefined): RunError {
  const holder = pid === undefined ? "another process" : `process ${pid}`;
  return new RunError(
    `the data directory ${quote(dir)} is in use by ${holder}: stop that one, or take another directory`,
  );
}

/** Who says in the lock's file that it has it. */
function pidIn(lock: string): number | undefined {
  const [pid = ""] = Deno.readTextFileSync(lock).split("\n");
  return /^\d+$/.test(pid) ? Number(pid) : undefined;
}

/** Who has a file locked, where the system tells (Linux does, to whom may read it). */
function pidOfLockOn(inode: number | null): number | undefined {
  try {
    return pidOfLockIn(Deno.readTextFileSync("/proc/locks"), inode);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/**
 * By the list of all locks that Linux has who holds the one on a file; 0, of who is in a namespace that is
 * not seen from here, is nobody.
 */
export function pidOfLockIn(locks: string, inode: number | null): number | undefined {
  // 7: FLOCK  ADVISORY  WRITE 6300 fe:00:2146458 0 EOF
  const pid = new RegExp(`FLOCK +ADVISORY +WRITE (\\d+) \\w+:\\w+:${inode} `).exec(locks)?.[1];
  return pid === undefined || pid === "0" ? undefined : Number(pid);
}
