/**
 * The room a database takes, and what of it is given back to the disk.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { int } from "../rows.ts";
import { DATABASE_PAGE_BYTES } from "../schema.ts";

/** What stays free in the file, so that new messages find room: so many bytes, and this share of it. */
const FREE_BYTES_KEPT = 16 * 1024 * 1024;
const FREE_SHARE_KEPT = 1 / 16;
/** Pages given back at a time. */
const VACUUM_PAGES = 128;

/** The pages of a database. */
export class Room {
  /** About how much of the WAL {@link giveBack} takes. */
  static readonly WAL_BYTES = VACUUM_PAGES * DATABASE_PAGE_BYTES;
  readonly #pages: StatementSync;
  readonly #free: StatementSync;
  readonly #vacuum: StatementSync;

  constructor(db: DatabaseSync) {
    this.#pages = db.prepare("PRAGMA page_count");
    this.#free = db.prepare("PRAGMA freelist_count");
    this.#vacuum = db.prepare(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
  }

  /** What is in use, bytes. */
  get used(): number {
    return (this.#pageCount - this.#freeCount) * DATABASE_PAGE_BYTES;
  }

  /** Whether so much is free that some of it should be given back. */
  get isMuchFree(): boolean {
    const free = this.#freeCount;
    return free * DATABASE_PAGE_BYTES > FREE_BYTES_KEPT && free > this.#pageCount * FREE_SHARE_KEPT;
  }

  /** Gives a little of the free room back to the disk. */
  giveBack(): void {
    this.#vacuum.all();
  }

  get #pageCount(): number {
    return int(this.#pages.get() ?? {}, "page_count");
  }

  get #freeCount(): number {
    return int(this.#free.get() ?? {}, "freelist_count");
  }
}
