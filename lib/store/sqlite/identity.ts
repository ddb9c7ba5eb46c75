/**
 * The one row of the table `store`: which store this is, and what it has been through.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { DamageError } from "../log/damage.ts";
import { int, text } from "./rows.ts";

/** The one row of `store`. */
export interface Identity {
  /** Which store this is. */
  readonly id: string;
  readonly format: number;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** How often it was opened. */
  readonly epoch: number;
  /** What the clock of retention showed when the row was written. */
  readonly clock: number;
  /** How many batches retention has deleted, the last of them, and its time. */
  readonly deleted: number;
  readonly deletedLast: number;
  readonly deletedTime: number;
}

/** The identity row. Throws DamageError where it is not as it was written. */
export function readIdentity(db: DatabaseSync): Identity {
  const row = db.prepare("SELECT * FROM store WHERE one = 1").get();
  if (row === undefined) throw new DamageError("its identity is missing");
  const identity: Identity = {
    id: text(row, "id"),
    format: int(row, "format"),
    created: int(row, "created"),
    epoch: int(row, "epoch"),
    clock: int(row, "clock"),
    deleted: int(row, "deleted"),
    deletedLast: int(row, "deleted_last"),
    deletedTime: int(row, "deleted_time"),
  };
  if (identityCrc(identity) !== int(row, "crc")) {
    throw new DamageError("its identity does not match its checksum");
  }
  return identity;
}

/** Replaces the identity row. */
export function writeIdentity(db: DatabaseSync, identity: Identity): void {
  const { id, format, created, epoch, clock, deleted, deletedLast, deletedTime } = identity;
  db.prepare("INSERT OR REPLACE INTO store VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)").run(
    id,
    format,
    created,
    epoch,
    clock,
    deleted,
    deletedLast,
    deletedTime,
    identityCrc(identity),
  );
}

/** The checksum of the identity row: CRC-32 of its values but `one` and `crc`, a space between. */
function identityCrc(identity: Identity): number {
  const { id, format, created, epoch, clock, deleted, deletedLast, deletedTime } = identity;
  return crc32([id, format, created, epoch, clock, deleted, deletedLast, deletedTime].join(" "));
}
