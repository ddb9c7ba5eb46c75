/**
 * The log in SQLite answers as the one in memory does, and says where it cannot.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { DatabaseSync } from "node:sqlite";
import { DamageError } from "../../../lib/store/log/damage.ts";
import { MemoryLog } from "../../../lib/store/log/memory_log.ts";
import type { BatchRef, LogView } from "../../../lib/store/log/view.ts";
import { checkTail } from "../../../lib/store/sqlite/check_tail.ts";
import { SqliteView } from "../../../lib/store/sqlite/view.ts";
import { append, databaseOf, madeLog, TOPICS } from "../made_logs.ts";

/** What both must answer to a question, without what only one of them has beside it. */
function plain(ref: BatchRef | undefined): unknown {
  if (ref === undefined) return undefined;
  const { id, topic, first, count } = ref;
  return { id, topic, first, count };
}

/** All that can be asked of a log of a few batches. */
function answers(view: LogView): unknown {
  const ids = Array.from({ length: 17 }, (_, at) => at);
  const topics = [...view.matching("#>").after(0)].map(([id]) => id);
  return {
    about: [view.last, view.deleted, view.topics],
    named: ["#none", ...TOPICS].map((name) => {
      const topic = view.topicNamed(name);
      return topic && { id: topic.id, name: topic.name, floor: topic.floor };
    }),
    names: ["", "#a", "#c.d", "#c.é"].flatMap((name) =>
      [0, 1, 2, 9].map((limit) => view.namesAfter(name, limit).map((topic) => topic.name))
    ),
    matching: ["#>", "#c.*", "#*", "#a", "#none", "#none.>"].map((pattern) => {
      const matching = view.matching(pattern);
      return [matching.size, ids.map((id) => [matching.get(id), ...matching.after(id)])];
    }),
    floors: topics.map((topic) => view.topicOf(topic).floor),
    times: ids.map((id) => {
      const at = view.timeAt(id);
      return at && { id: at.id, time: at.time };
    }),
    refs: ids.map((id) => [0, 1, 5, 99].map((limit) => view.refsAfter(id, limit).map(plain))),
    batches: ids.map((id) => [...view.batchesAfter(id)]),
    ofTopics: topics.flatMap((topic) =>
      [...ids, Infinity].map((sequence) => [
        plain(view.holding(topic, sequence)),
        sequence === Infinity ? undefined : plain(view.next(topic, sequence)),
        sequence === Infinity ? undefined : view.loadNext(topic, sequence),
      ])
    ),
    loaded: view.refsAfter(0, 99).map((ref) => view.load(ref)),
  };
}

Deno.test("what is asked of the log in SQLite is answered as by the one in memory", () => {
  fc.assert(
    fc.property(madeLog, ({ log }) => {
      using db = databaseOf(log);
      const view = new SqliteView(db);
      // bytes of SQLite's have a class of their own beside them
      const bare = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (_, each) => each ?? null));
      const expected = bare(answers(log));
      assertEquals(bare(view.snapshot(() => answers(view))), expected);
      assertEquals(bare([...view.during(() => [answers(view)])][0]), expected);
      assertEquals(db.isTransaction, false);
    }),
    { numRuns: 25 },
  );
});

/** A log of three batches of #a, two messages each, and one of #b behind the first. */
function withLog(work: (view: SqliteView, db: DatabaseSync) => void): void {
  const log = new MemoryLog();
  for (const [at, topic] of ["#a", "#b", "#a", "#a"].entries()) {
    append(log, topic, { records: `pub ${topic} 1\nx\n`.repeat(2), now: at });
  }
  using db = databaseOf(log);
  work(new SqliteView(db), db);
}

Deno.test("a batch that is not what its index says, or as it was written, is damage with its numbers", () => {
  const ref = { id: 3, topic: 1, first: 3, count: 2 };
  const says = (what: string): string => `of #a the messages 3 to 4, batch 3: ${what}`;
  withLog((view, db) => {
    assertEquals(view.load(ref).id, 3);
    for (const other of [{ topic: 2 }, { first: 1 }, { count: 1 }]) {
      assertThrows(() => view.load({ ...ref, ...other }), DamageError, "its index says otherwise");
    }
    assertThrows(() => view.load({ ...ref, first: 2 }), DamageError, "of #a the messages 2 to 3, batch 3: ");
    db.exec("UPDATE batch SET time = 9 WHERE id = 3");
    for (
      const read of [
        () => view.load(ref),
        () => view.loadNext(1, 2),
        () => [...view.batchesAfter(2)],
      ]
    ) assertThrows(read, DamageError, says("it does not match its checksum"));
    db.exec("DELETE FROM batch WHERE id = 3");
    assertThrows(() => view.load(ref), DamageError, says("it is missing"));
    assertThrows(() => view.load({ ...ref, topic: 9 }), DamageError, "of topic 9 the messages 3 to 4");
  });
});

Deno.test("what a statement throws that is no damage stays what it is, and the state is let go of", () => {
  withLog((view, db) => {
    const fault = new TypeError("a fault of ours");
    const fails = (): never => {
      throw fault;
    };
    assertThrows(() => view.snapshot(fails), TypeError, fault.message);
    assertEquals(db.isTransaction, false);
    assertThrows(() => [...view.during(fails)], TypeError, fault.message);
    assertEquals(db.isTransaction, false);
    // some errors end the transaction
    assertThrows(
      () =>
        view.snapshot(() => {
          db.exec("ROLLBACK");
          fails();
        }),
      TypeError,
      fault.message,
    );
    assertThrows(
      () => [
        ...view.during(() => {
          db.exec("ROLLBACK");
          return fails();
        }),
      ],
      TypeError,
      fault.message,
    );
  });
});

Deno.test("a topic that is not as it was written, or not there, is damage", () => {
  withLog((view, db) => {
    assertThrows(() => view.topicOf(3), DamageError, "topic 3 is missing");
    db.exec("UPDATE topic SET floor = 2 WHERE id = 2");
    for (
      const read of [
        () => view.topicOf(2),
        () => view.topicNamed("#b"),
        () => view.namesAfter("#a", 1),
        () => view.matching("#*"),
      ]
    ) assertThrows(read, DamageError, "the topic 2 does not match its checksum");
  });
});

Deno.test("more than a thousand topics are found in parts, each once, and those that come later, too", () => {
  const log = new MemoryLog();
  const add = (from: number, to: number): void => {
    for (let at = from; at < to; at++) append(log, `#t.${at}`, { records: `pub #t.${at} 0\n\n`, now: 0 });
  };
  for (const count of [999, 1000, 1001, 2000]) {
    add(log.topics, count);
    using db = databaseOf(log);
    const view = new SqliteView(db);
    const found = view.matching("#t.*");
    const all = [...found.after(0)];
    assertEquals([found.size, all.length], [count, count]);
    assertEquals(all.map(([id]) => id), Array.from({ length: count }, (_, at) => at + 1));
    assertEquals(all, [...log.matching("#t.*").after(0)]);
    db.exec("INSERT INTO topic SELECT 3000, '#t.new', 1, 0");
    assertThrows(() => view.matching("#t.*"), DamageError, "the topic 3000 does not match its checksum");
    db.exec("DELETE FROM topic WHERE id = 3000");
    assertEquals([...view.matching("#t.*").after(0)], all, "nothing has come");
    assertEquals(view.matching("#t.*").size, count, "none is counted twice");
  }
});

/** A database that says how many batches are asked for at a time. */
function counting(db: DatabaseSync, limits: number[]): DatabaseSync {
  const prepare = (sql: string): unknown => {
    const statement = db.prepare(sql);
    if (!sql.startsWith("SELECT * FROM batch WHERE id > ?")) return statement;
    return {
      all: (after: number, limit: number) => {
        limits.push(limit);
        return statement.all(after, limit);
      },
    };
  };
  return new Proxy(db, { get: (of, name) => name === "prepare" ? prepare : Reflect.get(of, name) });
}

Deno.test("batches are read a few at a time: two, and then as many as come to half a MiB, 64 at most", () => {
  const cases = [
    { size: 11, count: 200, limits: [2, 64, 64, 64, 64] },
    { size: 52_427, count: 25, limits: [2, 10, 10, 10] },
    { size: 52_428, count: 25, limits: [2, 9, 9, 9] },
    { size: 400_000, count: 5, limits: [2, 2, 2] },
  ];
  for (const { size, count, limits } of cases) {
    const log = new MemoryLog();
    const head = (payload: number): string => `pub #a ${payload}\n`;
    const payload = size - head(size - 10).length - 1;
    const records = `${head(payload)}${"x".repeat(payload)}\n`;
    assertEquals(records.length, size);
    for (let at = 0; at < count; at++) append(log, "#a", { records, now: 0 });
    using db = databaseOf(log);
    const asked: number[] = [];
    const view = new SqliteView(counting(db, asked));
    const ids = [...view.batchesAfter(0)].map(({ id }) => id);
    assertEquals(ids, Array.from({ length: count }, (_, at) => at + 1));
    assertEquals(asked, limits, `of ${size} bytes`);
  }
});

/** A database that answers a statement with these rows. */
function answering(db: DatabaseSync, sql: string, rows: (id: number) => unknown[]): DatabaseSync {
  const prepare = (asked: string): unknown => {
    if (!asked.startsWith(sql)) return db.prepare(asked);
    return { all: rows, get: () => rows(0)[0] };
  };
  return new Proxy(db, { get: (of, name) => name === "prepare" ? prepare : Reflect.get(of, name) });
}

Deno.test("rows that are not in their order are not where they belong", () => {
  withLog((_, db) => {
    const batches = db.prepare("SELECT * FROM batch ORDER BY id").all();
    const topics = db.prepare("SELECT * FROM topic ORDER BY id").all();
    const swapped = [batches[0]!, batches[2]!, batches[1]!];
    const log = new SqliteView(answering(db, "SELECT * FROM batch WHERE id > ?", () => swapped));
    const ids: number[] = [];
    assertThrows(
      () => {
        for (const { id } of log.batchesAfter(0)) ids.push(id);
      },
      DamageError,
      "batch 2 is not where it belongs",
    );
    assertEquals(ids, [1, 3]);
    const names = new SqliteView(
      answering(db, "SELECT * FROM topic WHERE id > ?", () => topics.toReversed()),
    );
    assertThrows(() => names.matching("#*"), DamageError, "topic 1 is not where it belongs");
  });
});

Deno.test("a fault of ours in a row is not taken for damage of it", () => {
  withLog((_, db) => {
    const row = {
      get id(): never {
        throw new TypeError("a fault of ours");
      },
    };
    const view = new SqliteView(answering(db, "SELECT * FROM batch WHERE id = ?", () => [row]));
    const ref = { id: 1, topic: 1, first: 1, count: 2 };
    assertThrows(() => view.load(ref), TypeError, "a fault of ours");
    const other = answering(db, "SELECT * FROM batch WHERE id <= ?", () => [row]);
    assertThrows(() => checkTail(other), TypeError, "a fault of ours");
  });
});

Deno.test("before it was asked anything a view knows nothing", () => {
  withLog((view, db) => {
    assertEquals([view.last, view.deleted], [0, 0]);
    assertEquals(view.snapshot(() => view.last), 4);
    const other = new SqliteView(db);
    assertEquals([...other.during(() => [other.last, other.deleted])], [4, 0]);
  });
});
