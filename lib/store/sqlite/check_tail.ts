/**
 * What is verified each time a store is opened: the newest batches, where a crash would have left its mark,
 * and the small tables that everything is found by. Its cost grows with the number of topics and recent ids
 * (30 ms for 100,000), not with the store.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { DamageError, missing, missingTopic } from "../log/damage.ts";
import { type Batch, endOf } from "../log/view.ts";
import { int, type Row } from "./rows.ts";
import { batchFrom, topicFrom } from "./stored_rows.ts";

/** Batches verified, and bytes of them. */
const BATCHES_MOST = 64;
const BYTES_MOST = 32 * 1024 * 1024;

/** A topic that is not found by its name would be begun anew, an id that is not found stored again. */
const SMALL_TABLES = ["topic", "dedup"];

/**
 * Throws DamageError where a table that everything is found by is not sound, or one of the newest batches is
 * not as it was written or does not follow the one before it.
 */
export function checkTail(db: DatabaseSync): void {
  for (const table of SMALL_TABLES) checkTable(db, table);
  checkNewest(db);
}

/** Pages, order and indexes of a table, as SQLite sees them; one that is not there yet is sound. */
function checkTable(db: DatabaseSync, table: string): void {
  if (db.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(table) === undefined) return;
  const [row = {}] = db.prepare(`PRAGMA integrity_check('${table}')`).all();
  const [said] = Object.values(row);
  if (said !== "ok") throw new DamageError(String(said).replaceAll("\n", " "));
}

function checkNewest(db: DatabaseSync): void {
  const older = db.prepare("SELECT * FROM batch WHERE id <= ? ORDER BY id DESC LIMIT 1");
  const before = db.prepare(
    "SELECT first, count FROM batch WHERE topic = ? AND first < ? ORDER BY first DESC LIMIT 1",
  );
  const topicOf = db.prepare("SELECT * FROM topic WHERE id = ?");
  let bytes = 0;
  let at: number = Number.MAX_SAFE_INTEGER;
  for (let left = BATCHES_MOST; left > 0 && bytes < BYTES_MOST; left--) {
    const row = older.get(at);
    if (row === undefined) return;
    const batch = verified(row);
    const owner = topicOf.get(batch.topic);
    if (owner === undefined) throw missingTopic(batch.topic);
    const topic = topicFrom(owner);
    const previous = before.get(batch.topic, batch.first);
    const wanted = previous === undefined
      ? topic.floor
      : endOf({ ...batch, first: int(previous, "first"), count: int(previous, "count") });
    if (wanted !== batch.first) throw missing(topic.name, wanted, batch.first);
    bytes += batch.bytes.length;
    at = batch.id - 1;
  }
}

function verified(row: Row): Batch {
  try {
    return batchFrom(row);
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    throw new DamageError(`batch ${row["id"]}: ${error.message}`);
  }
}
