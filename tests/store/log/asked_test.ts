/**
 * What a log tells of its topics, what it knows of groups, and where a replay begins among many topics.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { DamageError } from "../../../lib/store/log/damage.ts";
import { MemoryLog } from "../../../lib/store/log/memory_log.ts";
import { seek } from "../../../lib/store/log/seek.ts";
import { topicsOf } from "../../../lib/store/log/topics.ts";
import type { SeekPlace, TopicsQuery } from "../../../lib/store/types.ts";
import { append } from "../made_logs.ts";

/** Topics `#t.0001` and so on. */
function names(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `#t.${String(at + 1).padStart(5, "0")}`);
}

/** Of an answer the names, and where to go on. */
function asked(log: MemoryLog, query: TopicsQuery): unknown {
  const outcome = topicsOf(log, query);
  return outcome.kind === "topics" && [outcome.topics.map(({ topic }) => topic), outcome.next];
}

function filled(...topics: readonly string[]): MemoryLog {
  const log = new MemoryLog();
  for (const topic of topics) append(log, topic, { records: `pub ${topic} 0\n\n`.repeat(2), now: 1 });
  return log;
}

Deno.test("topics are told up to as many as were asked for, and where to go on; what is empty is none", () => {
  const log = filled("#c", "#a", "#b.x", "#b");
  assertEquals(topicsOf(log, { most: 9, match: "#c" }), {
    kind: "topics",
    topics: [{ topic: "#c", first: 1, last: 2 }],
    next: undefined,
  });
  assertEquals(asked(log, { most: 2 }), [["#a", "#b"], "#b"]);
  assertEquals(asked(log, { most: 4 }), [["#a", "#b", "#b.x", "#c"], "#c"], "it is not looked further");
  assertEquals(asked(log, { most: 5 }), [["#a", "#b", "#b.x", "#c"], undefined]);
  assertEquals(asked(log, { most: 5, after: "#b" }), [["#b.x", "#c"], undefined]);
  assertEquals(asked(log, { most: 1, contains: "b" }), [["#b"], "#b"]);
  assertEquals(asked(log, { most: 5, contains: "b", match: "#*" }), [["#b"], undefined]);
  log.trim(log.agedAfter(1, 2), { groupsMiss: false });
  append(log, "#a", { records: "pub #a 0\n\n", now: 1 });
  assertEquals(asked(log, { most: 2 }), [["#a", "#b"], "#b"]);
  assertEquals(asked(log, { most: 9 }), [["#a", "#b", "#c"], undefined]);
  assertEquals(topicsOf(log, { most: 1, names: ["#c", "#b.x", "#a", "#none"] }), {
    kind: "topics",
    topics: [{ topic: "#c", first: 1, last: 2 }, { topic: "#a", first: 3, last: 3 }],
    next: undefined,
  });
});

Deno.test("10,000 topics are looked at in one call, 500 at a time, whatever comes of it", () => {
  const log = filled();
  const all = names(10_499);
  const limits: number[] = [];
  log.namesAfter = (name, limit) => {
    limits.push(limit);
    const from = name === "" ? 0 : all.indexOf(name) + 1;
    return all.slice(from, from + limit).map((name, at) => ({ id: from + at + 1, name, floor: 1 }));
  };
  log.next = () => undefined;
  assertEquals(asked(log, { most: 9 }), [[], all[9999]]);
  assertEquals(limits, Array(20).fill(500));
  assertEquals(asked(log, { most: 9, after: all[9999]! }), [[], undefined]);
  assertEquals(limits.length, 21);
});

Deno.test("among many topics a beginning is looked for 2000 at a time, and what was found is taken along", () => {
  const log = new MemoryLog();
  for (const name of names(4001)) append(log, name, { records: `pub ${name} 0\n\n`, now: 1 });
  append(log, "#t.00500", { records: "pub #t.00500 0\n\n".repeat(3), now: 1 });
  append(log, "#t.03000", { records: "pub #t.03000 0\n\n".repeat(6), now: 1 });
  const places: SeekPlace[] = [];
  const find = (sequence: number): unknown => {
    places.length = 0;
    let place: SeekPlace | undefined = undefined;
    for (;;) {
      const range = { from: { kind: "sequence", sequence }, to: undefined, now: 0, place } as const;
      const outcome: ReturnType<typeof seek> = seek(log, "#t.*", range);
      if (outcome.kind === "found") return [outcome.cursor.after, outcome.ahead, outcome.deleted];
      place = outcome.place;
      places.push(place);
      // what is deleted meanwhile is not in the state it began with
      if (places.length === 1) log.deleted = 7;
    }
  };
  assertEquals(find(4), [4001, undefined, 0]);
  const first = { after: 4001, found: true, newest: 1, deleted: 0 };
  assertEquals(places, [{ topic: 2000, ...first }, { topic: 4000, ...first }]);
  log.deleted = 0;
  assertEquals(find(7), [4002, undefined, 0]);
  assertEquals(places[0], { topic: 2000, after: 4003, found: false, newest: 4, deleted: 0 });
  log.deleted = 0;
  assertEquals(find(9), [4003, 7, 0]);
  assertEquals(places.map(({ newest }) => newest), [4, 7]);
  log.deleted = 0;
  assertEquals(find(8), [4003, undefined, 0], "it is the next that comes");
  for (const count of [1999, 2000, 2001]) {
    const some = filled(...names(count));
    const range = { from: { kind: "sequence", sequence: 1 }, to: undefined, now: 0 } as const;
    assertEquals(seek(some, "#t.*", range).kind, count > 2000 ? "searching" : "found");
  }
});

Deno.test("the last of a time are those that were there before it, and not behind a batch that is said", () => {
  const log = new MemoryLog();
  for (const now of [10, 20, 30]) append(log, "#a", { records: "pub #a 0\n\n", now });
  const after = (asOf: number | undefined, upTo?: number): number | undefined => {
    const outcome = seek(log, "#a", { from: { kind: "last", count: 1, asOf }, to: undefined, now: 0, upTo });
    return outcome.kind === "found" ? outcome.cursor.after : undefined;
  };
  assertEquals([10, 11, 20, 30, 31, undefined].map((asOf) => after(asOf)), [0, 1, 1, 2, 3, 3]);
  assertEquals([after(undefined, 2), after(31, 1), after(20, 2)], [2, 1, 1]);
});

Deno.test("the earliest beginning is before everything there ever was", () => {
  const found = seek(filled("#a"), "#a", { from: { kind: "earliest" }, to: undefined, now: 0 });
  const first = { bytes: new Uint8Array(0), messages: 0 };
  const cursor = { pattern: "#a", after: 0, sequence: 0, time: 0, to: undefined, reception: undefined };
  assertEquals(found, {
    ...{ kind: "found", cursor, first, trimmedTo: undefined, ahead: undefined, deleted: 0 },
  });
});

Deno.test("a log in memory says which topic or batch is not there, and forgets none of its counts", () => {
  const log = filled("#a", "#b", "#a");
  assertThrows(() => log.topicOf(9), DamageError, "topic 9 is missing");
  assertThrows(() => log.load({ id: 9, topic: 1, first: 1, count: 1 }), DamageError, "batch 9 is missing");
  assertEquals([log.bytes, log.batches, log.topics, log.last, log.deleted], [60, 3, 2, 3, 0]);
  const bytes = new TextEncoder().encode("pub #c 0\n\n");
  log.append({ batches: [], delayed: [{ topic: "#c", count: 1, start: 0, end: 10, due: 5 }] }, bytes, {
    now: 1,
  });
  assertEquals([log.bytes, log.topics, log.delayed.bytes], [70, 3, 10]);
  log.trim([log.agedAfter(1, 1)[0]!], { groupsMiss: false });
  assertEquals([log.bytes, log.batches, log.deleted, log.topicNamed("#b")?.floor], [50, 2, 1, 3]);
  assertThrows(() => log.load({ id: 2, topic: 2, first: 1, count: 2 }), DamageError, "batch 2 is missing");
  assertEquals(log.refsAfter(0, 9).map(({ id }) => id), [1, 3]);
  log.delayed.take([1]);
  assertEquals(log.bytes, 40);
  assertThrows(() => log.delayed.take([1]), Error, "the delayed run 1 is not there");
});

Deno.test("a log in memory counts what its groups miss, of what they may, until their next mark", () => {
  const log = filled("#a", "#a", "#b");
  const mark = { name: "g", pattern: "#*", sequence: 2, after: 0, topics: [] };
  log.marks.put(mark);
  log.marks.put({ ...mark, name: "h", sequence: 0 });
  log.trim(log.agedAfter(2, 1), { groupsMiss: false });
  log.trim(log.agedAfter(0, 2), { groupsMiss: true });
  assertEquals(["g", "h", "x"].map((name) => log.marks.missedBy({ ...mark, name })), [3, 4, 0]);
  log.marks.put(mark);
  assertEquals(["g", "h"].map((name) => log.marks.missedBy({ ...mark, name })), [0, 4]);
  log.marks.miss({ ...mark, name: "x" }, 5);
  assertEquals(log.marks.missedBy({ ...mark, name: "x" }), 0);
  assert(log.marks.get({ ...mark, name: "x" }) === undefined);
});

Deno.test("groups in memory are told by their patterns and names, whichever came first", () => {
  const log = new MemoryLog();
  const names = [["b", "#b"], ["b", "#a"], ["a", "#b"], ["c", "#a"]] as const;
  for (const [name, pattern] of names) log.marks.put({ name, pattern, sequence: 0, after: 0, topics: [] });
  assertEquals(
    log.marks.namesAfter({ name: "", pattern: "" }, 9).map(({ name, pattern }) => `${pattern} ${name}`),
    [
      "#a b",
      "#a c",
      "#b a",
      "#b b",
    ],
  );
  assertEquals(log.marks.namesAfter({ name: "c", pattern: "#a" }, 1), [{ name: "a", pattern: "#b" }]);
  assertEquals(log.marks.count, 4);
});

Deno.test("of a group in memory the last mark counts, of its topics what was said last, and nothing once it is forgotten", () => {
  const log = new MemoryLog();
  const group = { name: "g", pattern: "#>" };
  const put = (after: number, ...topics: readonly (readonly [string, string, string])[]): unknown => {
    const marks = topics.map(([topic, settled, attempts]) => ({ topic, settled, attempts }));
    log.marks.put({ ...group, sequence: 1, after, topics: marks });
    const found = log.marks.get(group)!;
    return [found.sequence, found.after, found.topics.map((one) => Object.values(one).join(" "))];
  };
  assertEquals(put(2, ["#a", "1", ""], ["#b", "", "2=3"], ["#c", "1", "2=3"]), [1, 2, [
    "#a 1 ",
    "#b  2=3",
    "#c 1 2=3",
  ]]);
  assertEquals(put(5, ["#a", "", ""], ["#b", "4", "2=3"]), [1, 5, ["#b 4 2=3", "#c 1 2=3"]]);
  assertEquals(put(6), [1, 6, ["#b 4 2=3", "#c 1 2=3"]]);
  log.marks.forget(group);
  assertEquals([log.marks.get(group), log.marks.standing(group), log.marks.count], [undefined, undefined, 0]);
  assertEquals(put(1), [1, 1, []]);
});
