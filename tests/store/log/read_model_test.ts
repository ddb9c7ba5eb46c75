/**
 * What a replay brings, compared with what one finds who looks at each message: in memory and in SQLite, in pages
 * of any size.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { read } from "../../../lib/store/log/read.ts";
import { seek } from "../../../lib/store/log/seek.ts";
import type { LogView } from "../../../lib/store/log/view.ts";
import { SqliteView } from "../../../lib/store/sqlite/view.ts";
import type { Cursor, From, Page, ReadEnd, To } from "../../../lib/store/types.ts";
import { admits } from "../../../lib/store/wanted.ts";
import { matches } from "../../../lib/topics/topic.ts";
import { messagesOf } from "../asking.ts";
import { databaseOf, type Known, type MadeLog, madeLog } from "../made_logs.ts";

/** What of a page is compared: each message with all that is said of it. */
function shown(messages: readonly Omit<Known, "batch" | "expires">[]): string[] {
  return messages.map(({ topic, sequence, time, payload }) => `${topic} ${sequence} ${time} ${payload}`);
}

/** Both kinds of a log, for one test. */
function bothOf({ log }: MadeLog, check: (view: LogView) => void): void {
  check(log);
  using db = databaseOf(log);
  const view = new SqliteView(db);
  view.snapshot(() => check(view));
}

/** A page is of whole batches: all but its last are less than was asked for. */
function checkSize(
  { bytes }: Page,
  { most, end, known }: {
    readonly most: number;
    readonly end: boolean;
    readonly known: readonly Known[];
  },
): void {
  const begins = new Map<number, number>();
  for (let at = 0; at < bytes.length;) {
    const lf = bytes.indexOf(0x0a, at);
    const [, topic, , length, seq] = new TextDecoder().decode(bytes.subarray(at, lf)).split(" ");
    const of = known.find((each) => each.topic === topic && seq === `seq=${each.sequence}`)!;
    // one that is given in parts begins with the first of them
    begins.set(of.batch, begins.get(of.batch) ?? at);
    at = lf + 1 + Number(length);
  }
  const last = [...begins.values()].at(-1) ?? 0;
  assert(last < most, `its last batch begins at ${last}, asked for were ${most}`);
  assert(end || bytes.length >= most, `${bytes.length} bytes, asked for were ${most}`);
}

interface Found {
  readonly messages: readonly string[];
  readonly cursors: readonly Cursor[];
  readonly ends: readonly ReadEnd[];
}

/** Reads on until none of the cursors has more: those that are over do not go on. */
function readAll(
  view: LogView,
  begin: readonly Cursor[],
  { known, ...how }: {
    readonly known: readonly Known[];
    readonly most: number;
    readonly upTo?: number | undefined;
    readonly now: number;
  },
): Found {
  const messages: string[] = [];
  const last = new Map<number, readonly [Cursor, ReadEnd]>();
  let open = begin.map((cursor, at) => ({ cursor, at }));
  for (let reads = 0; open.length > 0; reads++) {
    assert(reads < 300, "reading goes on");
    const { page, cursors, ends, deleted } = read(view, open.map(({ cursor }) => cursor), how);
    assertEquals(deleted, view.deleted);
    messages.push(...shown(messagesOf(page)));
    const over = ends.every((end) => end !== "none");
    const onlyLast = open.length === 1 && open[0]!.cursor.last !== undefined;
    const end = over || ends.some((each) => each === "past to");
    if (!onlyLast) checkSize(page, { most: how.most, end, known });
    for (const [at, { at: place }] of open.entries()) last.set(place, [cursors[at]!, ends[at]!]);
    open = open.map(({ at: place }, at) => ({ cursor: cursors[at]!, at: place }))
      .filter((_, at) => ends[at] !== "past to");
    if (over) break;
  }
  const all = begin.map((_, at) => last.get(at)!);
  return { messages, cursors: all.map(([cursor]) => cursor), ends: all.map(([, end]) => end) };
}

/** Whether a cursor's own words let a message through. */
function lets(
  cursor: Cursor,
  { topic, sequence, batch, time }: Known,
): boolean {
  const { pattern, after, sequence: least, time: since, to } = cursor;
  if (!matches(pattern, topic) || !admits(cursor, topic)) return false;
  if (batch <= after || sequence < least || time < since) return false;
  return to === undefined || (to.kind === "sequence" ? sequence <= to.sequence : time <= to.time);
}

const to: fc.Arbitrary<To | undefined> = fc.option(
  fc.oneof(
    fc.record({ kind: fc.constant("sequence" as const), sequence: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ kind: fc.constant("time" as const), time: fc.integer({ min: 99, max: 120 }) }),
  ),
  { nil: undefined },
);
const pattern = fc.constantFrom("#a", "#b", "#c.d", "#c.é", "#c.*", "#>", "#*", "#none", "#none.*");
const reception = fc.constantFrom(
  undefined,
  undefined,
  { allow: ["#a", "#c.>"], deny: [] },
  { allow: ["#>"], deny: ["#a"] },
);
const cursor: fc.Arbitrary<Cursor> = fc.record({
  pattern,
  after: fc.constantFrom(0, 0, 1, 2, 5, 9, 20),
  sequence: fc.constantFrom(0, 0, 1, 2, 4, 7),
  time: fc.constantFrom(0, 0, 101, 104),
  to,
  reception,
});
const how = fc.record({
  most: fc.constantFrom(1, 40, 90, 10_000),
  upTo: fc.constantFrom(undefined, undefined, 0, 3, 8),
  now: fc.constantFrom(100, 104, 107, 140),
});

/** How a replay by one cursor ends: by what is there of its topics. */
function endOf(
  { log, known }: MadeLog,
  one: Cursor,
  { upTo = Infinity, now }: { readonly upTo?: number | undefined; readonly now: number },
): ReadEnd {
  const { to } = one;
  const last = Math.min(log.last, upTo);
  if (to === undefined) return "caught up";
  const own = [...log.matching(one.pattern).after(0)].filter(([, name]) => admits(one, name));
  if (to.kind === "time") {
    const later = known.some((each) =>
      lets({ ...one, to: undefined, time: 0 }, each) && each.batch <= last && each.time > to.time
    );
    return later || (last === log.last && now > to.time) ? "past to" : "caught up";
  }
  // of each topic the number that was next, as far as that is known by what is left
  const next = own.map(([id, name]) => {
    const of = known.filter(({ topic, batch }) => topic === name && batch <= last);
    return of.length > 0 ? of.at(-1)!.sequence + 1 : log.topicOf(id).floor;
  });
  const reached = next.some((each) => each > to.sequence);
  return reached && next.every((each) => each > to.sequence) ? "past to" : "caught up";
}

Deno.test("a replay brings what its cursor lets through and nothing else, in order, and ends where that does", () => {
  fc.assert(
    fc.property(madeLog, cursor, how, (made, one, how) => {
      const { log, known } = made;
      const last = Math.min(log.last, how.upTo ?? Infinity);
      bothOf(made, (view) => {
        const { messages, cursors, ends } = readAll(view, [one], { ...how, known });
        const expected = known.filter((each) => lets(one, each) && each.batch <= last);
        assertEquals(messages, shown(expected.filter(({ expires }) => how.now < expires)));
        assertEquals(ends, [endOf(made, one, how)]);
        const [{ after, sequence, ...rest }] = cursors as [Cursor];
        if (ends[0] === "caught up") assertEquals(after, Math.max(one.after, last));
        assert(after >= one.after && sequence >= one.sequence, "it never goes back");
        const { pattern, time, to, reception } = one;
        assertEquals(rest, { pattern, time, to, reception }, "what it lets through stays");
      });
    }),
    { numRuns: 300 },
  );
});

Deno.test("several cursors read together bring each message once, in the order of the commits", () => {
  fc.assert(
    fc.property(madeLog, fc.array(cursor, { minLength: 2, maxLength: 3 }), how, (made, cursors, how) => {
      const { log, known } = made;
      const last = Math.min(log.last, how.upTo ?? Infinity);
      bothOf(made, (view) => {
        const { messages, ends, cursors: at } = readAll(view, cursors, { ...how, known });
        const expected = known.filter((each) =>
          cursors.some((one) => lets(one, each)) && each.batch <= last && how.now < each.expires
        );
        assertEquals(messages, shown(expected));
        for (const [place, end] of ends.entries()) {
          const { to } = cursors[place]!;
          if (to === undefined) assertEquals(end, "caught up");
          if (to?.kind === "sequence") assertEquals(end, endOf(made, cursors[place]!, how));
          if (end === "caught up") assertEquals(at[place]!.after, Math.max(cursors[place]!.after, last));
        }
      });
    }),
    { numRuns: 300 },
  );
});

const from: fc.Arbitrary<From> = fc.oneof(
  fc.constant<From>({ kind: "earliest" }),
  fc.record({ kind: fc.constant("time" as const), time: fc.integer({ min: 99, max: 125 }) }),
  fc.record({ kind: fc.constant("sequence" as const), sequence: fc.integer({ min: 0, max: 14 }) }),
  fc.record({
    kind: fc.constant("last" as const),
    count: fc.integer({ min: 1, max: 6 }),
    asOf: fc.option(fc.integer({ min: 99, max: 125 }), { nil: undefined }),
  }),
);

/** What a replay of it brings first, topic by topic, and then, commit by commit. */
function replayOf({ log, known }: MadeLog, one: Cursor, from: From): readonly Known[] {
  const own = known.filter((each) => lets(one, each));
  switch (from.kind) {
    case "earliest":
      return own;
    case "time":
      return own.filter(({ time }) => time >= from.time);
    case "sequence":
      return own.filter(({ sequence }) => sequence >= from.sequence);
    case "last": {
      const { count, asOf = Infinity } = from;
      const first = [...log.matching("#>").after(0)].sort(([a], [b]) => a - b).flatMap(([, name]) => {
        const then = known.filter(({ topic, time }) => topic === name && time < asOf);
        const newest = then.at(-1)?.sequence ?? 0;
        return then.filter((each) => each.sequence > newest - count && lets(one, each));
      });
      return [...first, ...own.filter(({ time }) => time >= asOf)];
    }
  }
}

Deno.test("a replay that begins where it is told to brings all that is left from there on", () => {
  fc.assert(
    fc.property(madeLog, fc.tuple(pattern, reception), from, to, how, (made, of, from, to, how) => {
      const [pattern, reception] = of;
      const { log, known } = made;
      const { most, now } = how;
      bothOf(made, (view) => {
        const found = seek(view, pattern, { from, to, now, reception });
        assert(found.kind === "found");
        const { first, cursor, trimmedTo, ahead, deleted } = found;
        const all = { pattern, after: 0, sequence: 0, time: 0, to, reception };
        const expected = replayOf(made, all, from).filter(({ expires }) => now < expires);
        const rest = readAll(view, [cursor], { known, most, now });
        assertEquals([...shown(messagesOf(first)), ...rest.messages], shown(expected));
        assertEquals(deleted, log.deleted);
        const own = [...log.matching(pattern).after(0)].filter(([, name]) => admits(all, name));
        const sequence = from.kind === "sequence" ? from.sequence : 0;
        const floor = own[0] === undefined ? 0 : log.topicOf(own[0][0]).floor;
        const isTrimmed = !/[*>]/.test(pattern) && sequence >= 1 && floor > sequence;
        assertEquals(trimmedTo, isTrimmed ? floor : undefined);
        const last = Math.max(
          0,
          ...own.map(([id, name]) =>
            known.filter(({ topic }) => topic === name).at(-1)?.sequence ?? log.topicOf(id).floor - 1
          ),
        );
        assertEquals(ahead, sequence > last + 1 ? last : undefined);
      });
    }),
    { numRuns: 300 },
  );
});

Deno.test("the last of each topic come in pages of any size, as of one batch, and end where they are told to", () => {
  fc.assert(
    fc.property(
      madeLog,
      cursor,
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom(1, 60, 10_000),
      (made, one, count, most) => {
        const { log, known } = made;
        const now = 104;
        const { pattern, to, reception, sequence } = one;
        const after = Math.min(log.last, 6);
        bothOf(made, (view) => {
          const messages: string[] = [];
          let at: Cursor = {
            ...{ pattern, after, sequence, time: 0, to, reception },
            last: { count, topic: 0, sequence: 0 },
          };
          for (let reads = 0; at.last !== undefined; reads++) {
            assert(reads < 300, "reading goes on");
            const { page, cursors, ends, deleted } = read(view, [at], { most, now });
            assertEquals([ends, deleted], [["none"], view.deleted]);
            messages.push(...shown(messagesOf(page)));
            at = cursors[0]!;
            checkSize(page, { most, end: at.last === undefined, known });
          }
          assertEquals(at, { pattern, after, sequence, time: 0, to, reception });
          const expected = [...log.matching(pattern).after(0)].sort(([a], [b]) => a - b).flatMap(
            ([, name]) => {
              const then = known.filter(({ topic, batch }) => topic === name && batch <= after);
              const newest = then.at(-1)?.sequence ?? 0;
              return then.filter((each) =>
                each.sequence > newest - count && lets({ ...one, after: 0, time: 0 }, each) &&
                now < each.expires
              );
            },
          );
          assertEquals(messages, shown(expected));
        });
      },
    ),
    { numRuns: 200 },
  );
});
