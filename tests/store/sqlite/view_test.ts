import { assert, assertEquals } from "@std/assert";
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

Deno.test("the topics of many patterns are remembered up to a bound, and found all the same", () => {
  const view = new SqliteView(withTopics(1000), { matched: 5000 });
  for (let round = 0; round < 2; round++) {
    for (let at = 0; at < 40; at++) {
      // each takes in all of them
      const pattern = at % 2 === 0 ? `#t.>` : `#*.*`;
      assertEquals(view.matching(pattern).size, 1000);
      assertEquals(view.matching(`#t.${at}`).size, 1);
      assertEquals(view.matching(`#other${at}.*`).size, 0);
    }
  }
  assertEquals(view.matched, 2000);
  const shapes = ["#>", "#t.>", "#*.>", "#t.*", "#*.*"];
  for (let round = 0; round < 3; round++) {
    for (const shape of shapes) assertEquals(view.matching(shape).size, 1000);
    assert(view.matched <= 6000, `${view.matched}`);
    // another that has not been asked for
    assertEquals(view.matching(`#none.${round}.*`).size, 0);
    assertEquals(view.matched, 0);
  }
  view.forget();
  assertEquals([view.matched, view.matching("#t.>").size], [0, 1000]);
});

Deno.test("a view knows how much was deleted, and the last batch of all, be that deleted too, in its state", () => {
  const db = withTopics(1, { deleted: 3, deletedLast: 5 });
  const view = new SqliteView(db);
  const known = (): number[] => view.snapshot(() => [view.deleted, view.last]);
  assertEquals(known(), [3, 5]);
  db.exec("UPDATE store SET deleted = 4, deleted_last = 7");
  assertEquals(known(), [4, 7]);
});
