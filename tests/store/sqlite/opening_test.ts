/**
 * What is looked at before and while a store is opened, part by part.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { RunError } from "../../../lib/errors.ts";
import { DamageError } from "../../../lib/store/log/damage.ts";
import { MemoryLog } from "../../../lib/store/log/memory_log.ts";
import { checkTail } from "../../../lib/store/sqlite/check_tail.ts";
import { connect } from "../../../lib/store/sqlite/connection.ts";
import { createWhereMissing } from "../../../lib/store/sqlite/create.ts";
import { filesIn, prepareDirectory, requireStoreIn, sizeOf } from "../../../lib/store/sqlite/files.ts";
import { type Identity, readIdentity, writeIdentity } from "../../../lib/store/sqlite/identity.ts";
import { inspect } from "../../../lib/store/sqlite/inspect.ts";
import { createSchema, FORMAT, migrate, OPEN_BIT } from "../../../lib/store/sqlite/schema.ts";
import { topicCrc } from "../../../lib/store/sqlite/stored_rows.ts";
import { run } from "../asking.ts";
import { Folder } from "../folder.ts";
import { append, databaseOf } from "../made_logs.ts";
import { change, putBatch, store, writing } from "../writing.ts";

const MIB = 1024 * 1024;
const TWO = "pub #a 1\nx\n".repeat(2);

/** A log of so many batches of two messages to #a. */
function logOf(batches: number): MemoryLog {
  const log = new MemoryLog();
  for (let at = 0; at < batches; at++) append(log, "#a", { records: TWO, now: 7 });
  return log;
}

/** What a check of the end of a log says once it was changed so. */
function tailSays(log: MemoryLog, how: string | ((db: DatabaseSync) => void)): string {
  using db = databaseOf(log);
  checkTail(db);
  if (typeof how === "string") db.exec(how);
  else how(db);
  try {
    checkTail(db);
    return "";
  } catch (error) {
    assert(error instanceof DamageError, String(error));
    return error.message;
  }
}

Deno.test("the newest batches are verified when a store is opened: their bytes, their topic, what they follow", () => {
  const log = logOf(5);
  const cases: readonly (readonly [string | ((db: DatabaseSync) => void), string])[] = [
    ["UPDATE batch SET bytes = x'00' WHERE id = 5", "batch 5: it does not match its checksum"],
    ["UPDATE batch SET time = 9 WHERE id = 1", "batch 1: it does not match its checksum"],
    ["UPDATE topic SET floor = 9", "the topic 1 does not match its checksum"],
    ["DELETE FROM topic", "topic 1 is missing"],
    ["DELETE FROM batch WHERE id = 3", "of #a the messages 5 to 6 are missing"],
    ["DELETE FROM batch WHERE id = 1", "of #a the messages 1 to 2 are missing"],
    ["DELETE FROM batch WHERE id = 5", ""],
    ["DELETE FROM batch", ""],
    [
      (db) => putBatch(db, { id: 4, topic: 1, first: 8, count: 2, time: 7 }, TWO),
      "of #a the messages 10 to 8 are missing",
    ],
    [
      (db) => {
        db.exec(`DELETE FROM batch WHERE id < 3`);
        db.exec(`UPDATE topic SET floor = 5, crc = ${topicCrc({ id: 1, floor: 5, name: "#a" })}`);
      },
      "",
    ],
  ];
  for (const [how, says] of cases) assertEquals(tailSays(log, how), says, String(how));
});

Deno.test("64 of them are, or as many as have 32 MiB, and what lies before is for a check", () => {
  const change = (id: number): string => `UPDATE batch SET bytes = x'00' WHERE id = ${id}`;
  const many = logOf(70);
  assertEquals([7, 6].map((id) => tailSays(many, change(id)) !== ""), [true, false]);
  const large = new MemoryLog();
  const payload = 8 * MIB - "pub #a 8388592\n\n".length;
  for (let at = 0; at < 5; at++) {
    append(large, "#a", { records: `pub #a ${payload}\n${"x".repeat(payload)}\n`, now: 7 });
  }
  assertEquals(large.bytes, 40 * MIB);
  assertEquals([2, 1].map((id) => tailSays(large, change(id)) !== ""), [true, false]);
});

Deno.test("a small table that is not sound is told when a store is opened, in one line", () => {
  for (const table of ["topic", "dedup"]) {
    using folder = new Folder();
    writing(folder, (writer) => {
      for (const topic of ["#a", "#b"]) store(writer, { appends: [{ ...run(topic, "x"), ids: "=x" }] });
    });
    let page = 0;
    change(folder, (db) => {
      const found = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").get(table);
      page = Number(found?.["rootpage"]);
    });
    // its two rows change their places
    const bytes = Deno.readFileSync(folder.database);
    const leaf = new DataView(bytes.buffer, (page - 1) * 16_384);
    const [first, second] = [leaf.getUint16(8), leaf.getUint16(10)];
    leaf.setUint16(8, second);
    leaf.setUint16(10, first);
    Deno.writeFileSync(folder.database, bytes);
    const { message } = assertThrows(() => writing(folder, () => {}), RunError);
    assertStringIncludes(message, "Rowid 2 out of order");
    assert(!message.includes("\n"));
    assertEquals(Deno.readTextFileSync(`${folder.data}/hashbus.lock`), "", "it is let go of");
  }
  using none = new DatabaseSync(":memory:");
  none.exec("CREATE TABLE batch (id INTEGER, topic INTEGER, first INTEGER, count INTEGER)");
  none.exec("CREATE TABLE topic (id INTEGER)");
  checkTail(none);
});

/** What a database's header says once these bytes of it are others. */
function inspected(folder: Folder, words: Readonly<Record<number, number>>, { bytes = 8192 } = {}): unknown {
  const whole = Deno.readFileSync(folder.database);
  const changed = whole.slice(0, bytes);
  const view = new DataView(changed.buffer);
  for (const [at, word] of Object.entries(words)) {
    if (Number(at) === 19) view.setUint8(19, word);
    else view.setUint32(Number(at), word);
  }
  Deno.writeFileSync(folder.database, changed);
  try {
    return inspect(filesIn(folder.data));
  } catch (error) {
    assert(error instanceof RunError, String(error));
    return error.message;
  } finally {
    Deno.writeFileSync(folder.database, whole);
  }
}

Deno.test("a header says whose a database is, of which version, and whether its log has to be there", () => {
  using folder = new Folder();
  writing(folder, (writer) => store(writer, { appends: [run("#a", "x")] }));
  const { database, wal } = folder;
  const version = 60;
  const none = `"${database}" is no store of hashbus: restore it from a copy, or take another directory`;
  const newer = (format: number): string =>
    `"${database}" was written by a newer version (format ${format}, this one reads up to ${FORMAT}): ` +
    "run that version";
  assertEquals(inspected(folder, {}), undefined);
  assertEquals(inspected(folder, {}, { bytes: 100 }), undefined);
  assertEquals(inspected(folder, {}, { bytes: 99 }), none);
  assertEquals(inspected(folder, { 0: 7 }), none);
  assertEquals(
    inspected(folder, {}, { bytes: 0 }),
    `"${database}" is empty: restore it, or remove it to begin with an empty store`,
  );
  assertEquals(
    inspected(folder, { 68: 7 }),
    `"${database}" belongs to another program: take another directory`,
  );
  for (const format of [1, FORMAT]) assertEquals(inspected(folder, { [version]: format }), undefined);
  for (const format of [FORMAT + 1, OPEN_BIT - 1]) {
    assertEquals(inspected(folder, { [version]: format }), newer(format));
  }
  assertEquals(inspected(folder, { [version]: 2 * OPEN_BIT }), newer(0), "what it says besides is not known");
  const open = OPEN_BIT | 2;
  const gone = `"${wal}" is missing or empty although the store was not closed, so the newest messages are ` +
    "gone: put it back (docs/store.md says how to go on without, and with a copy made by .backup)";
  assertEquals(inspected(folder, { [version]: open }), gone);
  assertEquals(inspected(folder, { [version]: open, 19: 1 }), 2, "a copy that needs none, of that format");
  Deno.writeFileSync(wal, new Uint8Array(0));
  assertEquals(inspected(folder, { [version]: open }), gone);
  Deno.writeFileSync(wal, new Uint8Array(1));
  assertEquals(inspected(folder, { [version]: open }), undefined);
  Deno.removeSync(wal);
  Deno.removeSync(database);
  const { message } = assertThrows(() => inspect(filesIn(folder.data)), RunError);
  assertStringIncludes(message, `the data directory "${folder.data}" cannot be used: `);
});

Deno.test("a connection has all that is set on it, and one that only reads leaves the journal alone", () => {
  using folder = new Folder();
  writing(folder, () => {});
  for (const readOnly of [true, false]) {
    using db = connect(folder.database, { readOnly, sync: "commit" });
    const set = (name: string): unknown => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    assertEquals(["cache_size", "busy_timeout", "journal_size_limit", "synchronous"].map(set), [
      -8192,
      1000,
      64 * MIB,
      2,
    ]);
  }
  const plain = `${folder.path}/plain.db`;
  using made = new DatabaseSync(plain);
  made.exec("CREATE TABLE t (x)");
  const journal = (db: DatabaseSync): unknown =>
    Object.values(db.prepare("PRAGMA journal_mode").get() ?? {})[0];
  {
    using db = connect(plain, { readOnly: true, sync: "interval" });
    assertEquals(journal(db), "delete");
  }
  using db = connect(plain, { readOnly: false, sync: "interval" });
  assertEquals(journal(db), "wal");
});

const IDENTITY: Identity = {
  ...{ id: "some", format: FORMAT, created: 1, epoch: 2, clock: 3 },
  ...{ deleted: 4, deletedLast: 5, deletedTime: 6 },
};

Deno.test("an identity is read as it was written, once, and each of its values counts", () => {
  using db = new DatabaseSync(":memory:");
  createSchema(db, IDENTITY);
  assertEquals(readIdentity(db), IDENTITY);
  writeIdentity(db, { ...IDENTITY, deleted: 9 });
  assertEquals([readIdentity(db).deleted, db.prepare("SELECT count(*) AS n FROM store").get()?.["n"]], [
    9,
    1,
  ]);
  for (
    const name of ["format", "created", "epoch", "clock", "deleted", "deleted_last", "deleted_time", "crc"]
  ) {
    db.exec(`BEGIN; UPDATE store SET ${name} = 99`);
    assertThrows(() => readIdentity(db), DamageError, "its identity does not match its checksum");
    db.exec("ROLLBACK");
  }
  db.exec("DELETE FROM store");
  assertThrows(() => readIdentity(db), DamageError, "its identity is missing");
});

/** A database of an earlier format, as that made it. */
function earlier(format: 1 | 2): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  createSchema(db, { ...IDENTITY, format });
  const later = ["consumer", "consumer_topic", "delayed", ...(format === 1 ? ["dedup"] : [])];
  for (const table of later) db.exec(`DROP TABLE ${table}`);
  if (format === 1) db.exec("ALTER TABLE batch DROP COLUMN expires");
  return db;
}

function schemaOf(db: DatabaseSync): string[] {
  return db.prepare("SELECT sql FROM sqlite_schema ORDER BY name").all()
    .map(({ sql }) => String(sql).replaceAll(/\s+/g, " ").replaceAll(/ ?([(),]) ?/g, "$1"));
}

Deno.test("a store of an earlier format becomes what one of this is made as, and one of this stays", () => {
  using now = new DatabaseSync(":memory:");
  createSchema(now, IDENTITY);
  for (const format of [1, 2] as const) {
    using db = earlier(format);
    const migrated = migrate(db, readIdentity(db));
    assertEquals([migrated, readIdentity(db), db.isTransaction], [IDENTITY, IDENTITY, false]);
    assertEquals(schemaOf(db), schemaOf(now));
  }
  const same = { ...IDENTITY };
  assert(migrate(now, same) === same);
});

Deno.test("a migration that fails on its way changes nothing", () => {
  using db = earlier(2);
  db.exec("CREATE TABLE delayed (x)");
  const before = schemaOf(db);
  assertThrows(() => migrate(db, readIdentity(db)), Error, "already exists");
  assertEquals([schemaOf(db), readIdentity(db).format, db.isTransaction], [before, 2, false]);
  assertThrows(() => migrate(db, { ...IDENTITY, format: 0 }), Error, "no way leads on from format 0");
  assertEquals(db.isTransaction, false);
});

Deno.test("a new database is made whole beside its place, for its owner alone, and one that is there is left", () => {
  using folder = new Folder();
  Deno.mkdirSync(folder.data);
  const files = filesIn(folder.data);
  createWhereMissing(files, 77);
  assertEquals([...Deno.readDirSync(folder.data)].map(({ name }) => name), ["hashbus.db"]);
  assertEquals(Deno.statSync(folder.database).mode! & 0o777, 0o600);
  change(folder, (db) => {
    const { id, ...rest } = readIdentity(db);
    assert(/^[0-9a-f-]{36}$/.test(id), id);
    const zero = { epoch: 0, deleted: 0, deletedLast: 0, deletedTime: 0 };
    assertEquals(rest, { format: FORMAT, created: 77, clock: 77, ...zero });
  });
  const before = folder.contents();
  createWhereMissing(files, 99);
  assertEquals(folder.contents(), before);
  // an empty log is nothing that is missed
  Deno.renameSync(folder.database, `${folder.path}/moved.db`);
  Deno.writeFileSync(folder.wal, new Uint8Array(0));
  createWhereMissing(files, 99);
  assert(sizeOf(folder.database) !== undefined);
  Deno.removeSync(folder.database);
  Deno.writeFileSync(folder.wal, new Uint8Array(1));
  const { message } = assertThrows(() => createWhereMissing(files, 99), RunError);
  assertEquals(
    message,
    `"${folder.database}" is missing, but its write-ahead log "${folder.wal}" is there: put it back, ` +
      "or take an empty directory",
  );
});

Deno.test("a database that cannot be made is told with the directory", () => {
  using folder = new Folder();
  const gone = filesIn(folder.data);
  const { message } = assertThrows(() => createWhereMissing(gone, 1), RunError);
  assertStringIncludes(message, `the data directory "${folder.data}" cannot be used: `);
  Deno.mkdirSync(folder.data);
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = (): never => {
    throw Object.assign(new Error("disk I/O error"), { errcode: 778 });
  };
  try {
    assertEquals(
      assertThrows(() => createWhereMissing(gone, 1), RunError).message,
      `no store can be made in "${folder.data}": disk I/O error (SQLite 778)`,
    );
  } finally {
    DatabaseSync.prototype.exec = exec;
  }
  assertEquals(sizeOf(folder.database), undefined);
  createWhereMissing(gone, 1);
});

Deno.test("directories are made for their owner, and what cannot be one is told by name", () => {
  using folder = new Folder();
  prepareDirectory(folder.data);
  assertEquals(Deno.statSync(folder.data).mode! & 0o777, 0o700);
  prepareDirectory(folder.data);
  const says = (dir: string): string => assertThrows(() => prepareDirectory(dir), RunError).message;
  const file = `${folder.path}/file`;
  Deno.writeTextFileSync(file, "");
  assertEquals(says(file), `"${file}" is a file: the data needs a directory of its own`);
  assertEquals(says(`${file}/below`), `"${file}/below" is not a directory: the data needs one of its own`);
  const deep = `${folder.path}/no/where`;
  assertEquals(
    says(deep),
    `the data directory "${deep}" cannot be made: the one it is to be in does not exist`,
  );
  assertEquals(
    assertThrows(() => requireStoreIn(folder.data), RunError).message,
    `there is no store in "${folder.data}": name the directory that --data has`,
  );
  assertEquals(
    assertThrows(() => requireStoreIn(`${file}/below`), RunError).message,
    `"${file}/below" is not a directory: the data needs one of its own`,
  );
  Deno.writeTextFileSync(folder.database, "");
  requireStoreIn(folder.data);
  assertThrows(() => sizeOf(`${file}/below`), Deno.errors.NotADirectory);
});

Deno.test("a topic's checksum is of its number, its floor and its name", () => {
  assertEquals(topicCrc({ id: 1, floor: 2, name: "#a" }), crc32("1 2 #a"));
});
