import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { DamageError } from "../../../lib/store/log/damage.ts";
import { GroupMarksReader, GroupMarksTable } from "../../../lib/store/sqlite/group_marks.ts";
import { createSchema } from "../../../lib/store/sqlite/schema.ts";

const G = { name: "g", pattern: "#a" };
const NO_TOPICS = { sequence: 0, topics: [] };

function opened(): { db: DatabaseSync; table: GroupMarksTable; reader: GroupMarksReader } {
  const db = new DatabaseSync(":memory:");
  createSchema(db, {
    ...{ id: "0".repeat(32), format: 3, created: 1, epoch: 1, clock: 1 },
    ...{ deleted: 0, deletedLast: 0, deletedTime: 0 },
  });
  return { db, table: new GroupMarksTable(db), reader: new GroupMarksReader(db) };
}

Deno.test("of a group the last mark counts, of its topics what was said of each last, and nothing once it is forgotten", () => {
  const { table, reader } = opened();
  const [a, b] = [{ topic: "#a", settled: "3", attempts: "" }, { topic: "#b", settled: "", attempts: "4*2" }];
  table.put({ ...G, sequence: 1, after: 2, topics: [a, b] });
  assertEquals(reader.get(G), { sequence: 1, after: 2, topics: [a, b] });
  table.put({ ...G, sequence: 1, after: 5, topics: [{ topic: "#a", settled: "", attempts: "" }] });
  assertEquals(reader.get(G), { sequence: 1, after: 5, topics: [b] });
  table.put({ ...G, name: "h", ...NO_TOPICS, after: 1 });
  assertEquals(reader.namesAfter({ name: "", pattern: "" }, 5), [G, { ...G, name: "h" }]);
  assertEquals(reader.namesAfter(G, 5), [{ ...G, name: "h" }]);
  assertEquals(reader.namesAfter({ name: "", pattern: "" }, 1), [G]);
  assertEquals([reader.count, reader.standing(G)?.after], [2, 5]);
  assertEquals(["#a", "#b"].map((topic) => reader.settledOf(G, topic)), ["", ""]);
  table.put({ ...G, sequence: 1, after: 5, topics: [a] });
  assertEquals(["#a", "#b"].map((topic) => reader.settledOf(G, topic)), ["3", ""]);
  table.forget(G);
  assertEquals([reader.get(G), reader.get({ ...G, name: "h" })?.after, reader.strays(5)], [undefined, 1, []]);
  assertEquals([reader.count, reader.standing(G), reader.settledOf(G, "#a")], [1, undefined, ""]);
});

Deno.test("what a group has missed adds up until its next mark, and nobody else's does", () => {
  const { table, reader } = opened();
  table.put({ ...G, ...NO_TOPICS, after: 1 });
  table.miss(G, 3);
  table.miss(G, 4);
  table.miss({ ...G, name: "x" }, 9);
  assertEquals([reader.missedBy(G), reader.missedBy({ ...G, name: "x" }), reader.get(G)?.after], [7, 0, 1]);
  table.put({ ...G, ...NO_TOPICS, after: 2 });
  assertEquals(reader.missedBy(G), 0);
});

Deno.test("what holds batches is what is stored, and from then on what is committed", () => {
  const { db, table } = opened();
  const batch = (id: number): { id: number; topic: number; first: number; count: number } => (
    { id, topic: 1, first: id, count: 1 }
  );
  table.put({ ...G, ...NO_TOPICS, after: 2 });
  // nobody has asked yet
  table.committed({ marks: [{ ...G, ...NO_TOPICS, after: 2 }], forget: [] });
  const held = (): boolean[] => [1, 2, 3, 4].map((id) => table.holds.has("#a", batch(id)));
  assertEquals(held(), [false, false, true, true]);
  table.put({ ...G, sequence: 0, after: 3, topics: [{ topic: "#a", settled: "4", attempts: "" }] });
  assertEquals(held(), [false, false, true, false], "its numbers are those in the table");
  table.committed({ marks: [{ ...G, ...NO_TOPICS, after: 3 }], forget: [] });
  assertEquals(held(), [false, false, false, false]);
  assertEquals(table.holds.has("#a", batch(5)), true);
  table.committed({ marks: [], forget: [G] });
  assertEquals(table.holds.has("#a", batch(5)), false);
  assertEquals(new GroupMarksTable(db).holds.has("#a", batch(5)), true, "it was not deleted from the table");
});

Deno.test("a row that is not as it was written is damage, and topics without a group are nobody's", () => {
  const { db, table, reader } = opened();
  table.put({ ...G, sequence: 1, after: 2, topics: [{ topic: "#a", settled: "3", attempts: "" }] });
  for (
    const [table, change, part] of [
      ["consumer", "after = 9", () => reader.standing(G)],
      ["consumer_topic", "settled = '3-4'", () => reader.settledOf(G, "#a")],
    ] as const
  ) {
    db.exec(`BEGIN; UPDATE ${table} SET ${change}`);
    for (const ask of [() => reader.get(G), part]) {
      assertThrows(ask, DamageError, "what is known of group g of #a does not match its checksum");
    }
    db.exec("ROLLBACK");
  }
  db.exec("DELETE FROM consumer");
  assertEquals([reader.strays(5), reader.strays(0)], [["g of #a"], []]);
});
