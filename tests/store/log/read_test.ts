/**
 * How much of the log one call looks at, what it says of damage, and what it leaves for the call behind it.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { DatabaseSync } from "node:sqlite";
import { DamageError } from "../../../lib/store/log/damage.ts";
import { MemoryLog } from "../../../lib/store/log/memory_log.ts";
import type { PageRead } from "../../../lib/store/log/page_builder.ts";
import { read } from "../../../lib/store/log/read.ts";
import { SqliteView } from "../../../lib/store/sqlite/view.ts";
import type { Cursor } from "../../../lib/store/types.ts";
import { messagesOf } from "../asking.ts";
import { append, databaseOf } from "../made_logs.ts";

const MIB = 1024 * 1024;
const MUCH = { most: 100 * MIB, now: 1000 };

function cursor(pattern: string, more: Partial<Cursor> = {}): Cursor {
  return { pattern, after: 0, sequence: 0, time: 0, to: undefined, ...more };
}

/** A log of batches of two messages, one to each of these topics, a millisecond apart. */
function logOf(...topics: readonly string[]): MemoryLog {
  const log = new MemoryLog();
  for (const [at, topic] of topics.entries()) {
    append(log, topic, { records: `pub ${topic} 1\nx\n`.repeat(2), now: at + 1 });
  }
  return log;
}

/** Topic and number of each message. */
function numbers({ page }: PageRead): string[] {
  return messagesOf(page).map(({ topic, sequence }) => `${topic} ${sequence}`);
}

/** The log in SQLite, changed behind its back. */
function changed(log: MemoryLog, sql: string, work: (view: SqliteView, db: DatabaseSync) => void): void {
  using db = databaseOf(log);
  db.exec(sql);
  const view = new SqliteView(db);
  view.snapshot(() => work(view, db));
}

Deno.test("of what fills no page eight MiB are read in one call", () => {
  const log = new MemoryLog();
  const record = `pub #a ${MIB - 27} ttl=0.001\n${"x".repeat(MIB - 27)}\n`;
  const records = `${record}${"\n".repeat(MIB - record.length)}`;
  for (let at = 0; at < 10; at++) append(log, "#a", { records, now: 1, ttl: 1 });
  assertEquals(log.bytes, 10 * MIB);
  for (const pattern of ["#a", "#*"]) {
    const first = read(log, [cursor(pattern)], MUCH);
    assertEquals([first.page.messages, first.cursors[0]!.after, first.ends], [0, 8, ["none"]]);
    const second = read(log, first.cursors, MUCH);
    assertEquals([second.page.messages, second.cursors[0]!.after, second.ends], [0, 10, ["caught up"]]);
  }
});

Deno.test("4000 batches are passed in one call, of however many nothing is wanted", () => {
  const log = new MemoryLog();
  for (let at = 0; at < 4100; at++) append(log, "#b", { records: "pub #b 0\n\n", now: 1 });
  for (const [pattern, sequence] of [["#none.*", 0], ["#b", 5000]] as const) {
    const first = read(log, [cursor(pattern, { sequence })], MUCH);
    const exact = pattern === "#b";
    assertEquals([first.cursors[0]!.after, first.ends], exact ? [4100, ["caught up"]] : [4000, ["none"]]);
  }
  const first = read(log, [cursor("#b"), cursor("#none")], MUCH);
  assertEquals([first.page.messages, first.cursors.map(({ after }) => after)], [4000, [4000, 4000]]);
});

Deno.test("of few topics among many what is wanted is found, however many batches lie between", () => {
  for (const count of [255, 256, 257, 512, 700]) {
    const log = logOf(...Array.from({ length: count }, (_, at) => `#other.${at % 5}`), "#x.a");
    const found = read(log, [cursor("#x.*")], MUCH);
    assertEquals([numbers(found), found.ends], [["#x.a 1", "#x.a 2"], ["caught up"]]);
    const behind = read(log, [cursor("#x.*", { after: count - 256 })], MUCH);
    assertEquals(numbers(behind), ["#x.a 1", "#x.a 2"]);
  }
});

Deno.test("bytes are read of all batches where half of the topics are wanted, and else of those that are", () => {
  const counted = (cursors: readonly Cursor[]): { readonly all: number; readonly loads: number } => {
    let [all, loads] = [0, 0];
    changed(logOf("#a", "#b", "#c.d", "#c.e"), "", (view) => {
      const { batchesAfter, load } = SqliteView.prototype;
      view.batchesAfter = (after) => (all++, batchesAfter.call(view, after));
      view.load = (ref) => (loads++, load.call(view, ref));
      read(view, cursors, MUCH);
    });
    return { all, loads };
  };
  assertEquals(counted([cursor("#c.*")]), { all: 1, loads: 0 });
  assertEquals(counted([cursor("#a"), cursor("#b")]), { all: 1, loads: 0 });
  assertEquals(counted([cursor("#a"), cursor("#none")]), { all: 0, loads: 1 });
  assertEquals(counted([cursor("#>", { reception: { allow: ["#a"], deny: [] } })]), { all: 0, loads: 1 });
  assertEquals(counted([cursor("#a")]), { all: 0, loads: 1 }, "one topic by its own order");
});

Deno.test("what lies before or behind the numbers that are wanted is passed without its bytes", () => {
  // of #a the batches hold 1-2, 3-4, 5-6 and 7-8
  changed(logOf("#b", "#a", "#a", "#a", "#a", "#c.d", "#c.e"), "", (view) => {
    const { load } = SqliteView.prototype;
    const loaded: number[] = [];
    view.load = (ref) => (loaded.push(ref.first), load.call(view, ref));
    const to = { kind: "sequence", sequence: 4 } as const;
    const found = read(view, [cursor("#a", { sequence: 3, to }), cursor("#none")], MUCH);
    assertEquals([numbers(found), loaded], [["#a 3", "#a 4"], [3]]);
    assertEquals(found.ends, ["past to", "caught up"]);
  });
});

Deno.test("where all that comes is later than anybody wants it is not looked for any more", () => {
  const log = logOf("#a", "#b", "#a", "#b", "#a");
  const to = { kind: "time", time: 2 } as const;
  const both = [cursor("#a", { to }), cursor("#b", { to: { kind: "time", time: 3 } })];
  const { cursors, ends, page } = read(log, both, MUCH);
  assertEquals([page.messages, ends], [4, ["past to", "past to"]]);
  assertEquals(cursors.map(({ after }) => after), [3, 3], "they stand before the first that is too late");
  const one = read(log, [cursor("#*", { to })], MUCH);
  assertEquals([one.page.messages, one.ends, one.cursors[0]!.after], [4, ["past to"], 2]);
  const exact = read(log, [cursor("#a", { to })], MUCH);
  assertEquals([exact.page.messages, exact.ends, exact.cursors[0]!.after], [2, ["past to"], 1]);
  const behind = read(log, [cursor("#a", { after: 1, to: { kind: "sequence", sequence: 2 } })], MUCH);
  assertEquals([behind.page.messages, behind.ends, behind.cursors[0]!.after], [0, ["past to"], 1]);
  const number = read(log, [cursor("#a", { to: { kind: "sequence", sequence: 2 } })], MUCH);
  assertEquals([number.page.messages, number.ends, number.cursors[0]!.after], [2, ["past to"], 1]);
});

Deno.test("a beginning that is still to come stays where it is, and one that was reached moves on", () => {
  const log = logOf("#a", "#a");
  const [waits] = read(log, [cursor("#a", { sequence: 3, after: 1 })], MUCH).cursors;
  assertEquals([waits!.after, waits!.sequence], [2, 5]);
  const [later] = read(log, [cursor("#a", { sequence: 9 })], MUCH).cursors;
  assertEquals([later!.after, later!.sequence], [2, 9]);
  const [between] = read(log, [cursor("#a", { sequence: 2 })], { ...MUCH, most: 1 }).cursors;
  assertEquals([between!.after, between!.sequence], [1, 3]);
});

Deno.test("of a time that is over everything has come, unless a later batch was left out of the reading", () => {
  const log = logOf("#a", "#b");
  const ends = (now: number, upTo?: number): unknown =>
    ["#a", "#*"].map((pattern) =>
      read(log, [cursor(pattern, { to: { kind: "time", time: 50 } })], { most: MIB, now, upTo }).ends[0]
    );
  assertEquals(ends(50), ["caught up", "caught up"]);
  assertEquals(ends(51), ["past to", "past to"]);
  assertEquals(ends(51, 1), ["caught up", "caught up"]);
  assertEquals(ends(51, 2), ["past to", "past to"]);
});

Deno.test("what lies before the damage is given first, and the next call says what it is", () => {
  const cases = [
    ["UPDATE batch SET time = 9 WHERE id = 4", "of #a the messages 5 to 6, batch 4: it does not match"],
    ["DELETE FROM batch WHERE id = 3", "of #a the messages 3 to 4 are missing"],
  ] as const;
  for (const [sql, says] of cases) {
    for (const pattern of ["#a", "#>", "#a.>"]) {
      const topics = ["#a", "#b", "#a", "#a", "#c"].map((topic) =>
        pattern === "#a.>" && topic === "#a" ? "#a.x" : topic
      );
      changed(logOf(...topics, "#e", "#f", "#g"), sql, (view) => {
        const good = read(view, [cursor(pattern)], MUCH);
        const before = sql.startsWith("DELETE") ? 2 : 4;
        assertEquals(numbers(good).filter((each) => each.startsWith("#a")).length, before);
        assertEquals(good.ends, ["none"]);
        const message = says.replace("#a", pattern === "#a.>" ? "#a.x" : "#a");
        for (let times = 0; times < 2; times++) {
          assertThrows(() => read(view, good.cursors, MUCH), DamageError, message);
        }
      });
    }
  }
});

Deno.test("the oldest of a topic that is gone and was not trimmed is missed, and so is what comes before a call", () => {
  const topics = ["#a", "#b", "#a", "#a", "#b"];
  changed(logOf("#a", "#a", "#b", "#a", "#b"), "DELETE FROM batch WHERE id = 1", (view) => {
    for (const pattern of ["#a", "#*"]) {
      assertThrows(
        () => read(view, [cursor(pattern)], MUCH),
        DamageError,
        "of #a the messages 1 to 2 are missing",
      );
    }
    const reception = { allow: ["#b"], deny: [] };
    for (const one of [cursor("#b"), cursor("#*", { reception })]) {
      assertEquals(numbers(read(view, [one], MUCH)).length, 4, "who does not want it does not miss it");
    }
  });
  changed(logOf(...topics), "DELETE FROM batch WHERE id = 3", (view) => {
    // it stands behind the one that is gone; nothing it reads shows that, and what it reads follows nothing
    assertThrows(
      () => read(view, [cursor("#*", { after: 3 })], MUCH),
      DamageError,
      "of #a the messages 3 to 4 are missing",
    );
  });
});

Deno.test("a batch that stands before one that was read is not where it belongs", () => {
  const log = logOf("#a", "#b", "#a");
  const all = [...log.batchesAfter(0)];
  log.batchesAfter = function* (): ReturnType<MemoryLog["batchesAfter"]> {
    yield* [all[0]!, all[1]!, all[1]!];
  };
  const good = read(log, [cursor("#*")], MUCH);
  assertEquals([good.page.messages, good.cursors[0]!.after], [4, 2]);
  log.batchesAfter = function* (): ReturnType<MemoryLog["batchesAfter"]> {
    yield all[1]!;
  };
  assertThrows(
    () => read(log, good.cursors, MUCH),
    DamageError,
    "batch 2 is not where it belongs",
  );
});

Deno.test("a batch that does not hold the messages it should is damage where they have to be told apart", () => {
  for (const records of ["pub #a 1\nx\n", "pub #a 1\nx\npub #a 1\n"]) {
    const log = logOf("#a");
    const [whole] = [...log.batchesAfter(0)];
    log.load = () => ({ ...whole!, bytes: new TextEncoder().encode(records) });
    const says = "batch 1 does not hold the 2 messages it should";
    assertThrows(() => read(log, [cursor("#a", { sequence: 2 })], MUCH), DamageError, says);
  }
  const log = logOf("#a");
  const [whole] = [...log.batchesAfter(0)];
  log.load = () => ({ ...whole!, bytes: new TextEncoder().encode("nothing") });
  const to = { kind: "sequence", sequence: 1 } as const;
  assertThrows(() => read(log, [cursor("#a", { to })], MUCH), DamageError, "batch 1 does not hold");
});

Deno.test("what a read knew of its topics is there for the one that goes on, and for nobody who reads another way", () => {
  const log = logOf("#a", "#b", "#a", "#b", "#a");
  const { holding } = MemoryLog.prototype;
  let asked = 0;
  log.holding = (topic, sequence) => (asked++, holding.call(log, topic, sequence));
  const first = read(log, [cursor("#*")], { ...MUCH, most: 60 });
  assertEquals([first.cursors[0]!.after, asked], [2, 2], "each topic is looked at when it comes first");
  const [at] = first.cursors;
  read(log, [{ ...at!, reception: { allow: ["#>"], deny: [] } }], { ...MUCH, most: 60 });
  assertEquals(asked, 4, "who may receive less has a memory of its own");
  read(log, first.cursors, MUCH);
  assertEquals(asked, 4, "what was known is known");
  read(log, [cursor("#*", { after: 2 })], MUCH);
  assertEquals(asked, 6, "and given away once");
});

Deno.test("what a read knew is there for the one that goes on behind what was deleted, too", () => {
  const log = logOf("#a", "#b");
  log.trim(log.agedAfter(1, 1), { groupsMiss: false });
  const first = read(log, [cursor("#*")], MUCH);
  assertEquals([numbers(first), first.cursors[0]!.after], [["#a 1", "#a 2"], 2]);
  append(log, "#a", { records: "pub #a 0\n\n", now: 9 });
  log.holding = () => {
    throw new Error("the topic is known");
  };
  assertEquals(numbers(read(log, first.cursors, MUCH)), ["#a 3"]);
});

Deno.test("a fault of the log that is no damage is not taken for one, whatever was read before it", () => {
  for (const pattern of ["#a", "#*"]) {
    const log = logOf("#a", "#a");
    const all = [...log.batchesAfter(0)];
    const fails = (): never => {
      throw new TypeError("a fault of ours");
    };
    log.loadNext = fails;
    log.batchesAfter = function* (): ReturnType<MemoryLog["batchesAfter"]> {
      yield all[0]!;
      fails();
    };
    assertThrows(() => read(log, [cursor(pattern)], MUCH), TypeError, "a fault of ours");
  }
});

Deno.test("of the last of each topic 4000 topics are passed in one call, and the next goes on behind them", () => {
  const log = new MemoryLog();
  const record = { count: 1, start: 0, end: 0, due: 1 };
  const delayed = Array.from({ length: 4100 }, (_, at) => ({ ...record, topic: `#t.${at}` }));
  log.append({ batches: [], delayed }, new Uint8Array(0), { now: 0 });
  append(log, "#t.4099", { records: "pub #t.4099 1\nx\n", now: 0 });
  const last = { count: 3, topic: 0, sequence: 0 };
  const first = read(log, [cursor("#t.*", { after: 1, last })], MUCH);
  assertEquals([first.page.messages, first.cursors[0]!.last], [0, { count: 3, topic: 4001, sequence: 0 }]);
  const second = read(log, first.cursors, MUCH);
  assertEquals([second.page.messages, second.cursors], [1, [cursor("#t.*", { after: 1 })]]);
});

Deno.test("of the last of each topic what is gone and was not trimmed is missed, behind what lies before it", () => {
  const last = { count: 9, topic: 0, sequence: 0 };
  const begin = cursor("#*", { after: 5, last });
  const log = logOf("#a", "#b", "#a", "#a", "#b");
  changed(log, "DELETE FROM batch WHERE id = 3", (view) => {
    const good = read(view, [begin], MUCH);
    assertEquals([numbers(good), good.cursors[0]!.last], [["#a 1", "#a 2"], {
      count: 9,
      topic: 1,
      sequence: 3,
    }]);
    assertThrows(
      () => read(view, good.cursors, MUCH),
      DamageError,
      "of #a the messages 3 to 4 are missing",
    );
  });
  log.holding = (): never => {
    throw new TypeError("a fault of ours");
  };
  assertThrows(() => read(log, [begin], MUCH), TypeError, "a fault of ours");
});

Deno.test("what was trimmed between two pages of the last of each topic is passed", () => {
  const log = logOf("#a", "#a", "#b", "#a");
  const begin = cursor("#*", { after: 4, last: { count: 9, topic: 0, sequence: 0 } });
  const first = read(log, [begin], { ...MUCH, most: 1 });
  assertEquals(numbers(first), ["#a 1", "#a 2"]);
  log.trim(log.agedAfter(0, 2), { groupsMiss: false });
  const rest = read(log, first.cursors, MUCH);
  assertEquals(numbers(rest), ["#a 5", "#a 6", "#b 1", "#b 2"]);
  assert(rest.cursors[0]!.last === undefined);
});

Deno.test("behind the last number that is wanted nothing is looked at, be it damaged", () => {
  const to = { kind: "sequence", sequence: 2 } as const;
  changed(logOf("#a", "#a", "#b"), "UPDATE batch SET time = 9 WHERE id = 2", (view) => {
    const { page, ends } = read(view, [cursor("#a", { to })], MUCH);
    assertEquals([page.messages, ends], [2, ["past to"]]);
  });
  const log = logOf("#a", "#a", "#b", "#b");
  const { next } = MemoryLog.prototype;
  let looks = 0;
  log.next = (topic, sequence) => (looks++, next.call(log, topic, sequence));
  const last = { count: 1, topic: 0, sequence: 0 };
  const found = read(log, [cursor("#*", { after: 4, last })], MUCH);
  assertEquals([numbers(found), looks], [["#a 4", "#b 4"], 0]);
});

Deno.test("a topic of which something only waits until it is due is not there yet, one that has had less is waited for", () => {
  const log = logOf("#a");
  const waits = { topic: "#b", count: 1, start: 0, end: 0, due: 1 };
  log.append({ batches: [], delayed: [waits] }, new Uint8Array(0), { now: 0 });
  const end = (pattern: string, sequence: number): unknown =>
    read(log, [cursor(pattern, { to: { kind: "sequence", sequence } })], MUCH).ends[0];
  assertEquals([end("#*", 2), end("#*", 3), end("#b", 1)], ["past to", "caught up", "caught up"]);
  append(log, "#b", { records: "pub #b 0\n\n", now: 1 });
  assertEquals([end("#*", 2), end("#*", 1), end("#b", 1)], ["caught up", "past to", "past to"]);
});

Deno.test("a page is full where it is as large as was asked for", () => {
  const last = { count: 9, topic: 0, sequence: 0 };
  const cursors = [cursor("#a"), cursor("#*"), cursor("#*", { after: 3, last })];
  for (const one of cursors) {
    const log = logOf("#a", "#a", "#a");
    const { page } = read(log, [one], { ...MUCH, most: 1 });
    const ask = (more: number): unknown =>
      numbers(read(log, [one], { ...MUCH, most: page.bytes.length + more }));
    assertEquals([ask(0), ask(1)], [["#a 1", "#a 2"], ["#a 1", "#a 2", "#a 3", "#a 4"]]);
  }
});

Deno.test("whether what is wanted of many topics has come is asked of the one that is waited for", () => {
  const topics = Array.from({ length: 200 }, (_, at) => `#t.${at}`);
  const log = logOf(...topics, ...topics.slice(0, -1));
  const holding = log.holding.bind(log);
  let asked = 0;
  log.holding = (topic, sequence) => {
    asked++;
    return holding(topic, sequence);
  };
  const end = (to: number): string => {
    asked = 0;
    const at = cursor("#t.*", { after: log.last, to: { kind: "sequence", sequence: to } });
    return read(log, [at], MUCH).ends[0]!;
  };
  assertEquals([end(5), asked], ["caught up", 2], "the first waits for more");
  assertEquals([end(4), asked > 200], ["caught up", true], "the last does");
  assertEquals([end(4), asked], ["caught up", 2]);
  append(log, "#t.199", { records: "pub #t.199 1\nx\n".repeat(2), now: 500 });
  assertEquals([end(4), end(5)], ["past to", "caught up"]);
});
