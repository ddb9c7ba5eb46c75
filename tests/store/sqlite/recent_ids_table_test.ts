/**
 * The table of recent ids, row by row: what is forgotten of it, and what is read of it when a store is opened.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { DamageError } from "../../../lib/store/log/damage.ts";
import { RECENT_ROWS_MOST, RecentIdsTable } from "../../../lib/store/sqlite/recent_ids.ts";
import { createSchema, FORMAT } from "../../../lib/store/sqlite/schema.ts";

const MIB = 1024 * 1024;

function opened(): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  const zero = { created: 0, epoch: 0, clock: 0, deleted: 0, deletedLast: 0, deletedTime: 0 };
  createSchema(db, { id: "test", format: FORMAT, ...zero });
  return db;
}

/** Rows of so many characters each, of which the first is of batch `from`; each is of its own time. */
function put(
  table: RecentIdsTable,
  { from = 1, count, length = 10 }: { from?: number; count: number; length?: number },
): void {
  for (let batch = from; batch < from + count; batch++) {
    table.add({ batch, topic: 1, time: batch, ids: "y".repeat(length) });
  }
}

function batches(db: DatabaseSync): unknown[] {
  return db.prepare("SELECT batch FROM dedup ORDER BY batch").all().map(({ batch }) => batch);
}

Deno.test("ids are more than may be kept by their characters, or by so many rows that they count as much", () => {
  using db = opened();
  const table = new RecentIdsTable(db);
  put(table, { count: 3, length: 100 });
  assertEquals([299, 300].map((most) => table.isOver(most)), [true, false]);
  assertEquals(table.counted, { rows: 3, length: 300, floor: 1 });
  table.counted = { rows: 4, length: 8, floor: 1 };
  assertEquals([255, 256].map((most) => table.isOver(most)), [true, false], "64 a row");
  const many = { rows: RECENT_ROWS_MOST, length: 1, floor: 1 };
  table.counted = many;
  assertEquals([table.isOver(Infinity), table.counted], [false, many]);
  table.counted = { ...many, rows: RECENT_ROWS_MOST + 1 };
  assertEquals(table.isOver(Infinity), true);
});

Deno.test("what is older than that is forgotten, and of the rest as much as leaves seven eighths", () => {
  using db = opened();
  const table = new RecentIdsTable(db);
  assertEquals(table.used, false);
  put(table, { count: 20, length: 100 });
  assertEquals(table.used, true);
  assertEquals(table.forget(6, Infinity), false);
  assertEquals([batches(db)[0], table.counted], [6, { rows: 15, length: 1500, floor: 1 }]);
  assertEquals(table.forget(6, 1500), false);
  assertEquals(table.counted.rows, 15, "that is not too much");
  assertEquals(table.forget(6, 1499), false);
  assertEquals(
    [batches(db)[0], table.counted],
    [8, { rows: 13, length: 1300, floor: 1 }],
    "1311 may be left",
  );
  assertEquals(table.forget(0, 800), false);
  assertEquals([batches(db).length, table.counted.length], [7, 700], "exactly seven eighths");
  assertEquals(table.forget(0, 10_000), false);
  assertEquals(batches(db).length, 7);
  assertEquals([table.forget(1000, 0), batches(db), table.counted.rows], [false, [], 0]);
  assertEquals([table.forget(1000, 0), new RecentIdsTable(db).used], [false, false]);
});

Deno.test("what lies before what was read when it was opened goes whatever its time, and was not counted", () => {
  using db = opened();
  put(new RecentIdsTable(db), { count: 10, length: 100 });
  const table = new RecentIdsTable(db);
  assertEquals(table.used, true);
  assertEquals(table.since(6, { newest: 10, nameOf: String }).length, 1);
  assertEquals(table.counted, { rows: 5, length: 500, floor: 6 });
  assertEquals(table.forget(0, Infinity), false);
  assertEquals([batches(db), table.counted], [[6, 7, 8, 9, 10], { rows: 5, length: 500, floor: 6 }]);
  const empty = new RecentIdsTable(db);
  assertEquals(empty.since(11, { newest: 10, nameOf: String }), []);
  assertEquals(empty.counted, { rows: 0, length: 0, floor: undefined });
  put(empty, { from: 11, count: 1 });
  assertEquals(empty.counted, { rows: 1, length: 10, floor: 11 });
  assertEquals([empty.forget(0, Infinity), batches(db)], [false, [11]]);
});

Deno.test("4096 rows or 8 MiB of ids are forgotten in one slice, and then there may be more", () => {
  for (const count of [4095, 4096, 4097]) {
    using db = opened();
    const table = new RecentIdsTable(db);
    put(table, { count, length: 1 });
    assertEquals(table.forget(1e9, Infinity), count >= 4096);
    assertEquals(batches(db).length, Math.max(0, count - 4096));
  }
  for (const count of [7, 8, 9]) {
    using db = opened();
    const table = new RecentIdsTable(db);
    put(table, { count, length: MIB });
    assertEquals(table.forget(1e9, Infinity), count >= 8);
    assertEquals(batches(db).length, Math.max(0, count - 8));
  }
});

Deno.test("ids of a topic and a second are together, with the age of their newest", () => {
  using db = opened();
  const table = new RecentIdsTable(db);
  const rows = [
    [1, 1, 500, "=old"],
    [2, 1, 1000, "=1"],
    [3, 2, 1500, "=2"],
    [4, 1, 1999, "=3"],
    [5, 1, 2000, "=4"],
    [6, 2, 2000, "=5"],
  ] as const;
  for (const [batch, topic, time, ids] of rows) table.add({ batch, topic, time, ids });
  const nameOf = (topic: number): string => `#${topic}`;
  assertEquals(table.since(1000, { newest: 2100, nameOf }), [
    { topic: "#1", age: 101, ids: "=1\n=3" },
    { topic: "#2", age: 600, ids: "=2" },
    { topic: "#1", age: 100, ids: "=4" },
    { topic: "#2", age: 100, ids: "=5" },
  ]);
  assertEquals(table.since(1001, { newest: 2100, nameOf }).map(({ ids }) => ids), ["=2", "=3", "=4", "=5"]);
});

Deno.test("ids of hundreds of commits are read in parts, up to 32 MiB of them", () => {
  for (const count of [255, 256, 257, 512, 513]) {
    using db = opened();
    put(new RecentIdsTable(db), { count, length: 1 });
    const [{ ids } = { ids: "" }] = new RecentIdsTable(db).since(0, { newest: 0, nameOf: String });
    assertEquals(ids.split("\n").length, count);
  }
  using db = opened();
  put(new RecentIdsTable(db), { count: 5, length: 8 * MIB });
  const table = new RecentIdsTable(db);
  const found = table.since(0, { newest: 0, nameOf: String });
  assertEquals([found.length, table.counted.rows, table.counted.length], [1, 4, 32 * MIB]);
});

Deno.test("a row that is another than was written is damage, whatever of it is", () => {
  for (const change of ["batch = 2", "topic = 2", "time = 2", "ids = '=z'", "crc = 1"]) {
    using db = opened();
    put(new RecentIdsTable(db), { count: 1 });
    db.exec(`UPDATE dedup SET ${change}`);
    assertThrows(
      () => new RecentIdsTable(db).since(0, { newest: 0, nameOf: String }),
      DamageError,
      `the ids of batch ${change === "batch = 2" ? 2 : 1} do not match their checksum`,
    );
  }
});
