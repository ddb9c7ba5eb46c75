/**
 * The one connection that writes.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Beginnings } from "../../log/beginnings.ts";
import { type CommitNumbers, type NewBatch, type NewDelayed, UNBEGUN } from "../../log/group.ts";
import type { AgedBatch, TrimPort } from "../../log/retention.ts";
import type { GroupName, NamedMark, RecentIds } from "../../types.ts";
import { Checkpoints } from "../checkpoints.ts";
import { DelayedTable, type DelayedTotal } from "../delayed.ts";
import { reasonOf } from "../errors.ts";
import { GroupMarksTable } from "../group_marks.ts";
import type { Watched } from "../held_files.ts";
import { type Identity, readIdentity, writeIdentity } from "../identity.ts";
import { RecentIdsTable } from "../recent_ids.ts";
import { int } from "../rows.ts";
import { DATABASE_PAGE_BYTES, FORMAT, migrate, OPEN_BIT } from "../schema.ts";
import { batchCrc } from "../stored_rows.ts";
import { Room } from "./room.ts";
import { type OpenTopic, Topics } from "./topics.ts";
import { type Failure, Transactions } from "./transactions.ts";
import { identityWithout, Trimming } from "./trimming.ts";

/** What one commit stores. */
export interface NewCommit {
  readonly batches: readonly NewBatch[];
  readonly marks?: readonly NamedMark[] | undefined;
  readonly delayed?: readonly NewDelayed[] | undefined;
  /** Ids of those that are kept no more. */
  readonly moved?: readonly number[] | undefined;
  readonly forget?: readonly GroupName[] | undefined;
  /** Topics there may be. */
  readonly topicsMost?: number | undefined;
}

/** What a group's mark takes of the WAL: a page of each of the tables. */
const MARK_BYTES = 2 * DATABASE_PAGE_BYTES;
/** What a batch takes of the WAL beside its bytes: pages of table and index. */
const BATCH_OVERHEAD = 3 * DATABASE_PAGE_BYTES;

/**
 * Guarantees: a commit is whole or not at all; numbers are given in the order of commits, without gaps, and
 * never twice (D2); after the first failure whose outcome is unknown nothing more is committed.
 */
export class Writer implements TrimPort {
  /** Ids stored within the window before the newest batch when it was opened, the oldest first. */
  readonly recentIds: readonly RecentIds[];
  #last: number;
  #time: number;
  #identity: Identity;
  readonly #db: DatabaseSync;
  readonly #held: Watched;
  readonly #transactions: Transactions;
  readonly #topics: Topics;
  readonly #ids: RecentIdsTable;
  readonly #marks: GroupMarksTable;
  readonly #delayed: DelayedTable;
  readonly #trimming: Trimming;
  readonly #room: Room;
  readonly #checkpoints: Checkpoints;
  readonly #insert: StatementSync;

  /**
   * Throws DamageError where what was written last is not as it was. `dedupWindow`: milliseconds for which
   * ids count.
   */
  constructor(db: DatabaseSync, held: Watched, { dedupWindow }: { readonly dedupWindow: number }) {
    this.#db = db;
    this.#held = held;
    const identity = migrate(db, readIdentity(db));
    this.#identity = { ...identity, epoch: identity.epoch + 1 };
    this.#topics = new Topics(db);
    this.#ids = new RecentIdsTable(db);
    this.#marks = new GroupMarksTable(db);
    this.#delayed = new DelayedTable(db);
    this.#trimming = new Trimming(db, this.#topics);
    this.#room = new Room(db);
    this.#checkpoints = new Checkpoints(db);
    this.#insert = db.prepare(
      `INSERT INTO batch (id, topic, first, count, time, crc, bytes, expires)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    const newest = db.prepare("SELECT id, time FROM batch ORDER BY id DESC LIMIT 1").get();
    this.#last = Math.max(identity.deletedLast, newest === undefined ? 0 : int(newest, "id"));
    const time = newest === undefined ? 0 : int(newest, "time");
    this.#time = Math.max(identity.deletedTime, time, this.#delayed.newest);
    const since = this.#time - dedupWindow;
    const stored = this.#ids.since(since, { newest: this.#time, nameOf: (topic) => this.nameOf(topic) });
    const delayed = this.#delayed.idsSince(since, this.#time);
    this.recentIds = delayed.length === 0 ? stored : [...stored, ...delayed].sort((a, b) => b.age - a.age);
    held.watch();
    this.#transactions = new Transactions(db, held);
    // whoever cannot open it has not changed it: it would seem to have lost its log
    this.#markOpen(true);
    held.wrote();
    held.moved();
  }

  get identity(): Identity {
    return this.#identity;
  }
  /** The newest batch, and its time. */
  get last(): number {
    return this.#last;
  }
  get time(): number {
    return this.#time;
  }
  get topics(): number {
    return this.#topics.count;
  }
  get batches(): number {
    return this.#last - this.#identity.deleted;
  }
  /** How many batches were ever deleted. */
  get deleted(): number {
    return this.#identity.deleted;
  }
  get bytes(): number {
    return this.#room.used;
  }
  /** What is kept until it is due. */
  get delayed(): DelayedTotal {
    return this.#delayed.total;
  }
  /** Why nothing can be committed any more. */
  get lost(): Failure | undefined {
    return this.#transactions.lost;
  }

  /**
   * Stores batches whose records lie in `bytes`, and with them how far groups have come, and what waits: the
   * topic of that begins with it, so that there is one when it is due.
   */
  commit(
    { batches, marks = [], forget = [], delayed = [], moved = [], topicsMost = Infinity }: NewCommit,
    bytes: Uint8Array,
    now: number,
  ): CommitNumbers | Failure {
    const time = Math.max(this.#time, now);
    const touched = new Map<string, OpenTopic>();
    const firsts: number[] = [];
    let last = this.#last;
    const beginnings = new Beginnings({ topics: this.#topics.count, most: topicsMost });
    const later: { begun: number[]; unbegun: number[] } = { begun: [], unbegun: [] };
    const open = ({ topic: name, mayBegin }: NewBatch): OpenTopic | undefined => {
      const known = touched.get(name) ?? this.#topics.find(name);
      if (known === undefined && !beginnings.mayBegin(mayBegin)) return undefined;
      const topic = known ?? this.#topics.add(name, ++beginnings.topics);
      touched.set(name, topic);
      return topic;
    };
    const counted = this.#ids.counted;
    const delayedBefore = this.#delayed.total;
    const failure = this.#transactions.run(() => {
      for (const batch of batches) {
        const { count, start, end, ids, ttl } = batch;
        const topic = open(batch);
        if (topic === undefined) {
          firsts.push(UNBEGUN);
          continue;
        }
        const records = bytes.subarray(start, end);
        const expires = ttl === undefined ? undefined : now + ttl;
        const mark = { id: ++last, topic: topic.id, first: topic.next, count, time, expires };
        const crc = batchCrc(mark, records);
        this.#insert.run(last, topic.id, topic.next, count, time, crc, records, expires ?? null);
        if (ids !== undefined) this.#ids.add({ batch: last, topic: topic.id, time, ids });
        firsts.push(topic.next);
        topic.next += count;
        this.#checkpoints.wrote(records.length + BATCH_OVERHEAD);
      }
      for (const group of forget) {
        this.#marks.forget(group);
        this.#checkpoints.wrote(MARK_BYTES);
      }
      for (const mark of marks) {
        this.#marks.put(mark);
        this.#checkpoints.wrote(MARK_BYTES);
      }
      const kept = delayed.filter((run, place) => {
        const before = beginnings.topics;
        const topic = open(run);
        if (topic === undefined) later.unbegun.push(place);
        else if (beginnings.topics > before) later.begun.push(place);
        return topic !== undefined;
      });
      this.#delayed.put(kept, bytes, time);
      this.#delayed.take(moved);
      for (const { start, end } of kept) this.#checkpoints.wrote(end - start + BATCH_OVERHEAD);
      this.#checkpoints.wrote(moved.length * BATCH_OVERHEAD);
    });
    if (failure !== undefined) {
      this.#ids.counted = counted;
      this.#delayed.total = delayedBefore;
      return failure;
    }
    const numbers = { batch: this.#last + 1, firsts, time, later };
    this.#last = last;
    this.#time = time;
    this.#topics.committed(touched, beginnings.topics);
    this.#marks.committed({ marks, forget });
    return numbers;
  }

  nameOf(topic: number): string {
    return this.#topics.nameOf(topic);
  }

  /** The id of a topic that something was stored in. */
  idOf(topic: string): number {
    return this.#topics.idOf(topic);
  }

  agedAfter(id: number, limit: number): readonly AgedBatch[] {
    return this.#trimming.agedAfter(id, limit);
  }

  agedOf(topic: number, sequence: number, limit: number): readonly AgedBatch[] {
    return this.#trimming.agedOf(topic, sequence, limit);
  }

  isHeld(batch: AgedBatch): boolean {
    return this.#marks.holds.has(this.nameOf(batch.topic), batch);
  }

  get holdChanges(): number {
    return this.#marks.holds.changes;
  }

  trim(batches: readonly AgedBatch[], { groupsMiss }: { readonly groupsMiss: boolean }): void {
    const identity = identityWithout(batches, this.#identity);
    const missed = new Map<GroupName, number>();
    if (groupsMiss) {
      for (const batch of batches) this.#marks.holds.count(this.nameOf(batch.topic), batch, missed);
    }
    orThrow(this.#transactions.run(() => {
      this.#trimming.trim(batches, identity);
      for (const [group, messages] of missed) this.#marks.miss(group, messages);
    }));
    this.#identity = identity;
    this.#checkpoints.wrote(batches.length * BATCH_OVERHEAD);
  }

  /** Whether there are more ids than so many characters. */
  hasMoreIds(most: number): boolean {
    return this.#ids.isOver(most);
  }

  /**
   * Forgets some of the ids that are older than that, or more than so many characters; whether there are
   * more.
   */
  forgetIds({ window, most }: { readonly window: number; readonly most: number }): boolean {
    if (!this.#ids.used) return false;
    const counted = this.#ids.counted;
    let more = false;
    const failure = this.#transactions.run(() => void (more = this.#ids.forget(this.#time - window, most)));
    if (failure !== undefined) this.#ids.counted = counted;
    orThrow(failure);
    return more;
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
    return this.#transactions.attempt(() => this.#checkpoints.run());
  }

  /** Waits until what was committed is on disk, where commits did not. */
  syncWal(): Failure | undefined {
    if (this.lost !== undefined) return this.lost;
    try {
      this.#held.syncWal();
      return undefined;
    } catch (error) {
      return this.#transactions.lose(reasonOf(error));
    }
  }

  /** Looks whether the files are as they were left, where nothing is written that would. */
  look(): void {
    this.#transactions.look();
  }

  /** Gives a little of the free room back to the disk, where there is much. Whether there is more. */
  giveBack(): boolean {
    if (this.lost !== undefined || !this.#room.isMuchFree) return false;
    if (this.#transactions.attempt(() => this.#room.giveBack()) !== undefined) return false;
    this.#checkpoints.wrote(Room.WAL_BYTES);
    return true;
  }

  /**
   * Everything into the database's own file, which then is all there is. Where it is lost nothing is
   * touched: SQLite would move what it reads from a write-ahead log that may be cut.
   */
  close(): void {
    if (this.lost !== undefined || this.#transactions.look() !== undefined) return;
    try {
      this.#markOpen(false);
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
}

function orThrow(failure: Failure | undefined): void {
  if (failure !== undefined) throw new Error(failure.reason);
}
