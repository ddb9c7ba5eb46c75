/**
 * The log in SQLite as a replay sees it.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { isPattern } from "../../topics/topic.ts";
import { DamageError, misplaced, missingTopic } from "../log/damage.ts";
import { type Matching, MatchingNames, matchingOne } from "../log/matching.ts";
import { ReplayMemory } from "../log/replay_memory.ts";
import { type Batch, type BatchRef, endOf, type LogView, type TopicRow } from "../log/view.ts";
import { int, type Row } from "./rows.ts";
import { batchFrom, batchRefFrom, topicFrom } from "./stored_rows.ts";

/** Patterns of which it is remembered which topics they take in. */
const PATTERNS_MOST = 256;
/** Topics that are read together. */
const TOPICS_READ = 1000;
/** Batches that are read together, and about how many bytes of them. */
const ROWS_LEAST = 2;
const ROWS_MOST = 64;
const ROWS_BYTES = 512 * 1024;

/** The columns of a batch without its bytes. */
const BATCH_REF = "id, topic, first, count";

/** What is known of topics; forgotten as one. */
class Remembered {
  /** By id, of all topics up to some: once, however many patterns take them in. */
  readonly names: string[] = [];
  /** The one that was asked for longest ago first. */
  readonly patterns = new Map<string, MatchingNames>();
}

/** Reads over one connection; what is asked within one {@link snapshot} sees one state. */
export class SqliteView implements LogView {
  last = 0;
  deleted = 0;
  readonly replays = new ReplayMemory();
  readonly #db: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;
  readonly #last: StatementSync;
  readonly #topicNamed: StatementSync;
  readonly #namesAfter: StatementSync;
  readonly #topicOf: StatementSync;
  readonly #topicsAfter: StatementSync;
  readonly #holding: StatementSync;
  readonly #next: StatementSync;
  readonly #refsAfter: StatementSync;
  readonly #batchesAfter: StatementSync;
  readonly #topics: StatementSync;
  readonly #timeAt: StatementSync;
  readonly #load: StatementSync;
  readonly #loadNext: StatementSync;
  #remembered = new Remembered();

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#begin = db.prepare("BEGIN");
    this.#end = db.prepare("COMMIT");
    this.#last = db.prepare(
      "SELECT max(deleted_last, (SELECT coalesce(max(id), 0) FROM batch)) AS id, deleted FROM store",
    );
    this.#topicNamed = db.prepare("SELECT * FROM topic WHERE name = ?");
    this.#namesAfter = db.prepare("SELECT * FROM topic WHERE name > ? ORDER BY name LIMIT ?");
    this.#topicOf = db.prepare("SELECT * FROM topic WHERE id = ?");
    this.#topicsAfter = db.prepare(`SELECT * FROM topic WHERE id > ? ORDER BY id LIMIT ${TOPICS_READ}`);
    this.#holding = db.prepare(
      `SELECT ${BATCH_REF} FROM batch WHERE topic = ? AND first <= ? ORDER BY first DESC LIMIT 1`,
    );
    this.#next = db.prepare(
      `SELECT ${BATCH_REF} FROM batch WHERE topic = ? AND first >= ? ORDER BY first LIMIT 1`,
    );
    this.#refsAfter = db.prepare(`SELECT ${BATCH_REF} FROM batch WHERE id > ? ORDER BY id LIMIT ?`);
    this.#batchesAfter = db.prepare("SELECT * FROM batch WHERE id > ? ORDER BY id LIMIT ?");
    this.#topics = db.prepare("SELECT coalesce(max(id), 0) AS id FROM topic");
    this.#timeAt = db.prepare("SELECT id, time FROM batch WHERE id >= ? ORDER BY id LIMIT 1");
    this.#load = db.prepare("SELECT * FROM batch WHERE id = ?");
    this.#loadNext = db.prepare(
      "SELECT * FROM batch WHERE topic = ? AND first >= ? ORDER BY first LIMIT 1",
    );
  }

  /** Runs `ask` on one state of the log. */
  snapshot<T>(ask: () => T): T {
    this.#begin.run();
    try {
      this.#look();
      return ask();
    } finally {
      // some errors of SQLite have ended it already
      if (this.#db.isTransaction) this.#end.run();
    }
  }

  /** Gives what `ask` does on one state of the log, which stays that one until all of it is taken. */
  *during<T>(ask: () => Iterable<T>): Generator<T, void> {
    this.#begin.run();
    try {
      this.#look();
      yield* ask();
    } finally {
      if (this.#db.isTransaction) this.#end.run();
    }
  }

  get topics(): number {
    return int(this.#topics.get() ?? {}, "id");
  }

  topicNamed(name: string): TopicRow | undefined {
    const row = this.#topicNamed.get(name);
    return row === undefined ? undefined : topicFrom(row);
  }

  namesAfter(name: string, limit: number): readonly TopicRow[] {
    return this.#namesAfter.all(name, limit).map(topicFrom);
  }

  topicOf(id: number): TopicRow {
    const row = this.#topicOf.get(id);
    if (row === undefined) throw missingTopic(id);
    return topicFrom(row);
  }

  matching(pattern: string): Matching {
    if (!isPattern(pattern)) return matchingOne(this.topicNamed(pattern));
    const { names, patterns } = this.#remembered;
    this.#readNames(names);
    const matching = patterns.get(pattern) ?? new MatchingNames(pattern, names);
    matching.extend();
    patterns.delete(pattern);
    patterns.set(pattern, matching);
    const [oldest] = patterns.keys();
    if (patterns.size > PATTERNS_MOST && oldest !== undefined) patterns.delete(oldest);
    return matching;
  }

  /** Forgets the names of topics: they are read anew when a pattern is asked for. */
  forget(): void {
    this.#remembered = new Remembered();
  }

  holding(topic: number, sequence: number): BatchRef | undefined {
    const row = this.#holding.get(topic, Math.min(sequence, Number.MAX_SAFE_INTEGER));
    return row === undefined ? undefined : batchRefFrom(row);
  }

  next(topic: number, sequence: number): BatchRef | undefined {
    const row = this.#next.get(topic, sequence);
    return row === undefined ? undefined : batchRefFrom(row);
  }

  refsAfter(id: number, limit: number): readonly BatchRef[] {
    return this.#refsAfter.all(id, limit).map(batchRefFrom);
  }

  timeAt(id: number): { readonly id: number; readonly time: number } | undefined {
    const row = this.#timeAt.get(id);
    return row === undefined ? undefined : { id: int(row, "id"), time: int(row, "time") };
  }

  *batchesAfter(id: number): Generator<Batch> {
    let at = id;
    let limit = ROWS_LEAST;
    for (;;) {
      // not `iterate`, which was seen to end where SQLite has an error
      const rows = this.#batchesAfter.all(at, limit);
      let bytes = 0;
      for (const row of rows) {
        const batch = this.#verified(row);
        if (batch.id <= at) throw misplaced(batch.id);
        bytes += batch.bytes.length;
        at = batch.id;
        yield batch;
      }
      if (rows.length < limit) return;
      limit = Math.max(ROWS_LEAST, Math.min(ROWS_MOST, Math.floor(ROWS_BYTES / (bytes / limit + 1))));
    }
  }

  load(ref: BatchRef): Batch {
    const row = this.#load.get(ref.id);
    if (row === undefined) throw this.#damaged(ref, "it is missing");
    const batch = this.#verified(row, ref);
    if (batch.topic !== ref.topic || batch.first !== ref.first || batch.count !== ref.count) {
      throw this.#damaged(ref, "its index says otherwise");
    }
    return batch;
  }

  loadNext(topic: number, sequence: number): Batch | undefined {
    const row = this.#loadNext.get(topic, sequence);
    return row === undefined ? undefined : this.#verified(row);
  }

  #look(): void {
    const row = this.#last.get() ?? {};
    this.last = int(row, "id");
    this.deleted = int(row, "deleted");
  }

  #verified(row: Row, ref?: BatchRef): Batch {
    try {
      return batchFrom(row);
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      throw this.#damaged(ref ?? batchRefFrom(row), error.message);
    }
  }

  /** The damage with the messages it makes unreadable. */
  #damaged(ref: BatchRef, what: string): DamageError {
    const { id, topic, first } = ref;
    const name = this.#topicOf.get(topic)?.name ?? `topic ${topic}`;
    return new DamageError(`of ${name} the messages ${first} to ${endOf(ref) - 1}, batch ${id}: ${what}`);
  }

  /** Reads those that have come since. */
  #readNames(names: string[]): void {
    for (let read = TOPICS_READ; read === TOPICS_READ;) {
      const rows = this.#topicsAfter.all(names.length - 1);
      for (const row of rows) {
        const { id, name } = topicFrom(row);
        if (id < names.length) throw new DamageError(`topic ${id} is not where it belongs`);
        names[id] = name;
      }
      read = rows.length;
    }
  }
}
