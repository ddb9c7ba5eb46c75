/**
 * How a store is opened with its two threads, and what becomes of them where one cannot.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { RunError } from "../../../lib/errors.ts";
import { HeldFiles } from "../../../lib/store/sqlite/held_files.ts";
import { FORMAT, OPEN_BIT } from "../../../lib/store/sqlite/schema.ts";
import { Post } from "../../../lib/store/sqlite/threads/mailbox.ts";
import { StoreThread } from "../../../lib/store/sqlite/threads/store_thread.ts";
import { Writer } from "../../../lib/store/sqlite/writer/writer.ts";
import { run } from "../asking.ts";
import { Folder } from "../folder.ts";
import { change, store, writing } from "../writing.ts";

/** Lets `work` open a store whose threads are sent something else first. */
async function sending(
  instead: (request: { readonly kind: string }) => unknown,
  work: () => Promise<void>,
): Promise<void> {
  const { send } = StoreThread.prototype;
  StoreThread.prototype.send = function (request, transfer): void {
    send.call(this, instead(request as { readonly kind: string }), transfer);
  };
  try {
    await work();
  } finally {
    StoreThread.prototype.send = send;
  }
}

/** What is sent to a writing thread while `work` lasts, and whether that can be. */
async function posted(work: () => Promise<void>): Promise<readonly string[]> {
  const { send, close } = Post.prototype;
  const found: string[] = [];
  Post.prototype.send = function (request, transfer): void {
    found.push((request as { readonly kind: string }).kind);
    send.call(this, request, transfer);
  };
  Post.prototype.close = function (): void {
    found.push("(closed)");
    close.call(this);
  };
  try {
    await work();
  } finally {
    Object.assign(Post.prototype, { send, close });
  }
  return found;
}

Deno.test("where the thread that reads cannot open the store the one that writes is closed", async () => {
  using folder = new Folder();
  const none = `${folder.path}/none`;
  const elsewhere = (request: { readonly kind: string }): unknown =>
    request.kind === "read" ? { ...request, dir: none } : request;
  const sent = await posted(() =>
    sending(elsewhere, async () => {
      const { message } = await assertRejects(() => folder.open(), RunError);
      assertMatch(message, /^the store cannot be read: unable to open database file/);
    })
  );
  assertEquals(sent, ["close", "(closed)"]);
});

Deno.test("a thread that fails before it has opened the store is told with its reason", async () => {
  using folder = new Folder();
  await sending(() => null, async () => {
    await assertRejects(() => folder.open(), Error, "the store's thread failed: ");
  });
});

Deno.test("a store is opened as it is told to: with what is kept, how long ids count, and when a commit is answered", async () => {
  using folder = new Folder();
  const requests: Record<string, unknown>[] = [];
  const seen = (request: { readonly kind: string }): unknown => {
    requests.push({ ...request });
    return request;
  };
  await sending(seen, async () => {
    await folder.with(() => Promise.resolve(), { sync: "interval", retain: { age: 7 }, dedupWindow: 9 });
    await folder.with(() => Promise.resolve());
  });
  const asked = requests.filter(({ kind }) => kind !== "close").map(({ mailbox: _, ...rest }) => rest);
  const dir = folder.data;
  assertEquals(asked, [
    { kind: "write", dir, sync: "interval", retain: { age: 7 }, dedupWindow: 9 },
    { kind: "read", dir },
    { kind: "write", dir, sync: "commit", retain: {}, dedupWindow: 120_000 },
    { kind: "read", dir },
  ]);
});

Deno.test("a copy that says that somebody has it open is one that nobody has, from before it gets its own log", () => {
  using folder = new Folder();
  writing(folder, (writer) => store(writer, { appends: [run("#a", "1")] }));
  using copy = new Folder();
  Deno.mkdirSync(copy.data);
  change(folder, (db) => {
    db.exec(`PRAGMA user_version = ${OPEN_BIT | FORMAT}`);
    db.exec(`VACUUM INTO '${copy.database}'`);
  });
  const { exec } = DatabaseSync.prototype;
  const said: string[] = [];
  DatabaseSync.prototype.exec = function (sql): void {
    said.push(sql);
    exec.call(this, sql);
  };
  try {
    writing(copy, (writer) => assertEquals(writer.last, 1));
  } finally {
    DatabaseSync.prototype.exec = exec;
  }
  assertEquals(said[0], `PRAGMA user_version = ${FORMAT}`);
});

Deno.test("what cannot be opened for writing is let go of: its database, its log and its lock", () => {
  using folder = new Folder();
  writing(folder, (writer) => store(writer, { appends: [run("#a", "1")] }));
  const { close } = DatabaseSync.prototype;
  const { watch } = HeldFiles.prototype;
  let closed = 0;
  DatabaseSync.prototype.close = function (): void {
    closed++;
    close.call(this);
  };
  HeldFiles.prototype.watch = (): never => {
    throw new Error("nothing can be watched");
  };
  try {
    let says = "";
    try {
      writing(folder, () => {});
    } catch (error) {
      says = String(error instanceof Error ? error.message : error);
    }
    assertEquals(says, `the data directory "${folder.data}" cannot be used: nothing can be watched`);
  } finally {
    DatabaseSync.prototype.close = close;
    HeldFiles.prototype.watch = watch;
  }
  assertEquals(closed, 1);
  assertEquals(Deno.readTextFileSync(`${folder.data}/hashbus.lock`), "");
  // and it does not say that somebody has it open, whose log would be missing
  writing(folder, (writer) => assert(writer instanceof Writer && writer.last === 1));
});

Deno.test("while it is open the write-ahead log is locked, from before SQLite may write to it", () => {
  using folder = new Folder();
  const { lockWal } = HeldFiles.prototype;
  const at: boolean[] = [];
  HeldFiles.prototype.lockWal = function (): void {
    lockWal.call(this);
    at.push(Deno.readTextFileSync(`${folder.data}/hashbus.lock`) !== "");
  };
  try {
    writing(folder, () => {
      using wal = Deno.openSync(folder.wal, { read: true, write: true });
      assertEquals(wal.tryLockSync(true), false);
    });
  } finally {
    HeldFiles.prototype.lockWal = lockWal;
  }
  assertEquals(at, [true, true], "before, and when SQLite has made it");
});
