import { assert, assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import type { Watched } from "../../../../lib/store/sqlite/held_files.ts";
import { Transactions } from "../../../../lib/store/sqlite/writer/transactions.ts";

/** SQLite's code for an fsync that failed. */
const FSYNC_FAILED = 1034;

/** Files that are as they were left. */
const FILES: Watched = {
  watch: () => {},
  cut: () => undefined,
  wrote: () => {},
  moved: () => {},
  problem: () => undefined,
  syncWal: () => {},
  writeProblem: () => undefined,
};

function fails(): never {
  throw Object.assign(new Error("disk I/O error"), { errcode: FSYNC_FAILED });
}

for (const how of ["run", "attempt"] as const) {
  Deno.test(`after a failed fsync in ${how}() there is no transaction and no checkpoint any more`, () => {
    using db = new DatabaseSync(":memory:");
    const transactions = new Transactions(db, FILES);
    const lost = transactions[how](fails);
    assertEquals([lost?.kind, transactions.lost], ["lost", lost]);
    let done = 0;
    assertEquals(transactions.attempt(() => void done++), lost, "a checkpoint");
    assertEquals(transactions.run(() => void done++), lost, "a commit");
    assertEquals([done, db.isTransaction], [0, false]);
  });
}

/** What is thrown where SQLite says so. */
function saying(errcode: number): () => never {
  return () => {
    throw Object.assign(new Error("SQLite says so"), { errcode });
  };
}

Deno.test("what can pass is refused, undone, and no reason to do nothing any more", () => {
  using db = new DatabaseSync(":memory:");
  db.exec("CREATE TABLE t (x)");
  const transactions = new Transactions(db, FILES);
  const reasons = new Map([
    [13, "the disk that holds the data is full"],
    [8, "the data cannot be written to, it is read-only"],
    [5, "another program writes to the data"],
    [18, "that is more than the store takes at once"],
  ]);
  for (const [code, reason] of reasons) {
    const outcome = transactions.run(() => {
      db.exec("INSERT INTO t VALUES (1)");
      saying(code)();
    });
    assertEquals(outcome, { kind: "refused", reason });
    assertEquals(transactions.attempt(saying(code)), { kind: "refused", reason });
  }
  assertEquals([transactions.lost, db.isTransaction], [undefined, false]);
  assertEquals(db.prepare("SELECT count(*) AS n FROM t").get()?.["n"], 0, "nothing of it is stored");
  assertEquals(transactions.run(() => db.exec("INSERT INTO t VALUES (1)")), undefined);
  assertEquals(db.prepare("SELECT count(*) AS n FROM t").get()?.["n"], 1);
});

Deno.test("a write that failed is refused where the directory says why, else nobody knows what is stored", () => {
  using db = new DatabaseSync(":memory:");
  const why = { ...FILES, writeProblem: () => "the quota is used up" };
  const transactions = new Transactions(db, why);
  assertEquals(transactions.run(saying(778)), { kind: "refused", reason: "the quota is used up" });
  assertEquals(transactions.lost, undefined);
  // a read, of which the directory cannot say why it failed
  assertEquals(transactions.run(saying(266)), { kind: "lost", reason: "SQLite says so (SQLite 266)" });
  const other = new Transactions(db, FILES);
  assertEquals(other.run(saying(778)), { kind: "lost", reason: "SQLite says so (SQLite 778)" });
  const broken = new Transactions(db, FILES);
  assertEquals(broken.run(saying(11)), {
    kind: "lost",
    reason: "the store is damaged: SQLite says so (SQLite 11)",
  });
});

Deno.test("files are told what was written and moved, looked at before, and where they are not theirs all is lost", () => {
  using db = new DatabaseSync(":memory:");
  const told: string[] = [];
  const say: { problem?: string; cut?: string } = {};
  const files: Watched = {
    ...FILES,
    cut: () => say.cut,
    problem: () => (told.push("look"), say.problem),
    wrote: () => void told.push("wrote"),
    moved: () => void told.push("moved"),
  };
  const transactions = new Transactions(db, files);
  assertEquals(transactions.run(() => void told.push("work")), undefined);
  assertEquals(told.splice(0), ["work", "wrote", "look"]);
  assertEquals(transactions.run(() => void told.push("work")), undefined);
  assertEquals(told.splice(0), ["work", "wrote"], "it was looked just now");
  assertEquals(transactions.attempt(() => void told.push("work")), undefined);
  assertEquals(told.splice(0), ["look", "work", "wrote", "moved"]);
  say.cut = "the log was cut";
  assertEquals(transactions.run(() => void told.push("work")), { kind: "lost", reason: say.cut });
  assertEquals(told, [], "nothing is done any more");
  const other = new Transactions(db, { ...files, cut: () => undefined });
  say.problem = "the file is another";
  assertEquals(other.attempt(() => void told.push("work")), { kind: "lost", reason: say.problem });
  assert(!told.includes("work"));
});

Deno.test("what cannot be undone is lost, with both reasons", () => {
  const db = {
    isTransaction: true,
    prepare: (sql: string) => ({ run: sql === "ROLLBACK" ? saying(1) : () => {} }),
  } as unknown as DatabaseSync;
  assertEquals(new Transactions(db, FILES).run(saying(13)), {
    kind: "lost",
    reason: "SQLite says so (SQLite 13); and to undo it: SQLite says so (SQLite 1)",
  });
});

Deno.test("files are looked at behind a commit once in 5 ms, and before whatever is no commit", () => {
  using db = new DatabaseSync(":memory:");
  const { now } = performance;
  let time = 0;
  let looks = 0;
  performance.now = () => time;
  try {
    const transactions = new Transactions(db, { ...FILES, problem: () => void looks++ });
    const seen = [0, 4.9, 5, 9, 10].map((at) => {
      time = at;
      assertEquals(transactions.run(() => {}), undefined);
      return looks;
    });
    assertEquals(seen, [1, 1, 2, 2, 3]);
    for (let times = 0; times < 2; times++) transactions.attempt(() => {});
    assertEquals(looks, 5);
  } finally {
    performance.now = now;
  }
});

Deno.test("a transaction that fails and has been ended by SQLite is not ended again", () => {
  using db = new DatabaseSync(":memory:");
  const transactions = new Transactions(db, FILES);
  const outcome = transactions.run(() => {
    db.exec("ROLLBACK");
    saying(13)();
  });
  assertEquals(outcome, { kind: "refused", reason: "the disk that holds the data is full" });
});

Deno.test("where the files are others by the time something fails that is the reason", () => {
  using db = new DatabaseSync(":memory:");
  let problem: string | undefined;
  const transactions = new Transactions(db, { ...FILES, problem: () => problem });
  const outcome = transactions.run(() => {
    problem = "the file is another";
    saying(13)();
  });
  assertEquals(outcome, { kind: "lost", reason: "the file is another" });
  assertEquals([db.isTransaction, transactions.look()], [false, outcome]);
});
