import { assertEquals } from "@std/assert";
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
