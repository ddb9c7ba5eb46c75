import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Ledger, type Mark, type Unit } from "../../../lib/engine/groups/ledger.ts";
import type { TopicMark } from "../../../lib/store/types.ts";

/** A store that keeps marks as a table does: a row a topic, none where nothing is said of it. */
class Table {
  after = 0;
  readonly rows = new Map<string, TopicMark>();

  put({ after, topics }: Mark): void {
    assert(after >= this.after, "a group does not go back");
    this.after = after;
    for (const mark of topics) {
      if (mark.settled === "" && mark.attempts === "") this.rows.delete(mark.topic);
      else this.rows.set(mark.topic, mark);
    }
  }

  get mark(): Mark {
    return { after: this.after, topics: [...this.rows.values()] };
  }
}

interface Batch {
  readonly topic: string;
  readonly first: number;
  readonly count: number;
  /** By retention, once it was stored. */
  isDeleted?: boolean;
}

function namesOf({ topic, first, count }: Batch): string[] {
  return Array.from({ length: count }, (_, at) => `${topic} ${first + at}`);
}

/** Reads a log from where a mark stands, as whoever goes on from it does. */
function unsettledFrom(mark: Mark, log: readonly Batch[]): string[] {
  const ledger = new Ledger(mark, log.length);
  const found: string[] = [];
  for (const [at, { topic, first, count, isDeleted }] of log.entries()) {
    if (at + 1 <= mark.after || isDeleted) continue;
    for (const { from, end } of ledger.read(topic, first, count)) {
      for (let sequence = from; sequence < end; sequence++) found.push(`${topic} ${sequence}`);
    }
    ledger.readUpTo(at + 1);
  }
  assertEquals(ledger.open, found.length);
  return found;
}

Deno.test("a group that settles in order is one number", () => {
  const ledger = new Ledger({ after: 0, topics: [] }, 0);
  for (let batch = 1; batch <= 100; batch++) {
    const { unit } = ledger;
    assertEquals(ledger.read("#a", batch, 1), [{ from: batch, end: batch + 1 }]);
    ledger.readUpTo(batch);
    ledger.settle(unit, "#a", { from: batch, end: batch + 1 });
    assertEquals(ledger.take(), { after: batch, topics: [] });
    assert(!ledger.hasNews);
  }
});

Deno.test("what is settled behind what is not, is known by its number until that is settled, too", () => {
  const ledger = new Ledger({ after: 0, topics: [] }, 0);
  const { unit } = ledger;
  ledger.read("#a", 1, 4);
  ledger.readUpTo(1);
  ledger.settle(unit, "#a", { from: 2, end: 4 });
  ledger.again("#a", { from: 1, end: 2 }, 2);
  const mark = ledger.take();
  assertEquals(mark, { after: 0, topics: [{ topic: "#a", settled: "2-3", attempts: "1=2" }] });
  const next = new Ledger(mark, 1);
  assertEquals(next.read("#a", 1, 6), [{ from: 1, end: 2 }, { from: 4, end: 7 }]);
  assertEquals([next.attemptOf("#a", 1), next.attemptOf("#a", 4)], [2, 1]);
  ledger.settle(unit, "#a", { from: 1, end: 2 });
  ledger.settle(unit, "#a", { from: 4, end: 5 });
  assertEquals(ledger.take(), { after: 1, topics: [{ topic: "#a", settled: "", attempts: "" }] });
});

Deno.test("what was settled in the midst and became one goes on with what is read behind it", () => {
  const ledger = new Ledger({ after: 0, topics: [] }, 0);
  const read = (batch: number): Unit => {
    const { unit } = ledger;
    ledger.read("#a", batch, 1);
    ledger.readUpTo(batch);
    return unit;
  };
  const settle = (batch: number, unit: Unit): void =>
    ledger.settle(unit, "#a", { from: batch, end: batch + 1 });
  const units = [1, 2, 3, 4].map(read);
  for (const batch of [2, 3, 4]) settle(batch, units[batch - 1]!);
  const last = read(5);
  settle(1, units[0]!);
  assertEquals(ledger.take(), { after: 4, topics: [] });
  settle(5, last);
  assertEquals(ledger.take(), { after: 5, topics: [] });
});

Deno.test("what was settled in the midst is forgotten up to where the last of it ends, whatever became one with it", () => {
  // the larger of two stands before the smaller, and behind it
  for (const sizes of [[3, 1], [1, 3]]) {
    const ledger = new Ledger({ after: 0, topics: [] }, 0);
    const batches = [["#a"], ...sizes.map((size) => ["#a", "#b", "#c"].slice(0, size))];
    const units = batches.map((topics, at) => {
      const { unit } = ledger;
      for (const topic of topics) ledger.read(topic, at + 1, 1);
      ledger.readUpTo(at + 1);
      return unit;
    });
    for (const at of [2, 1, 0]) {
      for (const topic of batches[at]!) ledger.settle(units[at]!, topic, { from: at + 1, end: at + 2 });
    }
    const table = new Table();
    table.put(ledger.take());
    assertEquals(table.mark, { after: 3, topics: [] });
  }
});

Deno.test("what is settled the newest first costs a message no more the more topics there are", () => {
  // at a cost that grew with them: ten minutes
  const topics = 100_000;
  const ledger = new Ledger({ after: 0, topics: [] }, 0);
  const units = Array.from({ length: topics }, (_, at) => {
    const { unit } = ledger;
    ledger.read(`#a.${at}`, 1, 1);
    ledger.readUpTo(at + 1);
    return unit;
  });
  for (let at = topics - 1; at >= 0; at--) ledger.settle(units[at]!, `#a.${at}`, { from: 1, end: 2 });
  assertEquals([ledger.after, ledger.open], [topics, 0]);
});

Deno.test("a mark that is damaged is not gone on from", () => {
  const markOf = (settled: string, attempts: string): Ledger =>
    new Ledger({ after: 0, topics: [{ topic: "#a", settled, attempts }] }, 1);
  assertThrows(() => markOf("1-", ""), TypeError);
  const most = "9".repeat(15);
  for (const attempts of ["1=1", "8-11=2 14=3", `${most}=999999999`, `${most}-${most}=1`]) {
    markOf("", attempts);
  }
  for (const attempts of ["x", "0=1", "1=0", "1-=2", "1=2 ", `9${most}=1`, `1-9${most}=1`, "1=1234567890"]) {
    assertThrows(() => markOf("1", attempts), TypeError, "are no attempts");
  }
});

const STEP = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("read" as const), batches: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("settle" as const),
      which: fc.nat(),
      many: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("again" as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("store" as const), succeeds: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), which: fc.nat() }) },
);

Deno.test("who goes on from what was stored gets what was not settled by then, and nothing that was", () => {
  const LOG = fc.array(
    fc.record({ topic: fc.constantFrom("#a", "#b"), count: fc.integer({ min: 1, max: 4 }) }),
    {
      minLength: 4,
      maxLength: 20,
    },
  );
  fc.assert(
    fc.property(LOG, fc.array(STEP, { maxLength: 120 }), (drawn, steps) => {
      const next = new Map([["#a", 1], ["#b", 1]]);
      const log = drawn.map(({ topic, count }): Batch => {
        const first = next.get(topic)!;
        next.set(topic, first + count);
        return { topic, first, count };
      });
      const all = log.flatMap(namesOf);
      const table = new Table();
      /** As stored, and as settled in memory. */
      let settled = new Set<string>();
      let stored = new Set<string>();
      let ledger = new Ledger(table.mark, 0);
      let read = 0;
      /** Batches that there are by now. */
      let last = 0;
      let open: {
        readonly name: string;
        readonly topic: string;
        readonly sequence: number;
        readonly unit: Unit;
      }[] = [];
      for (const step of steps) {
        const one = "which" in step && open.length > 0 ? open[step.which % open.length]! : undefined;
        if (step.kind === "read") {
          for (const { topic, first, count, isDeleted } of log.slice(read, read + step.batches)) {
            read++;
            if (isDeleted) continue;
            for (const { from, end } of ledger.read(topic, first, count)) {
              for (let sequence = from; sequence < end; sequence++) {
                assert(!settled.has(`${topic} ${sequence}`), "what was settled comes again");
                open.push({ name: `${topic} ${sequence}`, topic, sequence, unit: ledger.unit });
              }
            }
          }
          last = Math.max(last, read);
          ledger.readUpTo(read);
        }
        if (step.kind === "settle" && one !== undefined) {
          const together = open.filter(({ topic, unit, sequence }) =>
            topic === one.topic && unit === one.unit && sequence >= one.sequence &&
            sequence < one.sequence + step.many
          ).toSorted((left, right) => left.sequence - right.sequence)
            .filter(({ sequence }, at) => sequence === one.sequence + at);
          ledger.settle(one.unit, one.topic, { from: one.sequence, end: one.sequence + together.length });
          for (const { name } of together) settled.add(name);
          open = open.filter((each) => !together.includes(each));
        }
        if (step.kind === "again" && one !== undefined) {
          const range = { from: one.sequence, end: one.sequence + 1 };
          ledger.again(one.topic, range, ledger.attemptOf(one.topic, one.sequence) + 1);
        }
        if (step.kind === "store") {
          const mark = ledger.take();
          if (step.succeeds) {
            table.put(mark);
            stored = new Set(settled);
          } else {
            ledger.untake(mark);
          }
        }
        if (step.kind === "crash") {
          settled = new Set(stored);
          ledger = new Ledger(table.mark, last);
          read = table.after;
          open = [];
        }
        if (step.kind === "delete" && last > 0) log[step.which % last]!.isDeleted = true;
        assertEquals(ledger.open, open.length);
      }
      const deleted = new Set(log.filter(({ isDeleted }) => isDeleted).flatMap(namesOf));
      assertEquals(
        unsettledFrom(table.mark, log),
        all.filter((name) => !stored.has(name) && !deleted.has(name)),
      );
      // what all is settled of, is not remembered by itself
      while (read < log.length) {
        const { topic, first, count, isDeleted } = log[read++]!;
        for (const { from, end } of isDeleted ? [] : ledger.read(topic, first, count)) {
          ledger.settle(ledger.unit, topic, { from, end });
        }
        ledger.readUpTo(read);
      }
      for (const { topic, sequence, unit } of open) {
        ledger.settle(unit, topic, { from: sequence, end: sequence + 1 });
      }
      while (ledger.hasNews) table.put(ledger.take());
      assertEquals(table.mark, { after: log.length, topics: [] });
    }),
    { numRuns: 300 },
  );
});

Deno.test("what a mark says of what is not there any more is forgotten when all it knows of is settled, and not before", () => {
  const topics = [
    { topic: "#a", settled: "1-2", attempts: "" },
    { topic: "#b", settled: "", attempts: "1=2 3=2" },
    { topic: "#c", settled: "2 4", attempts: "1=2 3=2" },
    { topic: "#d", settled: "", attempts: "1=2" },
  ];
  const ledger = new Ledger({ after: 1, topics }, 4);
  // retention has left nothing of `#a` and `#d`, and of the others no more than what is read here
  const first = ledger.unit;
  assertEquals(ledger.read("#b", 3, 1), [{ from: 3, end: 4 }]);
  ledger.readUpTo(2);
  assertEquals(ledger.read("#c", 4, 1), []);
  ledger.readUpTo(4);
  const { unit } = ledger;
  assertEquals(ledger.read("#c", 5, 2), [{ from: 5, end: 7 }]);
  ledger.readUpTo(5);
  ledger.again("#c", { from: 6, end: 7 }, 3);
  ledger.settle(unit, "#c", { from: 5, end: 6 });
  assertEquals(ledger.take(), {
    after: 1,
    topics: [{ topic: "#c", settled: "2 4-5", attempts: "1=2 3=2 6=3" }],
  });
  ledger.settle(first, "#b", { from: 3, end: 4 });
  assertEquals(ledger.take(), {
    after: 4,
    topics: [
      { topic: "#c", settled: "5", attempts: "6=3" },
      { topic: "#a", settled: "", attempts: "" },
      { topic: "#b", settled: "", attempts: "" },
      { topic: "#d", settled: "", attempts: "" },
    ],
  });
  ledger.settle(unit, "#c", { from: 6, end: 7 });
  assertEquals(ledger.take(), { after: 5, topics: [{ topic: "#c", settled: "", attempts: "" }] });
});

Deno.test("attempts of messages that were given back together are one", () => {
  const ledger = new Ledger({ after: 0, topics: [] }, 0);
  ledger.read("#a", 1, 9);
  ledger.again("#a", { from: 4, end: 8 }, 2);
  ledger.again("#a", { from: 2, end: 3 }, 2);
  ledger.again("#a", { from: 6, end: 7 }, 3);
  const mark = ledger.take();
  assertEquals(mark.topics, [{ topic: "#a", settled: "", attempts: "2=2 4-5=2 6=3 7=2" }]);
  const next = new Ledger(mark, 1);
  assertEquals([...next.alike("#a", { from: 3, end: 9 })], [
    { from: 3, end: 4, attempt: 1 },
    { from: 4, end: 6, attempt: 2 },
    { from: 6, end: 7, attempt: 3 },
    { from: 7, end: 8, attempt: 2 },
    { from: 8, end: 9, attempt: 1 },
  ]);
});

Deno.test("there is news when a group has come further, or something is to be said, until a mark was taken", () => {
  const ledger = new Ledger({ after: 3, topics: [] }, 3);
  const news: boolean[] = [];
  const note = (): void => void news.push(ledger.hasNews);
  note();
  ledger.readUpTo(3);
  note();
  ledger.readUpTo(4);
  note();
  assertEquals(ledger.take(), { after: 4, topics: [] });
  note();
  ledger.touch();
  note();
  ledger.untake(ledger.take());
  note();
  assertEquals(news, [false, false, true, false, true, true]);
});

Deno.test("that nothing is to be known of a topic any more is said again where it could not be stored", () => {
  const ledger = new Ledger({ after: 0, topics: [{ topic: "#a", settled: "2", attempts: "" }] }, 1);
  const { unit } = ledger;
  assertEquals(ledger.read("#a", 1, 2), [{ from: 1, end: 2 }]);
  ledger.settle(unit, "#a", { from: 1, end: 2 });
  ledger.readUpTo(1);
  const mark = ledger.take();
  assertEquals(mark, { after: 1, topics: [{ topic: "#a", settled: "", attempts: "" }] });
  ledger.untake(mark);
  assertEquals(ledger.take(), mark);
  assertEquals(ledger.take(), { after: 1, topics: [] });
});

Deno.test("of many topics of which nothing is to be known any more a mark says some, of others all that has changed", () => {
  const many = Array.from({ length: 4500 }, (_, at) => `#a.${at}`);
  const topics = many.map((topic) => ({ topic, settled: "1", attempts: "" }));
  const ledger = new Ledger({ after: 0, topics }, 2);
  const table = new Table();
  table.put({ after: 0, topics });
  ledger.readUpTo(2);
  const settle = (topic: string, sequence: number): void => {
    const { unit } = ledger;
    ledger.read(topic, sequence, 2);
    ledger.settle(unit, topic, { from: sequence, end: sequence + 1 });
    ledger.readUpTo(ledger.after + 1);
  };
  const said = (): number[] => {
    const mark = ledger.take();
    table.put(mark);
    return [mark.topics.length, table.rows.size];
  };
  assertEquals([said(), ledger.after, ledger.isCrowded], [[2000, 2500], 2, true]);
  // one that has been said to be over, and one that has not
  settle("#a.0", 2);
  settle("#a.4400", 2);
  assertEquals([table.rows.get("#a.4400")?.settled, said(), ledger.isCrowded], ["1", [2002, 501], true]);
  assertEquals([table.rows.get("#a.0")?.settled, table.rows.get("#a.4400")?.settled], ["2", "2"]);
  const refused = ledger.take();
  assertEquals([refused.topics.length, ledger.isCrowded, ledger.hasNews], [499, false, false]);
  ledger.untake(refused);
  assertEquals([ledger.isCrowded, said(), ledger.hasNews], [true, [499, 2], false]);
});
