/**
 * Taking the oldest batches away.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { AgedBatch } from "../../log/retention.ts";
import { endOf } from "../../log/view.ts";
import { type Identity, writeIdentity } from "../identity.ts";
import { int, type Row } from "../rows.ts";
import { batchRefFrom } from "../stored_rows.ts";
import type { Topics } from "./topics.ts";

/** The table `batch`, from its oldest rows on. What is changed is part of the caller's transaction. */
export class Trimming {
  readonly #db: DatabaseSync;
  readonly #topics: Topics;
  readonly #aged: StatementSync;
  readonly #agedOf: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync, topics: Topics) {
    this.#db = db;
    this.#topics = topics;
    this.#aged = db.prepare(
      `SELECT id, topic, first, count, time, length(bytes) AS size
        FROM batch WHERE id > ? ORDER BY id LIMIT ?`,
    );
    this.#agedOf = db.prepare(
      `SELECT id, topic, first, count, time, length(bytes) AS size
        FROM batch WHERE topic = ? AND first >= ? ORDER BY first LIMIT ?`,
    );
    this.#delete = db.prepare("DELETE FROM batch WHERE id = ?");
  }

  agedAfter(id: number, limit: number): readonly AgedBatch[] {
    return this.#aged.all(id, limit).map(agedFrom);
  }

  agedOf(topic: number, sequence: number, limit: number): readonly AgedBatch[] {
    return this.#agedOf.all(topic, sequence, limit).map(agedFrom);
  }

  /** Deletes these, moves the floors of their topics and writes the identity down. */
  trim(batches: readonly AgedBatch[], identity: Identity): void {
    const floors = new Map<number, number>();
    for (const batch of batches) {
      floors.set(batch.topic, endOf(batch));
      this.#delete.run(batch.id);
    }
    for (const [id, floor] of floors) this.#topics.setFloor(id, floor);
    writeIdentity(this.#db, identity);
  }
}

function agedFrom(row: Row): AgedBatch {
  return { ...batchRefFrom(row), time: int(row, "time"), size: int(row, "size") };
}

/** The identity of a store that these were taken from. */
export function identityWithout(batches: readonly AgedBatch[], identity: Identity): Identity {
  let { deletedLast, deletedTime } = identity;
  for (const { id, time } of batches) if (id > deletedLast) [deletedLast, deletedTime] = [id, time];
  return { ...identity, deleted: identity.deleted + batches.length, deletedLast, deletedTime };
}
