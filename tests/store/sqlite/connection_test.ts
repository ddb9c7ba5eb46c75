import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { connect } from "../../../lib/store/sqlite/connection.ts";

Deno.test("a connection trusts nothing that a database brings along, and commits as it is told", () => {
  const dir = Deno.makeTempDirSync();
  try {
    const path = `${dir}/db`;
    for (const [sync, synchronous] of [["commit", 2], ["interval", 1]] as const) {
      using db = connect(path, { readOnly: false, sync });
      const set = (name: string): unknown => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
      const names = ["journal_mode", "wal_autocheckpoint", "mmap_size", "cell_size_check", "trusted_schema"];
      assertEquals([...names, "temp_store", "synchronous"].map(set), ["wal", 0, 0, 1, 0, 2, synchronous]);
    }
    // what has effects beyond its answer is called by nothing that stands in a schema
    using other = new DatabaseSync(path);
    other.exec("CREATE VIEW effect AS SELECT load_extension('x') AS it");
    using db = connect(path, { readOnly: true, sync: "commit" });
    assertThrows(() => db.prepare("SELECT it FROM effect").all(), Error, "unsafe use of load_extension()");
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
