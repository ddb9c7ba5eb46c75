/**
 * The ids of what was stored last, so that a message that is sent again after a restart is still known.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { DamageError } from "./log_view.ts";
import { int, type Row, text } from "./rows.ts";
import type { RecentIds } from "./types.ts";

/** Rows forgotten at a time. */
const FORGET_ROWS = 256;
/** Characters of ids given back when a store is opened: more would be forgotten again by who remembers them. */
const RECENT_LENGTH_MOST = 32 * 1024 * 1024;

/** A row of `dedup`. */
export interface IdsRow {
  readonly batch: number;
  readonly topic: number;
  readonly time: number;
  readonly ids: string;
}

/** The checksum of a row of `dedup`: CRC-32 of batch, topic, time and ids, a space between. */
export function idsCrc({ batch, topic, time, ids }: IdsRow): number {
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

/** The table, through the connection that writes. Its changes are part of the caller's transaction. */
export class RecentIdsTable {
  readonly #insert: StatementSync;
  readonly #forget: StatementSync;
  readonly #newest: StatementSync;
  #used: boolean;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare("INSERT INTO dedup (batch, topic, time, ids, crc) VALUES (?, ?, ?, ?, ?)");
    this.#forget = db.prepare(
      `DELETE FROM dedup WHERE time < ? AND batch IN (SELECT batch FROM dedup ORDER BY batch LIMIT ${FORGET_ROWS})`,
    );
    // one at a time: what iterates in Deno 2.9 ends without an error where a page is damaged
    this.#newest = db.prepare("SELECT * FROM dedup WHERE batch < ? ORDER BY batch DESC LIMIT 1");
    this.#used = db.prepare("SELECT 1 FROM dedup LIMIT 1").get() !== undefined;
  }

  /** Whether there is anything to forget. */
  get used(): boolean {
    return this.#used;
  }

  add(row: IdsRow): void {
    this.#used = true;
    this.#insert.run(row.batch, row.topic, row.time, row.ids, idsCrc(row));
  }

  /** Forgets some of what was stored before a time; how many rows that were. */
  forget(before: number): number {
    return Number(this.#forget.run(before).changes);
  }

  /** Whether {@link forget} may have left something. */
  static isMore(forgotten: number): boolean {
    return forgotten >= FORGET_ROWS;
  }

  /** What was stored since a time, the oldest first. Throws DamageError. */
  since(
    time: number,
    { newest, nameOf }: { newest: number; nameOf: (topic: number) => string },
  ): RecentIds[] {
    const found: RecentIds[] = [];
    let length = 0;
    for (
      let at = Number.MAX_SAFE_INTEGER, row = this.#newest.get(at);
      row !== undefined;
      row = this.#newest.get(at)
    ) {
      const ids = idsFrom(row);
      if (ids.batch >= at) throw new DamageError(`the ids of batch ${ids.batch} are not where they belong`);
      at = ids.batch;
      if (ids.time < time) break;
      found.push({ topic: nameOf(ids.topic), age: newest - ids.time, ids: ids.ids });
      length += ids.ids.length;
      if (length >= RECENT_LENGTH_MOST) break;
    }
    return found.reverse();
  }
}
