/**
 * Verifies all of a store: every page of SQLite's, every checksum, every sequence number, every record.
 * Changes nothing.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { RunError } from "../../errors.ts";
import { readSpans } from "../../id_spans.ts";
import { quote } from "../../text.ts";
import { areRecords, recordHead } from "../../wire/records.ts";
import { DamageError, missing } from "../log/damage.ts";
import { type Batch, endOf } from "../log/view.ts";
import { connect } from "../sqlite/connection.ts";
import { allDelayed, delayedFrom } from "../sqlite/delayed.ts";
import { isDamage, reasonOf } from "../sqlite/errors.ts";
import { asRunError, filesIn, requireStore, sizeOf } from "../sqlite/files.ts";
import { HeldFiles } from "../sqlite/held_files.ts";
import { readIdentity } from "../sqlite/identity.ts";
import { inspect } from "../sqlite/inspect.ts";
import { idsFrom } from "../sqlite/recent_ids.ts";
import { int } from "../sqlite/rows.ts";
import { batchFrom, topicFrom } from "../sqlite/stored_rows.ts";
import { checkGroups } from "./check_groups.ts";
import { readWalTail, requireEnd, type WalTail } from "../sqlite/wal_tail.ts";

/** Problems that are told one by one: whoever has so many needs a copy, not a list. */
const PROBLEMS_MOST = 1000;
/** Bytes between two words on how far it got. */
const PROGRESS_BYTES = 64 * 1024 * 1024;

/** Who is told. */
export interface CheckReport {
  /** Bytes of messages verified, of about so many. */
  progress(done: number, total: number): void;
  /** A sentence for a person, without a full stop. */
  problem(text: string): void;
}

/** What was found. */
export interface CheckSummary {
  readonly topics: number;
  readonly batches: number;
  readonly messages: number;
  readonly bytes: number;
  /** Messages that wait until they are due. */
  readonly delayed: number;
  readonly problems: number;
}

/**
 * Checks the store in a directory, which nobody may have open. Throws RunError where there is none to check,
 * or what is there cannot be one.
 */
export function checkStore(dir: string, report: CheckReport): CheckSummary {
  const files = filesIn(dir);
  requireStore(files);
  const held = HeldFiles.lock(files);
  // SQLite makes these beside a database that was closed, however little it may write
  const made = [files.wal, `${files.database}-shm`].filter((path) => sizeOf(path) === undefined);
  try {
    held.lockWal();
    inspect(files);
    // before SQLite opens it and drops what it does not take
    const tail = readWalTail(files.wal);
    const db = connect(files.database, { readOnly: true, sync: "commit" });
    try {
      return new Check(db, { report, total: sizeOf(files.database) ?? 0 }).run(tail);
    } finally {
      db.close();
    }
  } catch (error) {
    if (isDamage(error)) throw new RunError(`the store in ${quote(dir)} is damaged: ${reasonOf(error)}`);
    throw asRunError(dir, error);
  } finally {
    for (const path of made) if (sizeOf(path) !== undefined) Deno.removeSync(path);
    held.release();
  }
}

interface CheckedTopic {
  readonly name: string;
  readonly head: Uint8Array;
  next: number;
}

class Check {
  readonly #db: DatabaseSync;
  readonly #report: CheckReport;
  readonly #total: number;
  readonly #topics = new Map<number, CheckedTopic>();
  #problems = 0;
  #batches = 0;
  #messages = 0;
  #delayed = 0;
  #bytes = 0;
  #told = 0;
  /** The newest batch that is there; undefined: they were not read to the end. */
  #last: number | undefined;
  #time = 0;

  constructor(db: DatabaseSync, { report, total }: { readonly report: CheckReport; readonly total: number }) {
    this.#db = db;
    this.#report = report;
    this.#total = total;
  }

  run(tail: WalTail | undefined): CheckSummary {
    this.#each("its write-ahead log is damaged", () => requireEnd(tail));
    this.#each("its structure cannot be checked", () => this.#structure());
    this.#each("its topics cannot be read", () => this.#readTopics());
    this.#each("its messages cannot be read to the end", () => this.#readBatches());
    this.#each("its ids cannot be read", () => this.#readIds());
    this.#each("what waits until it is due cannot be read", () => this.#readDelayed());
    this.#each("its groups cannot be read", () => this.#readGroups());
    this.#each("its identity cannot be read", () => this.#identity());
    return {
      topics: this.#topics.size,
      batches: this.#batches,
      messages: this.#messages,
      bytes: this.#bytes,
      delayed: this.#delayed,
      problems: this.#problems,
    };
  }

  /** What stops one part of the check is a problem, and the other parts are checked all the same. */
  #each(what: string, part: () => void): void {
    try {
      part();
    } catch (error) {
      this.#problem(`${what}: ${reasonOf(error)}`);
    }
  }

  #structure(): void {
    const rows = this.#db.prepare(`PRAGMA integrity_check(${PROBLEMS_MOST})`).all();
    if (rows.length === 0) throw new DamageError("SQLite does not say");
    for (const row of rows) {
      const [text] = Object.values(row);
      if (text !== "ok") this.#problem(`SQLite says: ${String(text).replaceAll("\n", " ")}`);
    }
  }

  #readTopics(): void {
    for (const row of this.#db.prepare("SELECT * FROM topic ORDER BY id").all()) {
      this.#each("a topic is damaged", () => {
        const { id, name, floor } = topicFrom(row);
        this.#topics.set(id, { name, head: recordHead(name), next: floor });
      });
    }
  }

  #readBatches(): void {
    const next = this.#db.prepare("SELECT * FROM batch WHERE id > ? ORDER BY id LIMIT 1");
    let at = 0;
    for (;;) {
      const row = next.get(at);
      if (row === undefined) break;
      const { id } = row;
      if (typeof id !== "number" || id <= at) throw new DamageError(`behind batch ${at} comes batch ${id}`);
      at = id;
      this.#batches++;
      this.#each(`batch ${id} is damaged`, () => this.#batch(batchFrom(row)));
      if (this.#bytes - this.#told < PROGRESS_BYTES) continue;
      this.#told = this.#bytes;
      this.#report.progress(this.#bytes, this.#total);
    }
    this.#last = at;
    this.#report.progress(this.#bytes, this.#total);
  }

  #batch(batch: Batch): void {
    this.#bytes += batch.bytes.length;
    this.#messages += batch.count;
    const topic = this.#topics.get(batch.topic);
    if (topic === undefined) throw new DamageError(`its topic ${batch.topic} is not there`);
    const { name, head, next } = topic;
    topic.next = endOf(batch);
    if (batch.first !== next) {
      this.#problem(
        batch.first > next
          ? missing(name, next, batch.first).message
          : `of ${name} the messages from ${batch.first} on are there twice`,
      );
    }
    if (batch.time < this.#time) this.#problem(`batch ${batch.id} is older than the one before it`);
    this.#time = batch.time;
    if (!areRecords(batch.bytes, head, batch.count)) {
      throw new DamageError(`it does not hold the messages ${batch.first} to ${endOf(batch) - 1} of ${name}`);
    }
  }

  #readIds(): void {
    // a store of format 1 has none
    if (this.#db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'dedup'").get() === undefined) return;
    const next = this.#db.prepare("SELECT * FROM dedup WHERE batch > ? ORDER BY batch LIMIT 1");
    let at = 0;
    for (let row = next.get(at); row !== undefined; row = next.get(at)) {
      const these = row;
      if (int(row, "batch") <= at) throw new DamageError(`behind those of batch ${at} come others`);
      at = int(row, "batch");
      this.#each("the ids of a batch are damaged", () => {
        const { batch, topic, ids } = idsFrom(these);
        if (!this.#topics.has(topic)) {
          throw new DamageError(`the topic ${topic} of batch ${batch} is not there`);
        }
        if (readSpans(ids) === undefined) {
          throw new DamageError(`those of batch ${batch} cannot be understood`);
        }
      });
    }
  }

  #readDelayed(): void {
    for (const row of allDelayed(this.#db)) {
      this.#each("what waits is damaged", () => {
        const { id, topic, count, ids, bytes } = delayedFrom(row);
        this.#delayed += count;
        if (!areRecords(bytes, recordHead(topic), count)) {
          throw new DamageError(`the delayed run ${id} does not hold ${count} messages of ${topic}`);
        }
        if (ids !== undefined && readSpans(ids) === undefined) {
          throw new DamageError(`the ids of the delayed run ${id} cannot be understood`);
        }
      });
    }
  }

  #readGroups(): void {
    // a store of format 2 has none
    if (this.#db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'consumer'").get() === undefined) return;
    const { deletedLast } = readIdentity(this.#db);
    checkGroups(this.#db, {
      last: this.#last === undefined ? Infinity : Math.max(this.#last, deletedLast),
      problem: (text) => this.#problem(text),
    });
  }

  #identity(): void {
    const { deleted, deletedLast } = readIdentity(this.#db);
    if (this.#last === undefined) return;
    const wanted = Math.max(this.#last, deletedLast) - deleted;
    if (this.#batches !== wanted) {
      this.#problem(`there should be ${wanted} batches and there are ${this.#batches}`);
    }
  }

  #problem(text: string): void {
    this.#problems++;
    if (this.#problems <= PROBLEMS_MOST) this.#report.problem(text);
  }
}
