import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { DamageError } from "../../../../lib/store/log/damage.ts";
import { createSchema } from "../../../../lib/store/sqlite/schema.ts";
import { type OpenTopic, Topics } from "../../../../lib/store/sqlite/writer/topics.ts";

function empty(): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  createSchema(db, {
    ...{ id: "0".repeat(32), format: 3, created: 1, epoch: 1, clock: 1 },
    ...{ deleted: 0, deletedLast: 0, deletedTime: 0 },
  });
  return db;
}

/** So many topics, with ids from one on. */
function those(from: number, count: number): Map<string, OpenTopic> {
  const all = new Map<string, OpenTopic>();
  for (let id = from; id < from + count; id++) all.set(`#t.${id}`, { id, next: 2 });
  return all;
}

Deno.test("a topic's next number is behind its newest batch, or its floor where it has none", () => {
  using db = empty();
  const topics = new Topics(db);
  assertEquals([topics.count, topics.find("#a")], [0, undefined]);
  assertEquals(topics.add("#a", 1), { id: 1, next: 1 });
  assertEquals(topics.find("#a"), { id: 1, next: 1 });
  topics.setFloor(1, 9);
  assertEquals(topics.find("#a"), { id: 1, next: 9 });
  const batch = db.prepare("INSERT INTO batch VALUES (?, 1, ?, ?, 0, 0, x'', NULL)");
  batch.run(1, 9, 3);
  batch.run(2, 12, 5);
  assertEquals(topics.find("#a"), { id: 1, next: 17 });
  assertEquals([topics.nameOf(1), topics.idOf("#a")], ["#a", 1]);
  assertThrows(() => topics.nameOf(2), DamageError);
  assertThrows(() => topics.idOf("#b"), DamageError);
  assertEquals(new Topics(db).count, 1);
});

Deno.test("what the last commit touched is known, and of others those that had been there before it", () => {
  using db = empty();
  const topics = new Topics(db);
  topics.committed(those(1, 2), 2);
  const known = topics.find("#t.1")!;
  assertEquals([known, topics.count], [{ id: 1, next: 2 }, 2]);
  known.next = 99;
  assertEquals(topics.find("#t.1")?.next, 2, "it is a copy");
  // nothing is stored in the database here: what is found is remembered
  topics.committed(new Map([["#t.2", { id: 2, next: 7 }]]), 2);
  assertEquals([topics.find("#t.1"), topics.find("#t.2")], [undefined, { id: 2, next: 7 }]);
  topics.committed(new Map(), 2);
  assertEquals([topics.find("#t.2"), topics.idOf("#t.2")], [{ id: 2, next: 7 }, 2]);
});

Deno.test("100,000 topics are remembered, and beyond that all are read anew", () => {
  using db = empty();
  const topics = new Topics(db);
  topics.committed(new Map(), 200_000);
  topics.committed(those(1, 60_000), 200_000);
  topics.committed(those(60_001, 40_000), 200_000);
  assertEquals([topics.find("#t.1")?.id, topics.find("#t.100000")?.id], [1, 100_000]);
  topics.committed(those(100_001, 1), 200_000);
  assertEquals([topics.find("#t.1"), topics.find("#t.100000"), topics.find("#t.100001")?.id], [
    undefined,
    undefined,
    100_001,
  ]);
});
