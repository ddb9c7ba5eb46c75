/**
 * Where replays begin and how they go on: the same for every kind of log.
 *
 * @module
 */
import { isPattern } from "../../topics/topic.ts";
import {
  type Batch,
  DamageError,
  endOf,
  type Expected,
  type LogView,
  type Place,
  type TopicRow,
} from "./view.ts";
import { PageBuilder } from "./page_builder.ts";
import { firstAfter, firstSince, startOf } from "./find.ts";
import type { Cursor, From, ReadOutcome, SeekOutcome, To } from "../types.ts";

/** Bytes of a page of latest messages. */
const LATEST_PAGE_BYTES = 1024 * 1024;
/** Batches looked at together while those of other topics are passed over. */
const SCAN_PLACES = 256;
/** Batches passed in one read at most, wanted or not, so that it does not keep other reads waiting. */
const STEPS_MOST = 20_000;

type End = "none" | "caught up" | "past to";
type Found = Extract<SeekOutcome, { kind: "found" }>;
type Read = Extract<ReadOutcome, { kind: "page" }>;

/** What is asked of {@link seek}. */
export interface Range {
  readonly from: From;
  readonly to: To | undefined;
}

/** Finds where a replay begins. Throws DamageError. */
export function seek(
  view: LogView,
  pattern: string,
  { from, to, now }: Range & { readonly now: number },
): Found {
  const begin = { pattern, after: 0, sequence: 0, time: 0, to };
  switch (from.kind) {
    case "earliest":
      return found(begin);
    case "latest": {
      const { page, cursor } = readLatest(view, { ...begin, after: view.last, latest: 0 }, {
        most: LATEST_PAGE_BYTES,
        now,
      });
      return { ...found(cursor), first: page };
    }
    case "time":
      return found({ ...begin, after: firstSince(view, from.time) - 1, time: from.time });
    case "sequence":
      return seekSequence(view, { ...begin, sequence: from.sequence });
  }
}

/** Reads on from a cursor. `now`: milliseconds since 1970. Throws DamageError where nothing can be read before the damage. */
export function read(view: LogView, cursor: Cursor, { most, now }: { most: number; now: number }): Read {
  if (cursor.latest !== undefined) return readLatest(view, cursor, { most, now });
  const page = new PageBuilder(now);
  let place: Cursor = cursor;
  let end: End = "none";
  let steps = 0;
  const step = isPattern(cursor.pattern) ? scan : follow;
  try {
    for (const [at, ended] of step(view, cursor, page)) {
      place = at;
      end = ended;
      if (end !== "none" || page.length >= most || ++steps >= STEPS_MOST) break;
    }
  } catch (error) {
    // what lies before the damage is given first; the next call begins with it
    if (!(error instanceof DamageError) || page.messages === 0) throw error;
  }
  if (end === "caught up" && cursor.to?.kind === "time" && now > cursor.to.time) end = "past to";
  return { kind: "page", page: page.build(), cursor: place, end };
}

type Step = readonly [Cursor, End];

/** One topic, by its own order. */
function* follow(view: LogView, cursor: Cursor, page: PageBuilder): Generator<Step> {
  const topic = view.topicNamed(cursor.pattern);
  const range = rangeOf(cursor);
  let at = cursor;
  const start = topic === undefined ? undefined : startOf(view, topic, cursor);
  let batch = start === undefined ? undefined : view.load(start);
  while (topic !== undefined && batch !== undefined) {
    if (batch.first >= range.end || batch.time > range.until) return yield [at, "past to"];
    if (batch.time >= cursor.time) page.add(topic.name, batch, range);
    const sequence = endOf(batch);
    at = { ...at, after: batch.id, sequence };
    if (sequence >= range.end) return yield [at, "past to"];
    yield [at, "none"];
    batch = view.loadNext(topic.id, sequence);
    if (batch !== undefined && batch.first !== sequence) throw missing(topic, sequence, batch.first);
  }
  yield [{ ...at, after: Math.max(at.after, view.last) }, "caught up"];
}

/** Many topics, in commit order. */
function* scan(view: LogView, cursor: Cursor, page: PageBuilder): Generator<Step> {
  const { pattern } = cursor;
  const topics = view.matching(pattern);
  const range = rangeOf(cursor);
  const expected = view.scans.take(pattern, cursor.after);
  let at = cursor;
  let seen = at.after;
  try {
    for (
      const place of 2 * topics.size >= view.topics ? view.batchesFollowing(at.after) : places(view, at.after)
    ) {
      if (place.id <= at.after) throw new DamageError(`batch ${place.id} is not where it belongs`);
      const next = { ...at, after: place.id };
      const name = topics.get(place.topic);
      if (name !== undefined) {
        seen = place.id;
        checkOrder(view, place, { after: cursor.after, expected });
        if (endOf(place) > range.from && place.first < range.end) {
          const batch = "bytes" in place ? place : view.load(place);
          if (batch.time > range.until) return yield [at, "past to"];
          if (batch.time >= cursor.time) page.add(name, batch, range);
        }
      }
      at = next;
      yield [at, "none"];
    }
    const done = range.end < Infinity && topics.size > 0 &&
      [...topics.keys()].every((topic) => nextOf(view, topic) >= range.end);
    at = { ...at, after: Math.max(at.after, view.last) };
    yield [at, done ? "past to" : "caught up"];
  } finally {
    // not where it stopped at a batch that it does not give
    if (seen <= at.after) view.scans.keep(expected, { pattern, after: at.after });
  }
}

/** The places behind a batch, a few at a time: where most batches are passed over their bytes need not be read. */
function* places(view: LogView, after: number): Generator<Place | Batch> {
  for (let at = after;;) {
    const some = view.following(at, SCAN_PLACES);
    yield* some;
    if (some.length < SCAN_PLACES) return;
    at = some.at(-1)!.id;
  }
}

/** Throws unless the place is where its topic goes on. `expected`: what is known of the batches up to it. */
function checkOrder(
  view: LogView,
  place: Place,
  { after, expected }: { readonly after: number; readonly expected: Expected },
): void {
  const known = expected.get(place.topic);
  expected.set(place.topic, endOf(place));
  if (known === place.first) return;
  const before = view.holding(place.topic, place.first - 1);
  // the first of its topic: the one before it lies before this reading
  const follows = known === undefined && before !== undefined && endOf(before) === place.first;
  if (follows && before.id <= after) return;
  // or all before it was deleted, perhaps since the reading before this one
  const topic = view.topicOf(place.topic);
  if (before === undefined && topic.floor === place.first) return;
  throw missing(topic, known ?? (before === undefined ? topic.floor : endOf(before)), place.first);
}

/** The newest message of each topic, a page at a time; as of the batch the cursor is after. */
function readLatest(view: LogView, cursor: Cursor, { most, now }: { most: number; now: number }): Read {
  const { latest = 0, ...rest } = cursor;
  const page = new PageBuilder(now);
  for (const [id, name] of view.matching(cursor.pattern)) {
    if (id <= latest) continue;
    let place = view.holding(id, Infinity);
    while (place !== undefined && place.id > cursor.after) place = view.holding(id, place.first - 1);
    if (place === undefined) continue;
    const sequence = endOf(place) - 1;
    const { from, end } = rangeOf(cursor);
    if (sequence >= from && sequence < end) {
      page.add(name, view.load(place), { from: sequence, end: sequence + 1 });
    }
    if (page.length >= most) {
      return { kind: "page", page: page.build(), cursor: { ...rest, latest: id }, end: "none" };
    }
  }
  return { kind: "page", page: page.build(), cursor: rest, end: "none" };
}

function seekSequence(view: LogView, cursor: Cursor): Found {
  const { pattern, sequence } = cursor;
  let after = view.last;
  let trimmedTo: number | undefined;
  for (const id of view.matching(pattern).keys()) {
    const place = firstAfter(view, id, sequence);
    if (place !== undefined) after = Math.min(after, place.id - 1);
    if (isPattern(pattern)) continue;
    const { floor } = view.topicOf(id);
    if (sequence >= 1 && floor > sequence) trimmedTo = floor;
  }
  return { ...found({ ...cursor, after }), trimmedTo };
}

function found(cursor: Cursor): Found {
  const first = { bytes: new Uint8Array(0), messages: 0 };
  return { kind: "found", cursor, first, trimmedTo: undefined };
}

/** The sequence numbers and the times a cursor lets through. */
function rangeOf({ sequence, to }: Cursor): { from: number; end: number; until: number } {
  return {
    from: sequence,
    end: to?.kind === "sequence" ? to.sequence + 1 : Infinity,
    until: to?.kind === "time" ? to.time : Infinity,
  };
}

/** The sequence number the next message of a topic gets. */
function nextOf(view: LogView, topic: number): number {
  const newest = view.holding(topic, Infinity);
  return newest === undefined ? view.topicOf(topic).floor : endOf(newest);
}

function missing(topic: TopicRow, from: number, to: number): DamageError {
  return new DamageError(`of ${topic.name} the messages ${from} to ${to - 1} are missing`);
}
