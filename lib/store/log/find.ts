/**
 * Finding batches by sequence number, by time and by commit order. Within a topic all three grow together.
 *
 * @module
 */
import { DamageError, endOf, type LogView, type Place, type TopicRow } from "./view.ts";
import type { Cursor } from "../types.ts";

/** Of a topic, the batch that holds a sequence number or, where none does, the first behind it. */
export function firstAfter(view: LogView, topic: number, sequence: number): Place | undefined {
  const place = view.holding(topic, sequence);
  return place !== undefined && endOf(place) > sequence ? place : view.next(topic, sequence);
}

/** Of a topic, the first batch a cursor lets through. Throws DamageError where one before it is missing. */
export function startOf(view: LogView, topic: TopicRow, { after, sequence }: Cursor): Place | undefined {
  const wanted = Math.max(sequence, topic.floor);
  const place = firstAfter(view, topic.id, wanted);
  if (place === undefined) return undefined;
  if (place.first > wanted) {
    throw new DamageError(`of ${topic.name} the messages ${wanted} to ${place.first - 1} are missing`);
  }
  return place.id > after ? place : firstCommittedAfter(view, place, after);
}

/** The first batch of the place's topic that was committed after a batch, the place's own being no later than that. */
function firstCommittedAfter(view: LogView, place: Place, after: number): Place | undefined {
  const newest = view.holding(place.topic, Infinity);
  if (newest === undefined || newest.id <= after) return undefined;
  let low = endOf(place);
  let high = newest.first;
  while (low < high) {
    const middle = view.holding(place.topic, Math.floor((low + high) / 2));
    if (middle === undefined || endOf(middle) <= low) break;
    if (middle.id > after) high = middle.first;
    else low = endOf(middle);
  }
  return view.next(place.topic, low);
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
