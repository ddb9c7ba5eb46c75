/**
 * How a replay goes on from a cursor: the same for every kind of log.
 *
 * @module
 */
import { isPattern } from "../../topics/topic.ts";
import type { Cursor } from "../types.ts";
import { boundsOf } from "./bounds.ts";
import { DamageError, misplaced, missing } from "./damage.ts";
import { nextSequence, startOf } from "./find.ts";
import { readLast } from "./last.ts";
import { type HowMuch, PageBuilder, type PageRead } from "./page_builder.ts";
import type { Expected } from "./replay_memory.ts";
import { type Batch, type BatchRef, endOf, type LogView } from "./view.ts";

/** Batches read together, without their bytes, while those of other topics are passed over. */
const REFS_READ = 256;
/** Batches passed in one read at most, wanted or not, so that it does not keep other reads waiting. */
const STEPS_MOST = 20_000;

type End = PageRead["end"];

/** Reads on from a cursor. Throws DamageError where nothing can be read before the damage. */
export function read(view: LogView, cursor: Cursor, { most, now }: HowMuch): PageRead {
  if (cursor.last !== undefined) return readLast(view, cursor, { most, now });
  const page = new PageBuilder(now);
  let reached: Cursor = cursor;
  let end: End = "none";
  let count = 0;
  const steps = isPattern(cursor.pattern) ? stepsOfPattern : stepsOfTopic;
  try {
    for (const [at, ended] of steps(view, cursor, page)) {
      reached = at;
      end = ended;
      if (end !== "none" || page.length >= most || ++count >= STEPS_MOST) break;
    }
  } catch (error) {
    // what lies before the damage is given first; the next call begins with it
    if (!(error instanceof DamageError) || page.messages === 0) throw error;
  }
  if (end === "caught up" && cursor.to?.kind === "time" && now > cursor.to.time) end = "past to";
  return { kind: "page", page: page.build(), cursor: reached, end };
}

/** A batch further: where the replay has come to, and whether it ends there. */
type Step = readonly [Cursor, End];

/** One topic, by its own order. */
function* stepsOfTopic(view: LogView, cursor: Cursor, page: PageBuilder): Generator<Step> {
  const topic = view.topicNamed(cursor.pattern);
  const bounds = boundsOf(cursor);
  let at = cursor;
  const start = topic === undefined ? undefined : startOf(view, topic, cursor);
  let batch = start === undefined ? undefined : view.load(start);
  while (topic !== undefined && batch !== undefined) {
    if (batch.first >= bounds.end || batch.time > bounds.until) return yield [at, "past to"];
    if (batch.time >= cursor.time) page.add(topic.name, batch, bounds);
    const sequence = endOf(batch);
    at = { ...at, after: batch.id, sequence };
    if (sequence >= bounds.end) return yield [at, "past to"];
    yield [at, "none"];
    batch = view.loadNext(topic.id, sequence);
    if (batch !== undefined && batch.first !== sequence) throw missing(topic.name, sequence, batch.first);
  }
  const done = topic !== undefined && nextSequence(view, topic.id) >= bounds.end;
  yield [{ ...at, after: Math.max(at.after, view.last) }, done ? "past to" : "caught up"];
}

/** Many topics, in commit order. */
function* stepsOfPattern(view: LogView, cursor: Cursor, page: PageBuilder): Generator<Step> {
  const { pattern } = cursor;
  const topics = view.matching(pattern);
  const bounds = boundsOf(cursor);
  const expected = view.replays.take(pattern, cursor.after);
  let at = cursor;
  let seen = at.after;
  const wantsMost = 2 * topics.size >= view.topics;
  try {
    for (const ref of wantsMost ? view.batchesAfter(at.after) : refsAfter(view, at.after)) {
      if (ref.id <= at.after) throw misplaced(ref.id);
      const next = { ...at, after: ref.id };
      const name = topics.get(ref.topic);
      if (name !== undefined) {
        seen = ref.id;
        checkOrder(view, ref, { after: cursor.after, expected });
        if (endOf(ref) > bounds.from && ref.first < bounds.end) {
          const batch = "bytes" in ref ? ref : view.load(ref);
          if (batch.time > bounds.until) return yield [at, "past to"];
          if (batch.time >= cursor.time) page.add(name, batch, bounds);
        }
      }
      at = next;
      yield [at, "none"];
    }
    const done = bounds.end < Infinity && topics.size > 0 &&
      [...topics.keys()].every((topic) => nextSequence(view, topic) >= bounds.end);
    at = { ...at, after: Math.max(at.after, view.last) };
    yield [at, done ? "past to" : "caught up"];
  } finally {
    // not where it stopped at a batch that it does not give
    if (seen <= at.after) view.replays.keep(expected, { pattern, after: at.after });
  }
}

/** The batches behind one, a few at a time: where most are passed over their bytes need not be read. */
function* refsAfter(view: LogView, after: number): Generator<BatchRef | Batch> {
  for (let at = after;;) {
    const some = view.refsAfter(at, REFS_READ);
    yield* some;
    if (some.length < REFS_READ) return;
    at = some.at(-1)!.id;
  }
}

/** Throws unless its topic goes on with this batch. `expected`: what is known of the batches up to it. */
function checkOrder(
  view: LogView,
  ref: BatchRef,
  { after, expected }: { readonly after: number; readonly expected: Expected },
): void {
  const known = expected.get(ref.topic);
  expected.set(ref.topic, endOf(ref));
  if (known === ref.first) return;
  const before = view.holding(ref.topic, ref.first - 1);
  // the first of its topic: the one before it was read before this call
  const follows = known === undefined && before !== undefined && endOf(before) === ref.first;
  if (follows && before.id <= after) return;
  // or all before it was trimmed, perhaps since the call before this one
  const topic = view.topicOf(ref.topic);
  if (before === undefined && topic.floor === ref.first) return;
  throw missing(topic.name, known ?? (before === undefined ? topic.floor : endOf(before)), ref.first);
}
