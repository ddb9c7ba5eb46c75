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

/** Rows forgotten at a time. */
const FORGET_ROWS = 256;
/** Rows read together when a store is opened, and rows read at most: half a million commits. */
const READ_ROWS = 256;
const RECENT_ROWS_MOST = 500_000;
/**
 * Characters of ids given back when a store is opened: more would be forgotten again by who remembers them.
 */
const RECENT_LENGTH_MOST = 32 * 1024 * 1024;

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

/** The table, through the connection that writes. Its changes are part of the caller's transaction. */
export class RecentIdsTable {
  readonly #insert: StatementSync;
  readonly #forget: StatementSync;
  readonly #newest: StatementSync;
  #used: boolean;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare("INSERT INTO dedup (batch, topic, time, ids, crc) VALUES (?, ?, ?, ?, ?)");
    this.#forget = db.prepare(
      `DELETE FROM dedup WHERE time < ?
        AND batch IN (SELECT batch FROM dedup ORDER BY batch LIMIT ${FORGET_ROWS})`,
    );
    this.#newest = db.prepare(`SELECT * FROM dedup WHERE batch < ? ORDER BY batch DESC LIMIT ${READ_ROWS}`);
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

  /** Forgets some of what was stored before a time; whether it may have left something. */
  forget(before: number): boolean {
    return Number(this.#forget.run(before).changes) >= FORGET_ROWS;
  }

  /**
   * What was stored since a time, the oldest first, about a second of a topic's together. Throws DamageError.
   */
  since(
    time: number,
    { newest, nameOf }: { newest: number; nameOf: (topic: number) => string },
  ): RecentIds[] {
    const rows = this.#rowsSince(time);
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
