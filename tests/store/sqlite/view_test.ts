import { assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { createSchema, FORMAT } from "../../../lib/store/sqlite/schema.ts";
import { topicCrc } from "../../../lib/store/sqlite/stored_rows.ts";
import { SqliteView } from "../../../lib/store/sqlite/view.ts";

/** A database with so many topics, `#t.0` and so on. */
function withTopics(count: number, { deleted = 0, deletedLast = 0 } = {}): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  const zero = { created: 0, epoch: 0, clock: 0, deletedTime: 0 };
  createSchema(db, { id: "test", format: FORMAT, ...zero, deleted, deletedLast });
  const insert = db.prepare("INSERT INTO topic VALUES (?, ?, 1, ?)");
  for (let at = 0; at < count; at++) {
    const name = `#t.${at}`;
    insert.run(at + 1, name, topicCrc({ id: at + 1, floor: 1, name }));
  }
  return db;
}

/** The database, and how many topics were read of it to find out which a pattern takes in. */
function reading(db: DatabaseSync): { readonly counted: DatabaseSync; topics: number } {
  const counted = Object.create(db, {
    prepare: {
      value: (sql: string) => {
        const statement = db.prepare(sql);
        if (!sql.startsWith("SELECT * FROM topic WHERE id >")) return statement;
        return {
          all: (after: number) => {
            const rows = statement.all(after);
            found.topics += rows.length;
            return rows;
          },
        };
      },
    },
  });
  const found = { counted, topics: 0 };
  return found;
}

Deno.test("a topic is read once, however many patterns take it in and whatever their order", () => {
  const read = reading(withTopics(2500));
  const view = new SqliteView(read.counted);
  const patterns = ["#>", "#t.>", "#*.>", "#t.*", ...Array.from({ length: 300 }, (_, at) => `#none.${at}.*`)];
  for (let round = 0; round < 3; round++) {
    for (const pattern of patterns) {
      assertEquals(view.matching(pattern).size, pattern.startsWith("#none") ? 0 : 2500);
    }
    for (let at = 0; at < 300; at++) assertEquals(view.matching(`#t.${at}`).size, 1);
  }
  assertEquals(read.topics, 2500);
  view.forget();
  assertEquals([read.topics, view.matching("#t.>").size, read.topics], [2500, 2500, 5000]);
});

Deno.test("a view knows how much was deleted, and the last batch of all, be that deleted too, in its state", () => {
  const db = withTopics(1, { deleted: 3, deletedLast: 5 });
  const view = new SqliteView(db);
  const known = (): number[] => view.snapshot(() => [view.deleted, view.last]);
  assertEquals(known(), [3, 5]);
  db.exec("UPDATE store SET deleted = 4, deleted_last = 7");
  assertEquals(known(), [4, 7]);
});
