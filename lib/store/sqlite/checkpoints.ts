/**
 * When what lies in the write-ahead log is moved into the database.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { int } from "./rows.ts";
import { DATABASE_PAGE_BYTES } from "./schema.ts";

/** Bytes of WAL from which it is moved into the database; decisions/0004 has the figures. */
const CHECKPOINT_BYTES = 4 * 1024 * 1024;
/** How much more has to come, as a share of that, before it is tried again. */
const RETRY_SHARE = 1 / 4;
/** Bytes of WAL from which readers are waited for. */
const WAL_BYTES_MOST = 48 * 1024 * 1024;

/** What a page takes of the WAL. */
const FRAME_BYTES = DATABASE_PAGE_BYTES + 24;

/**
 * The checkpoints of one connection. What a reader still needs stays in the WAL; when that has become
 * much, readers are waited for.
 */
export class Checkpoints {
  readonly #look: StatementSync;
  readonly #passive: StatementSync;
  readonly #restart: StatementSync;
  #walBytes = 0;
  /** Bytes of WAL at which it is moved next, and at which readers are waited for. */
  #at = CHECKPOINT_BYTES;
  #waitFrom = WAL_BYTES_MOST;

  constructor(db: DatabaseSync) {
    this.#look = db.prepare("PRAGMA wal_checkpoint(NOOP)");
    this.#passive = db.prepare("PRAGMA wal_checkpoint(PASSIVE)");
    this.#restart = db.prepare("PRAGMA wal_checkpoint(RESTART)");
  }

  /** What lies in the WAL, at most. */
  get walBytes(): number {
    return this.#walBytes;
  }

  /**
   * Whether that is enough to be moved. Many small batches share pages, which only SQLite knows, and a
   * checkpoint costs two fsyncs: where it seems so it is asked.
   */
  get due(): boolean {
    if (this.#walBytes < this.#at) return false;
    const row = this.#look.get() ?? {};
    const frames = int(row, "log");
    this.#walBytes = frames === int(row, "checkpointed") ? 0 : frames * FRAME_BYTES;
    return this.#walBytes >= this.#at;
  }

  /** So much was added at most. */
  wrote(bytes: number): void {
    this.#walBytes += bytes;
  }

  /** Moves what it can. Throws what SQLite says, and then is not due at once again. */
  run(): void {
    const waits = this.#walBytes >= this.#waitFrom;
    this.#at = this.#walBytes + RETRY_SHARE * CHECKPOINT_BYTES;
    const row = (waits ? this.#restart : this.#passive).get() ?? {};
    if (int(row, "log") === int(row, "checkpointed")) {
      this.#walBytes = 0;
      this.#at = CHECKPOINT_BYTES;
      this.#waitFrom = WAL_BYTES_MOST;
    } else if (waits) {
      // somebody from outside reads for longer than that: waiting again and again would only stop commits
      this.#waitFrom *= 2;
    }
  }
}
