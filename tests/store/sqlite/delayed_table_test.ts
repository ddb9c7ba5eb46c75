/**
 * The table of what is kept until it is due, row by row.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { DamageError } from "../../../lib/store/log/damage.ts";
import type { NewDelayed } from "../../../lib/store/log/group.ts";
import { allDelayed, delayedFrom, DelayedReader, DelayedTable } from "../../../lib/store/sqlite/delayed.ts";
import { RECENT_ROWS_MOST } from "../../../lib/store/sqlite/recent_ids.ts";
import { createSchema, FORMAT } from "../../../lib/store/sqlite/schema.ts";
import type { DueQuery } from "../../../lib/store/types.ts";

const MIB = 1024 * 1024;

interface Opened extends Disposable {
  readonly db: DatabaseSync;
  readonly table: DelayedTable;
  readonly reader: DelayedReader;
}

function opened(): Opened {
  const db = new DatabaseSync(":memory:");
  const zero = { created: 0, epoch: 0, clock: 0, deleted: 0, deletedLast: 0, deletedTime: 0 };
  createSchema(db, { id: "test", format: FORMAT, ...zero });
  return {
    db,
    table: new DelayedTable(db),
    reader: new DelayedReader(db),
    [Symbol.dispose]: () => db.close(),
  };
}

/** A run of ten bytes, that is of one message where nothing else is said. */
function ten(due: number, more: Partial<NewDelayed> = {}): NewDelayed {
  return { topic: "#a", count: 1, start: 0, end: 10, due, ...more };
}

const BYTES = Uint8Array.from({ length: 40 }, (_, at) => at);
const ALL: DueQuery = { now: 1e9, after: undefined, without: [], most: 100 * MIB };

Deno.test("runs are numbered on from the last that is still there, and counted with their bytes", () => {
  using at = opened();
  const { table, db } = at;
  assertEquals([table.total, table.newest], [{ count: 0, bytes: 0 }, 0]);
  table.put([], BYTES, 99);
  assertEquals(table.newest, 0);
  table.put([ten(5, { count: 3 }), ten(6, { start: 10, end: 25 })], BYTES, 70);
  table.put([ten(4)], BYTES, 80);
  assertEquals([table.total, table.newest], [{ count: 5, bytes: 35 }, 80]);
  const rows = [...allDelayed(db)].map(delayedFrom);
  assertEquals(rows.map(({ id, due, published, count, bytes }) => [id, due, published, count, [...bytes]]), [
    [3, 4, 80, 1, [...BYTES.subarray(0, 10)]],
    [1, 5, 70, 3, [...BYTES.subarray(0, 10)]],
    [2, 6, 70, 1, [...BYTES.subarray(10, 25)]],
  ]);
  table.take([1]);
  assertEquals([table.total, new DelayedTable(db).total], [{ count: 2, bytes: 25 }, { count: 2, bytes: 25 }]);
  table.take([3, 2]);
  assertEquals([table.total, table.newest], [{ count: 0, bytes: 0 }, 0]);
  assertThrows(() => table.take([2]), DamageError, "the delayed run 2 is not there");
});

Deno.test("of what is due as much is told as was asked for, one run at least, and where the next is found", () => {
  using at = opened();
  const { table, reader } = at;
  table.put([ten(3), ten(1), ten(2, { topic: "#b" }), ten(2), ten(9)], BYTES, 0);
  const ask = (query: Partial<DueQuery>): unknown => {
    const outcome = reader.due({ ...ALL, now: 5, ...query });
    if (outcome.kind === "failed") return outcome;
    assertEquals([outcome.kind, outcome.damaged], ["due", []]);
    return [outcome.runs.map(({ id }) => id), outcome.after, outcome.next];
  };
  assertEquals(ask({}), [[2, 3, 4, 1], undefined, 9]);
  assertEquals(ask({ now: 9 }), [[2, 3, 4, 1, 5], undefined, undefined]);
  assertEquals(ask({ now: 0 }), [[], undefined, 1]);
  assertEquals(ask({ most: 1 }), [[2], { due: 1, id: 2 }, undefined]);
  assertEquals(ask({ most: 10 }), [[2], { due: 1, id: 2 }, undefined]);
  assertEquals(ask({ most: 11 }), [[2, 3], { due: 2, id: 3 }, undefined]);
  assertEquals(ask({ most: 31 }), [[2, 3, 4, 1], undefined, 9]);
  assertEquals(ask({ after: { due: 2, id: 3 } }), [[4, 1], undefined, 9]);
  assertEquals(ask({ after: { due: 2, id: 9 } }), [[1], undefined, 9]);
  assertEquals(ask({ without: ["#a"] }), [[3], undefined, 9]);
  assertEquals(ask({ without: ["#a", "#b"], now: 9 }), [[], undefined, undefined]);
});

Deno.test("1024 runs are told by one answer at most, however small, and none is told twice", () => {
  for (const count of [255, 256, 257, 1023, 1024, 1025]) {
    using at = opened();
    const { table, reader } = at;
    table.put(Array.from({ length: count }, () => ten(1)), BYTES, 0);
    const first = reader.due(ALL);
    if (first.kind === "failed") throw new Error(first.reason);
    const ids = Array.from({ length: Math.min(count, 1024) }, (_, place) => place + 1);
    assertEquals(first.runs.map(({ id }) => id), ids);
    assertEquals(first.after, count > 1024 ? { due: 1, id: 1024 } : undefined);
    const rest = reader.due({ ...ALL, after: { due: 1, id: 1000 } });
    assertEquals(rest.kind === "due" && rest.runs.length, Math.max(0, count - 1000));
  }
});

Deno.test("all that waits comes once, however many rows are read together, and none from a store that has no such table", () => {
  for (const count of [63, 64, 65, 128, 200]) {
    using at = opened();
    at.table.put(Array.from({ length: count }, (_, place) => ten(count - place)), BYTES, 0);
    assertEquals(
      [...allDelayed(at.db)].map(({ due }) => due),
      Array.from({ length: count }, (_, place) => place + 1),
    );
  }
  using none = new DatabaseSync(":memory:");
  assertEquals([...allDelayed(none)], []);
});

Deno.test("a run that is not as it was written or not where it belongs is told, and the others are given", () => {
  const changes = [
    ["DELETE FROM delayed WHERE id = 2", []],
    ["UPDATE delayed SET bytes = x'00' WHERE id = 2", ["the delayed run 2 does not match its checksum"]],
    ["UPDATE delayed SET size = 9 WHERE id = 2", ["the delayed run 2 does not match its checksum"]],
    ["UPDATE delayed SET published = 9 WHERE id = 2", ["the delayed run 2 does not match its checksum"]],
    ["UPDATE delayed SET ids = '=x' WHERE id = 2", ["the delayed run 2 does not match its checksum"]],
    ["UPDATE delayed SET ttl = 9 WHERE id = 2", ["the delayed run 2 does not match its checksum"]],
  ] as const;
  for (const [sql, damaged] of changes) {
    using at = opened();
    at.table.put([ten(1), ten(1), ten(1)], BYTES, 0);
    at.db.exec(sql);
    const outcome = at.reader.due(ALL);
    if (outcome.kind === "failed") throw new Error(outcome.reason);
    assertEquals([outcome.runs.map(({ id }) => id), outcome.damaged], [[1, 3], damaged], sql);
  }
});

Deno.test("where the index says otherwise than its rows, that is damage, and a fault of ours is not", () => {
  using at = opened();
  at.table.put([ten(1)], BYTES, 0);
  const [row] = [...allDelayed(at.db)];
  const asked = (get: () => unknown): unknown => {
    const db = {
      prepare: (sql: string) => ({
        all: () => [{ due: 7, id: 1 }],
        get: sql.includes("WHERE id = ?") ? get : () => undefined,
      }),
    } as unknown as DatabaseSync;
    const outcome = new DelayedReader(db).due(ALL);
    return outcome.kind === "due" && [outcome.runs.length, outcome.damaged];
  };
  assertEquals(asked(() => undefined), [0, ["the delayed run 1 is missing"]]);
  assertEquals(asked(() => row), [0, ["the index of the delayed run 1 says otherwise"]]);
  const fails = (): never => {
    throw new TypeError("a fault of ours");
  };
  assertThrows(() => asked(fails), TypeError, "a fault of ours");
});

Deno.test("ids of a topic and a second are together, the oldest first, with the age of their newest", () => {
  using at = opened();
  const { table } = at;
  const put = (published: number, topic: string, ids?: string): void =>
    table.put([ten(1, { topic, ids })], BYTES, published);
  put(900, "#a", "=old");
  put(1000, "#a", "=1");
  put(1500, "#b", "=2");
  put(1600, "#a");
  put(1999, "#a", "=3");
  put(2000, "#a", "=4");
  assertEquals(table.idsSince(1000, 2100), [
    { topic: "#b", age: 600, ids: "=2" },
    { topic: "#a", age: 101, ids: "=1\n=3" },
    { topic: "#a", age: 100, ids: "=4" },
  ]);
  assertEquals(table.idsSince(1001, 1000).map(({ ids, age }) => [ids, age]), [["=2", 0], ["=3", 0], [
    "=4",
    0,
  ]]);
  assertEquals(table.idsSince(0, 2100)[0], { topic: "#a", age: 1200, ids: "=old" });
});

Deno.test("ids of hundreds of runs are found, those that have none passed", () => {
  for (const count of [255, 256, 257, 512, 600]) {
    using at = opened();
    const runs = Array.from(
      { length: count },
      (_, place) => ten(1, place % 3 === 0 ? { ids: `=${place}` } : {}),
    );
    at.table.put(runs, BYTES, 5);
    const ids = runs.flatMap(({ ids }) => ids === undefined ? [] : [ids]).join("\n");
    assertEquals(at.table.idsSince(5, 5), [{ topic: "#a", age: 0, ids }]);
  }
});

Deno.test("32 MiB of ids are read, and one row beyond", () => {
  using at = opened();
  const ids = "y".repeat(8 * MIB);
  for (const name of ["a", "b", "c", "d", "e", "f"]) {
    at.table.put([ten(1, { topic: `#${name}`, ids })], BYTES, 5);
  }
  assertEquals(at.table.idsSince(0, 5).map(({ topic }) => topic), ["#b", "#c", "#d", "#e", "#f"]);
});

Deno.test("half a million rows are read for their ids, and one beyond", () => {
  const db = {
    prepare: (sql: string) => ({
      get: () => ({ count: 0, bytes: 0 }),
      all: (before: number) => {
        const last = Math.min(before, 600_001) - 1;
        const count = sql.includes("LIMIT 256") ? Math.min(256, last) : 0;
        return Array.from(
          { length: count },
          (_, at) => ({ id: last - at, published: 5, topic: "#a", ids: "=" }),
        );
      },
    }),
  } as unknown as DatabaseSync;
  const [{ ids } = { ids: "" }] = new DelayedTable(db).idsSince(5, 5);
  assertEquals(ids.split("\n").length, RECENT_ROWS_MOST + 1);
});
