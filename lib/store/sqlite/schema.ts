/**
 * The database as it is on disk. docs/store.md explains it to people with `sqlite3`.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { type Identity, writeIdentity } from "./identity.ts";

/** What this version writes, and the newest it reads: the lower 16 bits of `PRAGMA user_version`. */
export const FORMAT = 3;
/** Set in `user_version` while somebody has the store open, so that a WAL belongs to it. */
export const OPEN_BIT = 0x10000;
/** "hbus": `PRAGMA application_id`. */
export const APPLICATION_ID = 0x68627573;
/** Bytes: large blobs like large pages, single messages small ones; decisions/0004 has the figures. */
export const DATABASE_PAGE_BYTES = 16_384;

const TABLES = `
  CREATE TABLE store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    format INTEGER NOT NULL,
    created INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    clock INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    deleted_last INTEGER NOT NULL,
    deleted_time INTEGER NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE topic (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    floor INTEGER NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE batch (
    id INTEGER PRIMARY KEY,
    topic INTEGER NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    time INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    expires INTEGER
  ) STRICT;
  CREATE INDEX batch_of_topic ON batch (topic, first, count);
`;

const DEDUP_TABLE = `
  CREATE TABLE dedup (
    batch INTEGER PRIMARY KEY,
    topic INTEGER NOT NULL,
    time INTEGER NOT NULL,
    ids TEXT NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;
`;

const GROUP_TABLES = `
  CREATE TABLE consumer (
    name TEXT NOT NULL,
    pattern TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    after INTEGER NOT NULL,
    missed INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (name, pattern)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE consumer_topic (
    name TEXT NOT NULL,
    pattern TEXT NOT NULL,
    topic TEXT NOT NULL,
    settled TEXT NOT NULL,
    attempts TEXT NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (name, pattern, topic)
  ) STRICT, WITHOUT ROWID;
`;

const DELAYED_TABLE = `
  CREATE TABLE delayed (
    id INTEGER PRIMARY KEY,
    due INTEGER NOT NULL,
    published INTEGER NOT NULL,
    topic TEXT NOT NULL,
    count INTEGER NOT NULL,
    ttl INTEGER,
    ids TEXT,
    size INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE INDEX delayed_when_due ON delayed (due, id, topic, count, size);
`;

/** From each format to the next: what has to be done, in one transaction with the new identity row. */
const STEPS: ReadonlyMap<number, string> = new Map([
  [1, `ALTER TABLE batch ADD COLUMN expires INTEGER; ${DEDUP_TABLE}`],
  [2, `${GROUP_TABLES} ${DELAYED_TABLE}`],
]);

/** Makes an empty database into an empty store, before it is a log with a WAL. */
export function createSchema(db: DatabaseSync, identity: Identity): void {
  db.exec(
    `PRAGMA page_size = ${DATABASE_PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA synchronous = FULL`,
  );
  db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT}`);
  db.exec(`BEGIN; ${TABLES} ${DEDUP_TABLE} ${GROUP_TABLES} ${DELAYED_TABLE} COMMIT`);
  writeIdentity(db, identity);
}

/**
 * Brings a store of an earlier format up to this one, whole or not at all. The format is that of the identity
 * row: the other place that has it, `user_version`, is set by hand where docs/store.md says so.
 */
export function migrate(db: DatabaseSync, identity: Identity): Identity {
  if (identity.format === FORMAT) return identity;
  db.exec("BEGIN IMMEDIATE");
  try {
    for (let { format } = identity; format < FORMAT; format++) {
      const step = STEPS.get(format);
      if (step === undefined) throw new Error(`no way leads on from format ${format}`);
      db.exec(step);
    }
    const migrated = { ...identity, format: FORMAT };
    writeIdentity(db, migrated);
    db.exec("COMMIT");
    return migrated;
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}
