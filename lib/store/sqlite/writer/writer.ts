/**
 * The one connection that writes: commits, trims, moves the WAL into the database.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Checkpoints } from "../checkpoints.ts";
import { type DataFiles, Presence, writeProblem } from "../files.ts";
import type { CommitNumbers, NewBatch } from "../../log/group.ts";
import { DamageError } from "../../log/damage.ts";
import { endOf } from "../../log/view.ts";
import { type Identity, readIdentity, writeIdentity } from "../identity.ts";
import {
  BUSY,
  FULL,
  IO_ERROR,
  isDamage,
  isWriteError,
  READ_ONLY,
  reasonOf,
  resultCode,
  TOO_BIG,
} from "../errors.ts";
import { int } from "../rows.ts";
import { batchCrc, topicCrc, topicFrom } from "../stored_rows.ts";
import { DATABASE_PAGE_BYTES, FORMAT, migrate, OPEN_BIT } from "../schema.ts";
import { RecentIdsTable } from "../recent_ids.ts";
import type { AgedBatch, TrimPort } from "../../log/retention.ts";
import type { RecentIds } from "../../types.ts";

/** What a batch takes of the WAL beside its bytes: pages of table and index. */
const BATCH_OVERHEAD = 3 * DATABASE_PAGE_BYTES;
/** Topics remembered between commits; beyond it all are looked up anew. */
const TOPICS_MOST = 100_000;
/** Free bytes from which, and pages by which at a time, room is given back to the disk. */
const FREE_BYTES_KEPT = 16 * 1024 * 1024;
const FREE_SHARE_KEPT = 1 / 16;
const VACUUM_PAGES = 128;
/** Milliseconds for which the files are taken to be still there. */
const PRESENCE_MS = 5;

interface OpenTopic {
  readonly id: number;
  next: number;
}

/** What became of a transaction that did not succeed. */
export type Failure = { readonly kind: "refused" | "lost"; readonly reason: string };

/**
 * Guarantees: a commit is whole or not at all; numbers are given in the order of commits, without gaps, and never twice;
 * after the first failure whose outcome is unknown nothing more is committed.
 */
export class Writer implements TrimPort {
  /** Ids stored within the window before the newest batch when it was opened, the oldest first. */
  readonly recentIds: readonly RecentIds[];
  /** The newest batch, and its time. */
  last: number;
  #time: number;
  #topics: number;
  #identity: Identity;
  #lost: Failure | undefined;
  #known = new Map<string, OpenTopic>();
  readonly #db: DatabaseSync;
  readonly #dir: string;
  readonly #wal: string;
  readonly #presence: Presence;
  #presenceDue = 0;
  readonly #ids: RecentIdsTable;
  readonly #checkpoints: Checkpoints;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;
  readonly #insert: StatementSync;
  readonly #insertTopic: StatementSync;
  readonly #topicNamed: StatementSync;
  readonly #topicOf: StatementSync;
  readonly #newestOf: StatementSync;
  readonly #aged: StatementSync;
  readonly #delete: StatementSync;
  readonly #setFloor: StatementSync;
  readonly #pages: StatementSync;
  readonly #free: StatementSync;
  readonly #vacuum: StatementSync;

  /** Throws DamageError where what was written last is not as it was. `dedupWindow`: milliseconds for which ids count. */
  constructor(db: DatabaseSync, { dir, database, wal }: DataFiles, { dedupWindow = 0 } = {}) {
    this.#db = db;
    this.#dir = dir;
    this.#wal = wal;
    const identity = migrate(db, readIdentity(db));
    this.#ids = new RecentIdsTable(db);
    this.#checkpoints = new Checkpoints(db);
    this.#begin = db.prepare("BEGIN IMMEDIATE");
    this.#commit = db.prepare("COMMIT");
    this.#rollback = db.prepare("ROLLBACK");
    this.#insert = db.prepare(
      "INSERT INTO batch (id, topic, first, count, time, crc, bytes, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#insertTopic = db.prepare("INSERT INTO topic VALUES (?, ?, ?, ?)");
    this.#topicNamed = db.prepare("SELECT * FROM topic WHERE name = ?");
    this.#topicOf = db.prepare("SELECT * FROM topic WHERE id = ?");
    this.#newestOf = db.prepare("SELECT first, count FROM batch WHERE topic = ? ORDER BY first DESC LIMIT 1");
    this.#aged = db.prepare(
      "SELECT id, topic, first, count, time, length(bytes) AS size FROM batch WHERE id > ? ORDER BY id LIMIT ?",
    );
    this.#delete = db.prepare("DELETE FROM batch WHERE id = ?");
    this.#setFloor = db.prepare("UPDATE topic SET floor = ?, crc = ? WHERE id = ?");
    this.#pages = db.prepare("PRAGMA page_count");
    this.#free = db.prepare("PRAGMA freelist_count");
    this.#vacuum = db.prepare(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
    this.#identity = { ...identity, epoch: identity.epoch + 1 };
    const newest = db.prepare("SELECT id, time FROM batch ORDER BY id DESC LIMIT 1").get();
    this.last = Math.max(identity.deletedLast, newest === undefined ? 0 : int(newest, "id"));
    this.#time = Math.max(identity.deletedTime, newest === undefined ? 0 : int(newest, "time"));
    this.#topics = int(db.prepare("SELECT coalesce(max(id), 0) AS id FROM topic").get() ?? {}, "id");
    const since = this.#time - dedupWindow;
    this.recentIds = this.#ids.since(since, { newest: this.#time, nameOf: (topic) => this.nameOf(topic) });
    // whoever cannot open it has not changed it
    this.#markOpen(true);
    this.#presence = new Presence([database, wal]);
  }

  get identity(): Identity {
    return this.#identity;
  }
  get time(): number {
    return this.#time;
  }
  get topics(): number {
    return this.#topics;
  }
  get batches(): number {
    return this.last - this.#identity.deleted;
  }
  get bytes(): number {
    return (int(this.#pages.get() ?? {}, "page_count") - this.#freePages) * DATABASE_PAGE_BYTES;
  }
  get #freePages(): number {
    return int(this.#free.get() ?? {}, "freelist_count");
  }
  /** Why nothing can be committed any more. */
  get lost(): Failure | undefined {
    return this.#lost;
  }

  /** Stores batches whose frames lie in `bytes`. */
  commit(batches: readonly NewBatch[], bytes: Uint8Array, now: number): CommitNumbers | Failure {
    const time = Math.max(this.#time, now);
    const touched = new Map<string, OpenTopic>();
    const firsts: number[] = [];
    let { last } = this;
    let topics = this.#topics;
    const failure = this.#transaction(() => {
      for (const { topic: name, count, start, end, ids, ttl } of batches) {
        let topic = touched.get(name);
        if (topic === undefined) {
          topic = this.#find(name) ?? this.#add(name, ++topics);
          touched.set(name, topic);
        }
        const frames = bytes.subarray(start, end);
        const expires = ttl === undefined ? undefined : time + ttl;
        const mark = { id: ++last, topic: topic.id, first: topic.next, count, time, expires };
        const crc = batchCrc(mark, frames);
        this.#insert.run(last, topic.id, topic.next, count, time, crc, frames, expires ?? null);
        if (ids !== undefined) this.#ids.add({ batch: last, topic: topic.id, time, ids });
        firsts.push(topic.next);
        topic.next += count;
        this.#checkpoints.wrote(frames.length + BATCH_OVERHEAD);
      }
    });
    if (failure !== undefined) return failure;
    const numbers = { batch: this.last + 1, firsts, time };
    this.last = last;
    this.#time = time;
    this.#topics = topics;
    if (this.#known.size + touched.size > TOPICS_MOST) this.#known.clear();
    for (const [name, topic] of touched) this.#known.set(name, topic);
    return numbers;
  }

  nameOf(topic: number): string {
    const row = this.#topicOf.get(topic);
    if (row === undefined) throw new DamageError(`topic ${topic} is missing`);
    return topicFrom(row).name;
  }

  /** The id of a topic that something was stored in. */
  idOf(topic: string): number {
    const found = this.#known.get(topic) ?? this.#find(topic);
    if (found === undefined) throw new DamageError(`topic ${topic} is missing`);
    return found.id;
  }

  agedAfter(after: number, limit: number): readonly AgedBatch[] {
    return this.#aged.all(after, limit).map((row) => ({
      id: int(row, "id"),
      topic: int(row, "topic"),
      first: int(row, "first"),
      count: int(row, "count"),
      time: int(row, "time"),
      size: int(row, "size"),
    }));
  }

  trim(batches: readonly AgedBatch[]): void {
    const floors = new Map<number, number>();
    let identity = this.#identity;
    for (const ref of batches) {
      floors.set(ref.topic, endOf(ref));
      const { id, time } = ref;
      identity = { ...identity, deleted: identity.deleted + 1 };
      if (id > identity.deletedLast) identity = { ...identity, deletedLast: id, deletedTime: time };
    }
    const failure = this.#transaction(() => {
      for (const { id } of batches) this.#delete.run(id);
      for (const [id, floor] of floors) {
        this.#setFloor.run(floor, topicCrc({ id, floor, name: this.nameOf(id) }), id);
      }
      writeIdentity(this.#db, identity);
    });
    if (failure !== undefined) throw new Error(failure.reason);
    this.#identity = identity;
    this.#checkpoints.wrote(batches.length * BATCH_OVERHEAD);
  }

  /** Forgets some of the ids that are older than that; whether there are more. */
  forgetIds(window: number): boolean {
    if (!this.#ids.used) return false;
    let forgotten = 0;
    const failure = this.#transaction(() => void (forgotten = this.#ids.forget(this.#time - window)));
    if (failure !== undefined) throw new Error(failure.reason);
    return RecentIdsTable.isMore(forgotten);
  }

  /** What the clock of retention shows, to be written down with the next trimming and at the end. */
  setClock(clock: number): void {
    this.#identity = { ...this.#identity, clock };
  }

  /** Whether enough is in the WAL that it should be moved. */
  get checkpointDue(): boolean {
    return this.#checkpoints.due;
  }
  /** Whether anything is in it. */
  get walUsed(): boolean {
    return this.#checkpoints.walBytes > 0;
  }

  /** Moves what it can of the WAL into the database. What fails here and can pass is tried again. */
  checkpoint(): Failure | undefined {
    if (this.#lost !== undefined) return this.#lost;
    try {
      this.#checkpoints.run();
      return undefined;
    } catch (error) {
      return this.#judge(error);
    }
  }

  /** Waits until what was committed is on disk, where commits did not. */
  syncWal(): Failure | undefined {
    if (this.#lost !== undefined) return this.#lost;
    try {
      using file = Deno.openSync(this.#wal, { read: true, write: true });
      file.syncDataSync();
      return undefined;
    } catch (error) {
      return this.#lose(reasonOf(error));
    }
  }

  /** Gives a little of the free room back to the disk, where there is much. Whether there is more. */
  giveBack(): boolean {
    if (this.#lost !== undefined) return false;
    const free = this.#freePages;
    const pages = int(this.#pages.get() ?? {}, "page_count");
    if (free * DATABASE_PAGE_BYTES <= FREE_BYTES_KEPT || free <= pages * FREE_SHARE_KEPT) return false;
    try {
      this.#vacuum.all();
      this.#checkpoints.wrote(VACUUM_PAGES * DATABASE_PAGE_BYTES);
      return true;
    } catch (error) {
      this.#judge(error);
      return false;
    }
  }

  /** Everything into the database's own file, which then is all there is. */
  close(): void {
    try {
      if (this.#lost === undefined) this.#markOpen(false);
    } finally {
      this.#db.close();
    }
  }

  /** In the database's own file, so that it can be told whether a WAL has to be there. */
  #markOpen(open: boolean): void {
    this.#db.exec("BEGIN IMMEDIATE");
    writeIdentity(this.#db, this.#identity);
    this.#db.exec(`PRAGMA user_version = ${FORMAT | (open ? OPEN_BIT : 0)}; COMMIT`);
    this.#db.prepare(`PRAGMA wal_checkpoint(${open ? "FULL" : "TRUNCATE"})`).all();
  }

  #find(name: string): OpenTopic | undefined {
    const known = this.#known.get(name);
    if (known !== undefined) return { ...known };
    const row = this.#topicNamed.get(name);
    if (row === undefined) return undefined;
    const { id, floor } = topicFrom(row);
    const newest = this.#newestOf.get(id);
    return { id, next: newest === undefined ? floor : int(newest, "first") + int(newest, "count") };
  }

  #add(name: string, id: number): OpenTopic {
    this.#insertTopic.run(id, name, 1, topicCrc({ id, floor: 1, name }));
    return { id, next: 1 };
  }

  #transaction(work: () => void): Failure | undefined {
    if (this.#lost !== undefined) return this.#lost;
    try {
      this.#begin.run();
      work();
      this.#commit.run();
    } catch (error) {
      return this.#judge(error);
    }
    const now = performance.now();
    if (now < this.#presenceDue) return undefined;
    this.#presenceDue = now + PRESENCE_MS;
    const gone = this.#presence.problem();
    return gone === undefined ? undefined : this.#lose(gone);
  }

  /** Whether a failure leaves everything as it was, and goes back to that. */
  #judge(error: unknown): Failure {
    try {
      if (this.#db.isTransaction) this.#rollback.run();
    } catch (again) {
      return this.#lose(`${reasonOf(error)}; and to undo it: ${reasonOf(again)}`);
    }
    const gone = this.#presence.problem();
    if (gone !== undefined) return this.#lose(gone);
    switch (resultCode(error)) {
      case FULL:
        return { kind: "refused", reason: "the disk that holds the data is full" };
      case READ_ONLY:
        return { kind: "refused", reason: "the data cannot be written to, it is read-only" };
      case BUSY:
        return { kind: "refused", reason: "another program writes to the data" };
      case TOO_BIG:
        return { kind: "refused", reason: "that is more than the store takes at once" };
      case IO_ERROR: {
        // a write that failed for a reason that can pass: the directory itself tells
        const reason = isWriteError(error) ? writeProblem(this.#dir) : undefined;
        return reason === undefined ? this.#lose(reasonOf(error)) : { kind: "refused", reason };
      }
      default:
        return this.#lose(isDamage(error) ? `the store is damaged: ${reasonOf(error)}` : reasonOf(error));
    }
  }

  #lose(reason: string): Failure {
    return this.#lost = { kind: "lost", reason };
  }
}
