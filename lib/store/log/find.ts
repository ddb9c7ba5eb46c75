/**
 * Finding batches by sequence number, by time and by commit order. Within a topic all three grow together.
 *
 * @module
 */
import type { Cursor } from "../types.ts";
import { missing } from "./damage.ts";
import { type BatchRef, endOf, type LogView, type TopicRow } from "./view.ts";

/** Of a topic, the batch that holds a sequence number or, where none does, the first behind it. */
export function firstAfter(view: LogView, topic: number, sequence: number): BatchRef | undefined {
  const ref = view.holding(topic, sequence);
  return ref !== undefined && endOf(ref) > sequence ? ref : view.next(topic, sequence);
}

/** Of a topic, the first batch a cursor lets through. Throws DamageError where one before it is missing. */
export function startOf(
  view: LogView,
  topic: TopicRow,
  { after, sequence }: Pick<Cursor, "after" | "sequence">,
): BatchRef | undefined {
  const wanted = Math.max(sequence, topic.floor);
  const ref = firstAfter(view, topic.id, wanted);
  if (ref === undefined) return undefined;
  if (ref.first > wanted) throw missing(topic.name, wanted, ref.first);
  return ref.id > after ? ref : firstCommittedAfter(view, ref, after);
}

/**
 * The first batch of the same topic that was committed after a batch; the one given was no later than that.
 */
function firstCommittedAfter(view: LogView, ref: BatchRef, after: number): BatchRef | undefined {
  const newest = view.holding(ref.topic, Infinity);
  if (newest === undefined || newest.id <= after) return undefined;
  let low = endOf(ref);
  let high = newest.first;
  while (low < high) {
    const middle = view.holding(ref.topic, Math.floor((low + high) / 2));
    if (middle === undefined || endOf(middle) <= low) break;
    if (middle.id > after) high = middle.first;
    else low = endOf(middle);
  }
  return view.next(ref.topic, low);
}

/** The newest batch of a topic that was committed no later than another; undefined: none was, or is left. */
export function newestUpTo(view: LogView, topic: number, batch: number): BatchRef | undefined {
  const newest = view.holding(topic, Infinity);
  if (newest === undefined || newest.id <= batch) return newest;
  const oldest = view.next(topic, 0);
  if (oldest === undefined || oldest.id > batch) return undefined;
  const behind = firstCommittedAfter(view, oldest, batch);
  return behind === undefined ? newest : view.holding(topic, behind.first - 1);
}

/** The first batch since a time; one past the last where there is none. */
export function firstSince(view: LogView, time: number): number {
  let low = 1;
  let high = view.last + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const there = view.timeAt(middle);
    if (there === undefined || there.time >= time) high = middle;
    else low = there.id + 1;
  }
  return low;
}

/** The sequence number that the next message of a topic had behind a batch. */
export function nextAsOf(view: LogView, topic: number, batch: number): number {
  const newest = newestUpTo(view, topic, batch);
  return newest === undefined ? view.topicOf(topic).floor : endOf(newest);
}

/** The sequence number the next message of a topic gets. */
export function nextSequence(view: LogView, topic: number): number {
  const newest = view.holding(topic, Infinity);
  return newest === undefined ? view.topicOf(topic).floor : endOf(newest);
}
