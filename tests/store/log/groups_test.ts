/**
 * What groups have before them: all of it, and no more looked at in one call than keeps nobody waiting.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { SequenceRanges } from "../../../lib/sequence_ranges.ts";
import { DamageError } from "../../../lib/store/log/damage.ts";
import { groupsOf, type MarksView } from "../../../lib/store/log/groups.ts";
import { MemoryLog } from "../../../lib/store/log/memory_log.ts";
import type { LogView } from "../../../lib/store/log/view.ts";
import { GroupMarksReader, GroupMarksTable } from "../../../lib/store/sqlite/group_marks.ts";
import { SqliteView } from "../../../lib/store/sqlite/view.ts";
import type { GroupsPlace, GroupState } from "../../../lib/store/types.ts";
import { matches } from "../../../lib/topics/topic.ts";
import { append, databaseOf, madeLog } from "../made_logs.ts";

/** With a batch of one message in each of so many topics, `#t.00001` and so on. */
function logOf(topics: number): MemoryLog {
  const log = new MemoryLog();
  for (let at = 1; at <= topics; at++) add(log, at);
  return log;
}

/** Another message of one of them. */
function add(log: MemoryLog, topic: number): void {
  const name = nameOf(topic);
  append(log, name, { records: `pub ${name} 0\n\n`, now: log.last + 1 });
}

function nameOf(topic: number): string {
  return `#t.${String(topic).padStart(5, "0")}`;
}

function put(log: MemoryLog, name: string, after: number, { pattern = "#t.*", settled = "" } = {}): void {
  const topics = settled === "" ? [] : [{ topic: nameOf(1), settled, attempts: "" }];
  log.marks.put({ name, pattern, sequence: 0, after, topics });
}

/** All groups, and where each call ended. */
function listed(view: LogView, marks: MarksView): [GroupState[], (GroupsPlace | undefined)[]] {
  const groups: GroupState[] = [];
  const places: (GroupsPlace | undefined)[] = [];
  for (let place: GroupsPlace | undefined; places.length === 0 || place !== undefined;) {
    const outcome = groupsOf(view, marks, place);
    groups.push(...outcome.groups);
    places.push(place = outcome.next);
  }
  return [groups, places];
}

/** What a log is asked for from now on: batches behind one, and how often a topic. */
function watched(log: MemoryLog): { refs: number; looks: number } {
  const seen = { refs: 0, looks: 0 };
  const { refsAfter, topicOf } = MemoryLog.prototype;
  log.refsAfter = (id, limit) => {
    seen.refs++;
    return refsAfter.call(log, id, limit);
  };
  log.topicOf = (id) => {
    seen.looks++;
    return topicOf.call(log, id);
  };
  return seen;
}

Deno.test("what a group has before it is all of its topics that it has not settled, and when the oldest came", () => {
  const mark = fc.record({
    pattern: fc.constantFrom("#a", "#b", "#c.*", "#>", "#none"),
    after: fc.nat(14),
    sequence: fc.nat(5),
    settled: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 6 }),
  });
  fc.assert(
    fc.property(madeLog, mark, ({ log, known }, { pattern, after, sequence, settled }) => {
      const ranges = new SequenceRanges();
      for (const number of settled) ranges.add(number, number + 1);
      const topics = [{ topic: "#a", settled: ranges.toString(), attempts: "" }];
      const open = known.filter((each) =>
        matches(pattern, each.topic) && each.batch > after && each.sequence >= sequence &&
        !(each.topic === "#a" && settled.includes(each.sequence))
      );
      const oldest = open.length === 0 ? undefined : Math.min(...open.map(({ time }) => time));
      const groups = [{ name: "g", pattern, lag: open.length, oldest }];
      const named = { name: "g", pattern, after, sequence, topics };
      log.marks.put(named);
      assertEquals(listed(log, log.marks), [groups, [undefined]]);
      const db = databaseOf(log);
      new GroupMarksTable(db).put(named);
      const view = new SqliteView(db);
      assertEquals(view.snapshot(() => listed(view, new GroupMarksReader(db))), [groups, [undefined]]);
      db.close();
    }),
    { numRuns: 300 },
  );
});

Deno.test("the oldest that a group has before it is the first it has not settled, in whichever batch that lies", () => {
  const log = logOf(1);
  for (let at = 0; at < 3; at++) add(log, 1);
  for (const pattern of ["#t.*", nameOf(1)]) {
    put(log, "g", 0, { pattern, settled: "1-2" });
    assertEquals(groupsOf(log, log.marks).groups, [{ name: "g", pattern, lag: 2, oldest: 3 }]);
    log.marks.forget({ name: "g", pattern });
  }
});

Deno.test("numbers of a group that cannot be read are damage, unless nothing of their topic is before it", () => {
  for (const pattern of ["#t.*", nameOf(1)]) {
    for (const topics of [1, 3]) {
      const log = logOf(topics);
      add(log, 1);
      const groups = (after: number): readonly GroupState[] => {
        put(log, "g", after, { pattern, settled: "?" });
        return groupsOf(log, log.marks).groups;
      };
      for (const after of [0, topics]) {
        assertThrows(
          () => groups(after),
          DamageError,
          `what group g of ${pattern} has settled cannot be read`,
        );
      }
      assertEquals(groups(topics + 1), [{ name: "g", pattern, lag: 0, oldest: undefined }]);
      for (const after of [0, 1]) {
        const marked = [{ topic: nameOf(1), settled: "?", attempts: "" }];
        log.marks.put({ name: "g", pattern, sequence: 3, after, topics: marked });
        assertEquals(groupsOf(log, log.marks).groups[0]?.lag, 0);
      }
    }
  }
});

Deno.test("1000 topics are looked at in one call, of however many groups, and the next goes on behind them", () => {
  const log = logOf(2501);
  for (const name of ["g", "h"]) put(log, name, 0, { settled: "1" });
  const [groups, places] = listed(log, log.marks);
  assertEquals(groups.map(({ lag, oldest }) => [lag, oldest]), [[2500, 2], [2500, 2]]);
  const [g, h] = ["g", "h"].map((name) => ({ name, pattern: "#t.*" }));
  assertEquals(places, [
    { after: { name: "", pattern: "" }, counted: { ...g!, lag: 999, oldest: 2, topic: 1000 } },
    { after: { name: "", pattern: "" }, counted: { ...g!, lag: 1999, oldest: 2, topic: 2000 } },
    { after: g!, counted: { ...h!, lag: 498, oldest: 2, topic: 499 } },
    { after: g!, counted: { ...h!, lag: 1498, oldest: 2, topic: 1499 } },
    { after: g!, counted: { ...h!, lag: 2498, oldest: 2, topic: 2499 } },
    undefined,
  ]);
});

Deno.test("of a group that has settled all or nearly all only what came behind that is looked at", () => {
  const log = logOf(2000);
  for (let at = 0; at < 200; at++) put(log, `g${at}`, 2000, { pattern: at % 2 === 0 ? "#>" : `#t.${at}.>` });
  const seen = watched(log);
  assertEquals(listed(log, log.marks)[0].filter(({ lag }) => lag !== 0), []);
  assertEquals(seen.looks, 0);
  put(log, "near", 1997);
  const near = listed(log, log.marks)[0].find(({ name }) => name === "near");
  assertEquals(near, { name: "near", pattern: "#t.*", lag: 3, oldest: 1998 });
  assertEquals(seen.looks, 3);
});

Deno.test("what others have stored behind it costs a group nothing: its own topics are looked at", () => {
  const log = logOf(1);
  put(log, "own", 0);
  put(log, "none", 0, { pattern: "#u.*" });
  for (let at = 0; at < 3000; at++) {
    append(log, `#o.${at}`, { records: `pub #o.${at} 0\n\n`, now: log.last + 1 });
  }
  const seen = watched(log);
  assertEquals(listed(log, log.marks)[0].map(({ lag }) => lag), [1, 0]);
  assertEquals([seen.refs, seen.looks < 10], [0, true], `${seen.looks} looks`);
});

Deno.test("it is the batches that are looked at where they are no more than the topics, nor than 1000", () => {
  const refs = (topics: number, behind: number): number => {
    const log = logOf(topics);
    while (log.last < behind) add(log, 1);
    put(log, "g", log.last - behind);
    const seen = watched(log);
    assertEquals(listed(log, log.marks)[0][0]?.lag, behind);
    return seen.refs;
  };
  assertEquals([refs(5, 5), refs(5, 6)], [1, 0]);
  assertEquals([refs(1500, 1000), refs(1500, 1001)], [1, 0]);
});

Deno.test("what does not fit into what is left of a call is looked at by the next", () => {
  const log = logOf(1200);
  put(log, "a", 600);
  put(log, "d", 0, { pattern: nameOf(1) });
  const left = (b: number, c: number): string | undefined => {
    put(log, "b", b);
    put(log, "c", c);
    const [groups, [first]] = listed(log, log.marks);
    assertEquals(groups.map(({ lag }) => lag), [600, 1200 - b, 1200 - c, 1]);
    if (first === undefined) return undefined;
    const { name, pattern } = groups[groups.findIndex(({ name }) => name === first.after.name) + 1]!;
    assertEquals(first.counted, { name, pattern, lag: 0, oldest: undefined, topic: 0 });
    return name;
  };
  assertEquals([left(800, 801), left(801, 801), left(800, 1200)], ["c", "c", "c"]);
  assertEquals([left(801, 1199), left(801, 1200)], ["d", undefined]);
});

Deno.test("a group that goes while it is counted is left out, and one that comes near is counted anew", () => {
  const log = logOf(1500);
  for (const name of ["g", "h"]) put(log, name, 0);
  const begun = groupsOf(log, log.marks).next;
  assertEquals([begun?.counted?.name, begun?.counted?.lag], ["g", 1000]);
  put(log, "g", 1498);
  assertEquals(groupsOf(log, log.marks, begun).groups, [
    { name: "g", pattern: "#t.*", lag: 2, oldest: 1499 },
  ]);
  log.marks.forget({ name: "g", pattern: "#t.*" });
  const other = groupsOf(log, log.marks, begun);
  assertEquals([other.groups, other.next?.counted?.name, other.next?.counted?.lag], [[], "h", 1000]);
  const rest = groupsOf(log, log.marks, other.next);
  assertEquals(rest.groups.map(({ name, lag }) => [name, lag]), [["h", 1500]]);
  put(log, "g", 0, { pattern: "#t.>" });
  const foreign = { after: { name: "h", pattern: "#t.*" }, counted: begun!.counted };
  assertEquals(
    groupsOf(log, log.marks, foreign).next?.counted?.lag,
    1000,
    "that of another pattern is another",
  );
});
