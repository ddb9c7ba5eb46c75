/**
 * What is kept until it is due: one table, a row a run.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { DamageError } from "../log/damage.ts";
import type { NewDelayed } from "../log/group.ts";
import type { DelayedRun, DueOutcome, DuePlace, DueQuery, RecentIds } from "../types.ts";
import { reasonOf } from "./errors.ts";
import { RECENT_LENGTH_MOST, RECENT_ROWS_MOST } from "./recent_ids.ts";
import { blob, int, type Row, text } from "./rows.ts";

/** Places looked at together, and runs that one answer brings at most. */
const PLACES_READ = 256;
const RUNS_MOST = 1024;
/** Rows read together for their ids. */
const IDS_READ = 256;

/**
 * The checksum of a row: CRC-32 of id, due, published, count and (where set) ttl, a space between, an LF, the
 * topic, an LF, the ids (where set), an LF, and the bytes.
 */
function delayedCrc({ id, due, published, topic, count, ttl, ids }: DelayedRun, bytes: Uint8Array): number {
  const end = ttl === undefined ? "" : ` ${ttl}`;
  return crc32(bytes, crc32(`${id} ${due} ${published} ${count}${end}\n${topic}\n${ids ?? ""}\n`));
}

/** A row of `delayed`, verified. */
export function delayedFrom(row: Row): DelayedRun {
  const run = {
    id: int(row, "id"),
    due: int(row, "due"),
    published: int(row, "published"),
    topic: text(row, "topic"),
    count: int(row, "count"),
    ttl: row["ttl"] === null ? undefined : int(row, "ttl"),
    ids: row["ids"] === null ? undefined : text(row, "ids"),
    bytes: blob(row, "bytes"),
  };
  if (delayedCrc(run, run.bytes) !== int(row, "crc") || run.bytes.length !== int(row, "size")) {
    throw new DamageError(`the delayed run ${run.id} does not match its checksum`);
  }
  return run;
}

/** What is counted of the table. */
export interface DelayedTotal {
  /** Messages. */
  readonly count: number;
  /** Of their records. */
  readonly bytes: number;
}

/** The table, through the connection that writes. Its changes are part of the caller's transaction. */
export class DelayedTable {
  /** To be put back where a transaction that changed it failed. */
  total: DelayedTotal;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  readonly #newest: StatementSync;
  readonly #last: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      `INSERT INTO delayed (id, due, published, topic, count, ttl, ids, size, crc, bytes)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#delete = db.prepare("DELETE FROM delayed WHERE id = ? RETURNING count, size");
    this.#newest = db.prepare(
      `SELECT id, published, topic, ids FROM delayed WHERE id < ? ORDER BY id DESC LIMIT ${IDS_READ}`,
    );
    this.#last = db.prepare("SELECT id, published FROM delayed ORDER BY id DESC LIMIT 1");
    const total = db.prepare(
      "SELECT coalesce(sum(count), 0) AS count, coalesce(sum(size), 0) AS bytes FROM delayed",
    ).get() ?? {};
    this.total = { count: int(total, "count"), bytes: int(total, "bytes") };
  }

  /** When the newest of them was published; 0: there is none. */
  get newest(): number {
    const last = this.#last.get();
    return last === undefined ? 0 : int(last, "published");
  }

  /** Keeps runs whose records lie in `bytes`. */
  put(runs: readonly NewDelayed[], bytes: Uint8Array, published: number): void {
    if (runs.length === 0) return;
    const last = this.#last.get();
    let id = last === undefined ? 0 : int(last, "id");
    for (const { due, topic, count, start, end, ids, ttl } of runs) {
      const records = bytes.subarray(start, end);
      const size = end - start;
      const crc = delayedCrc({ id: ++id, due, published, topic, count, ttl, ids, bytes: records }, records);
      this.#insert.run(id, due, published, topic, count, ttl ?? null, ids ?? null, size, crc, records);
      this.total = { count: this.total.count + count, bytes: this.total.bytes + size };
    }
  }

  /** Those are kept no more. Throws where one is not there. */
  take(ids: readonly number[]): void {
    for (const id of ids) {
      const row = this.#delete.get(id);
      if (row === undefined) throw new DamageError(`the delayed run ${id} is not there`);
      const { count, bytes } = this.total;
      this.total = { count: count - int(row, "count"), bytes: bytes - int(row, "size") };
    }
  }

  /**
   * The ids of what was published since a time, the oldest first, about a second of a topic's together, with
   * their ages at `newest`.
   */
  idsSince(time: number, newest: number): RecentIds[] {
    const found = new Map<
      string,
      { readonly topic: string; readonly age: number; readonly parts: string[] }
    >();
    let [rows, length] = [0, 0];
    // the newest first, and so each age that of the newest of a second
    for (const row of this.#newestFirst()) {
      const published = int(row, "published");
      if (published < time || length > RECENT_LENGTH_MOST || rows > RECENT_ROWS_MOST) break;
      rows++;
      if (row["ids"] === null) continue;
      const [topic, ids] = [text(row, "topic"), text(row, "ids")];
      length += ids.length;
      const key = `${Math.floor(published / 1000)} ${topic}`;
      const group = found.get(key);
      if (group !== undefined) group.parts.push(ids);
      else found.set(key, { topic, age: Math.max(0, newest - published), parts: [ids] });
    }
    return [...found.values()].reverse().map(({ topic, age, parts }) => (
      { topic, age, ids: parts.reverse().join("\n") }
    ));
  }

  *#newestFirst(): Generator<Row, void> {
    for (let at = Number.MAX_SAFE_INTEGER;;) {
      const rows = this.#newest.all(at);
      yield* rows;
      if (rows.length < IDS_READ) return;
      at = int(rows.at(-1)!, "id");
    }
  }
}

/** Rows of a store read together, where all are. */
const ROWS_READ = 64;

/** All rows by their places, through any connection; none in a store of a format that had no such table. */
export function* allDelayed(db: DatabaseSync): Generator<Row, void> {
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'delayed'").get() === undefined) return;
  const next = db.prepare(
    `SELECT * FROM delayed WHERE (due, id) > (?, ?) ORDER BY due, id LIMIT ${ROWS_READ}`,
  );
  let place = FIRST;
  for (let more = true; more;) {
    const rows = next.all(place.due, place.id);
    more = rows.length === ROWS_READ;
    for (const row of rows) {
      place = { due: int(row, "due"), id: int(row, "id") };
      yield row;
    }
  }
}

/** Before all places. */
const FIRST: DuePlace = { due: Number.MIN_SAFE_INTEGER, id: 0 };

/** Reads it, through any connection. */
export class DelayedReader {
  readonly #places: StatementSync;
  readonly #run: StatementSync;
  readonly #next: StatementSync;

  constructor(db: DatabaseSync) {
    this.#places = db.prepare(
      `SELECT due, id FROM delayed
        WHERE (due, id) > (?, ?) AND due <= ? AND topic NOT IN (SELECT value FROM json_each(?))
        ORDER BY due, id LIMIT ${PLACES_READ}`,
    );
    this.#run = db.prepare("SELECT * FROM delayed WHERE id = ?");
    this.#next = db.prepare("SELECT due FROM delayed WHERE due > ? ORDER BY due, id LIMIT 1");
  }

  /** What is due. */
  due({ now, after, without, most }: DueQuery): DueOutcome {
    const runs: DelayedRun[] = [];
    const damaged: string[] = [];
    const passed = JSON.stringify(without);
    let place = after ?? FIRST;
    let bytes = 0;
    for (let more = true; more;) {
      const places = this.#places.all(place.due, place.id, now, passed);
      more = places.length === PLACES_READ;
      for (const row of places) {
        if (runs.length >= RUNS_MOST || bytes >= most) {
          return { kind: "due", runs, after: place, next: undefined, damaged };
        }
        place = { due: int(row, "due"), id: int(row, "id") };
        try {
          const run = this.#load(place);
          runs.push(run);
          bytes += run.bytes.length;
        } catch (error) {
          if (!(error instanceof DamageError)) throw error;
          damaged.push(reasonOf(error));
        }
      }
    }
    const next = this.#next.get(now);
    return { kind: "due", runs, after: undefined, next: next && int(next, "due"), damaged };
  }

  #load({ due, id }: DuePlace): DelayedRun {
    const row = this.#run.get(id);
    if (row === undefined) throw new DamageError(`the delayed run ${id} is missing`);
    const run = delayedFrom(row);
    if (run.due !== due) throw new DamageError(`the index of the delayed run ${id} says otherwise`);
    return run;
  }
}
