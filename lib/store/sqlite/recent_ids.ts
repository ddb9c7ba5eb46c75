/**
 * The ids of what was stored last, so that a message that is sent again after a restart is still known (D6).
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { DamageError } from "../log/damage.ts";
import type { RecentIds } from "../types.ts";
import { int, type Row, text } from "./rows.ts";

/** Rows forgotten at a time, and characters of ids from which no more are. */
const FORGET_ROWS = 4096;
const FORGET_LENGTH = 8 * 1024 * 1024;
/** The part of what may be kept that is left when some has to go: not with each commit a few. */
const FORGET_TO = 7 / 8;
/** Rows read together when a store is opened. */
const READ_ROWS = 256;
/** Rows read at most when a store is opened: half a million commits. */
export const RECENT_ROWS_MOST = 500_000;
/**
 * Characters of ids given back when a store is opened: more would be forgotten again by who remembers them.
 */
export const RECENT_LENGTH_MOST = 32 * 1024 * 1024;
/** What a row counts at least, where it is asked how many there may be: with the two above they are alike. */
const ROW_LENGTH = 64;

/** A row of `dedup`. */
export interface IdsRow {
  readonly batch: number;
  readonly topic: number;
  readonly time: number;
  readonly ids: string;
}

/** The checksum of a row of `dedup`: CRC-32 of batch, topic, time and ids, a space between. */
function idsCrc({ batch, topic, time, ids }: IdsRow): number {
  return crc32(`${batch} ${topic} ${time} ${ids}`);
}

/** A row of `dedup`, verified. */
export function idsFrom(row: Row): IdsRow {
  const ids = {
    batch: int(row, "batch"),
    topic: int(row, "topic"),
    time: int(row, "time"),
    ids: text(row, "ids"),
  };
  if (idsCrc(ids) !== int(row, "crc")) {
    throw new DamageError(`the ids of batch ${ids.batch} do not match their checksum`);
  }
  return ids;
}

/** What is counted of the table; to be put back where a transaction that changed it failed. */
export interface CountedIds {
  readonly rows: number;
  /** Characters of their ids. */
  readonly length: number;
  /** The batch they begin with: what lies before it is never asked for again; undefined: there are none. */
  readonly floor: number | undefined;
}

/** Whether it is more than so many characters of ids, or so many rows that they count as much. */
function isOver({ rows, length }: CountedIds, most: number): boolean {
  return length > most || rows > Math.min(RECENT_ROWS_MOST, most / ROW_LENGTH);
}

/** The table, through the connection that writes. Its changes are part of the caller's transaction. */
export class RecentIdsTable {
  readonly #insert: StatementSync;
  readonly #oldest: StatementSync;
  readonly #forget: StatementSync;
  readonly #newest: StatementSync;
  #used: boolean;
  #counted: CountedIds = { rows: 0, length: 0, floor: undefined };

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare("INSERT INTO dedup (batch, topic, time, ids, crc) VALUES (?, ?, ?, ?, ?)");
    this.#oldest = db.prepare(
      `SELECT batch, time, octet_length(ids) AS length FROM dedup ORDER BY batch LIMIT ${FORGET_ROWS}`,
    );
    this.#forget = db.prepare("DELETE FROM dedup WHERE batch <= ?");
    this.#newest = db.prepare(`SELECT * FROM dedup WHERE batch < ? ORDER BY batch DESC LIMIT ${READ_ROWS}`);
    this.#used = db.prepare("SELECT 1 FROM dedup LIMIT 1").get() !== undefined;
  }

  /** Whether there is anything to forget. */
  get used(): boolean {
    return this.#used;
  }

  get counted(): CountedIds {
    return this.#counted;
  }
  set counted(counted: CountedIds) {
    this.#counted = counted;
  }

  add(row: IdsRow): void {
    const { rows, length, floor = row.batch } = this.#counted;
    this.#used = true;
    this.#counted = { rows: rows + 1, length: length + row.ids.length, floor };
    this.#insert.run(row.batch, row.topic, row.time, row.ids, idsCrc(row));
  }

  /** Whether there is more than so many characters of ids, or so many rows that they count as much. */
  isOver(most: number): boolean {
    return isOver(this.#counted, most);
  }

  /**
   * Forgets some of what was stored before a time, and of the oldest as much as is more than `most`
   * characters; whether it may have left something.
   */
  forget(before: number, most: number): boolean {
    const rows = this.#oldest.all();
    const counted = { ...this.#counted };
    const target = this.isOver(most) ? most * FORGET_TO : Infinity;
    let last: number | undefined;
    let length = 0;
    let at = 0;
    for (; at < rows.length && length < FORGET_LENGTH; at++) {
      const row = rows[at]!;
      const [batch, own] = [int(row, "batch"), int(row, "length")];
      if (counted.floor !== undefined && batch >= counted.floor) {
        if (int(row, "time") >= before && !isOver(counted, target)) break;
        counted.rows--;
        counted.length -= own;
      }
      length += own;
      last = batch;
    }
    if (last !== undefined) this.#forget.run(last);
    this.#counted = counted;
    return at === FORGET_ROWS || length >= FORGET_LENGTH;
  }

  /**
   * What was stored since a time, the oldest first, about a second of a topic's together. Call it once, when
   * the store is opened. Throws DamageError.
   */
  since(
    time: number,
    { newest, nameOf }: { newest: number; nameOf: (topic: number) => string },
  ): RecentIds[] {
    const rows = this.#rowsSince(time);
    const length = rows.reduce((sum, { ids }) => sum + ids.length, 0);
    this.#counted = { rows: rows.length, length, floor: rows.at(-1)?.batch };
    const found: RecentIds[] = [];
    let open = new Map<number, { age: number; parts: string[] }>();
    let second = -1;
    const close = (): void => {
      for (const [topic, { age, parts }] of open) {
        found.push({ topic: nameOf(topic), age, ids: parts.join("\n") });
      }
      open = new Map();
    };
    for (let at = rows.length - 1; at >= 0; at--) {
      const { topic, time: stored, ids } = rows[at]!;
      if (Math.floor(stored / 1000) !== second) close();
      second = Math.floor(stored / 1000);
      const group = open.get(topic);
      // that of the newest of them: what is remembered too long does no harm
      if (group === undefined) open.set(topic, { age: newest - stored, parts: [ids] });
      else {
        group.age = newest - stored;
        group.parts.push(ids);
      }
    }
    close();
    return found;
  }

  /** The newest first. */
  #rowsSince(time: number): IdsRow[] {
    const rows: IdsRow[] = [];
    let length = 0;
    let at = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const some = this.#newest.all(at);
      for (const row of some) {
        const ids = idsFrom(row);
        if (ids.batch >= at) throw new DamageError(`the ids of batch ${ids.batch} are not where they belong`);
        at = ids.batch;
        length += ids.ids.length;
        if (ids.time < time || length > RECENT_LENGTH_MOST) return rows;
        rows.push(ids);
      }
      if (some.length < READ_ROWS || rows.length >= RECENT_ROWS_MOST) return rows;
    }
  }
}
