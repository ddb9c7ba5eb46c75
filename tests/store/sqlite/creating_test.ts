/**
 * In which order a new store comes to the disk, and what is let go of where it does not.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { RunError } from "../../../lib/errors.ts";
import { connect } from "../../../lib/store/sqlite/connection.ts";
import { createWhereMissing } from "../../../lib/store/sqlite/create.ts";
import { asRunError, filesIn, sizeOf, syncDirectory } from "../../../lib/store/sqlite/files.ts";
import { HeldFiles } from "../../../lib/store/sqlite/held_files.ts";
import { Folder } from "../folder.ts";
import { writing } from "../writing.ts";

Deno.test("a new database is on disk before it has its name, and its name before it is used", () => {
  using folder = new Folder();
  Deno.mkdirSync(folder.data);
  const files = filesIn(folder.data);
  const { syncSync } = Deno.FsFile.prototype;
  const synced: unknown[] = [];
  Deno.FsFile.prototype.syncSync = function (): void {
    const { isDirectory } = this.statSync();
    synced.push([isDirectory, sizeOf(files.unfinished) !== undefined, sizeOf(files.database) !== undefined]);
    syncSync.call(this);
  };
  try {
    createWhereMissing(files, 1);
  } finally {
    Deno.FsFile.prototype.syncSync = syncSync;
  }
  assertEquals(synced, [[false, true, false], [true, false, true]]);
  const bytes = Deno.readFileSync(files.database);
  assertEquals(
    [bytes[18], bytes[19]],
    [2, 2],
    "it is one with a write-ahead log, whoever looks at its header",
  );
  assert(bytes.length >= 16_384);
});

Deno.test("what SQLite does not take as it is set is told, and the connection is closed", () => {
  using folder = new Folder();
  writing(folder, () => {});
  const { close, prepare } = DatabaseSync.prototype;
  let closed = 0;
  DatabaseSync.prototype.close = function (): void {
    closed++;
    close.call(this);
  };
  DatabaseSync.prototype.prepare = function (sql): ReturnType<typeof prepare> {
    return prepare.call(this, sql === "PRAGMA cache_size = -8192" ? "PRAGMA cache_size = -4096" : sql);
  };
  try {
    assertEquals(
      assertThrows(() => connect(folder.database, { readOnly: true, sync: "commit" }), RunError).message,
      "SQLite here does not take cache_size = -8192, it says -4096",
    );
  } finally {
    Object.assign(DatabaseSync.prototype, { close, prepare });
  }
  assertEquals(closed, 1);
});

Deno.test("what the system says is told with the directory, but for what the runtime does not allow, and no errors", () => {
  const told = new RunError("told");
  const notCapable = new Deno.errors.NotCapable("no");
  for (const error of [told, notCapable, "x" as unknown as Error]) assert(asRunError("d", error) === error);
  assertEquals(asRunError("d", new TypeError("no")).message, 'the data directory "d" cannot be used: no');
  assertEquals(
    asRunError("d", new Deno.errors.NotADirectory("no")).message,
    '"d" is not a directory: the data needs one of its own',
  );
});

Deno.test("on Windows no directory is synced, and SQLite is not kept out of its own log", () => {
  const build = Object.getOwnPropertyDescriptor(Deno, "build")!;
  using folder = new Folder();
  Deno.mkdirSync(folder.data);
  Deno.writeFileSync(folder.wal, new Uint8Array(0));
  const files = filesIn(folder.data);
  const held = HeldFiles.lock(files);
  Object.defineProperty(Deno, "build", { ...build, value: { ...Deno.build, os: "windows" } });
  try {
    syncDirectory(`${folder.path}/none`);
    held.lockWal();
    using wal = Deno.openSync(folder.wal, { read: true, write: true });
    assertEquals(wal.tryLockSync(true), true);
  } finally {
    Object.defineProperty(Deno, "build", build);
    held.release();
  }
  assertThrows(() => syncDirectory(`${folder.path}/none`), Deno.errors.NotFound);
});
