/**
 * Where a replay begins: the same for every kind of log.
 *
 * @module
 */
import { REPLAY_PAGE_LEAST } from "../../limits.ts";
import { isPattern } from "../../topics/topic.ts";
import type { Cursor, SeekOutcome, SeekPlace, SeekRange } from "../types.ts";
import { admits } from "../wanted.ts";
import { firstAfter, firstSince, nextSequence } from "./find.ts";
import { readLast } from "./last.ts";
import type { LogView } from "./view.ts";

type Beginning = Extract<SeekOutcome, { kind: "found" }>;

/** Topics that are looked at in one call at most, so that it does not keep other reads waiting. */
const TOPICS_MOST = 2000;

/** Finds where a replay begins. `now`: milliseconds since 1970. Throws DamageError. */
export function seek(
  view: LogView,
  pattern: string,
  { from, to, now, upTo = Infinity, place, reception }: SeekRange & { readonly now: number },
): Exclude<SeekOutcome, { kind: "failed" }> {
  const begin = { pattern, after: 0, sequence: 0, time: 0, to, reception };
  switch (from.kind) {
    case "earliest":
      return beginningAt(view, begin);
    case "last": {
      const { count, asOf } = from;
      const after = Math.min(upTo, asOf === undefined ? view.last : firstSince(view, asOf) - 1);
      const newest = { ...begin, after, last: { count, topic: 0, sequence: 0 } };
      const { page, cursors } = readLast(view, newest, { most: REPLAY_PAGE_LEAST, now });
      return { ...beginningAt(view, cursors[0]!), first: page };
    }
    case "time":
      return beginningAt(view, { ...begin, after: firstSince(view, from.time) - 1, time: from.time });
    case "sequence":
      return seekSequence(view, { ...begin, sequence: from.sequence }, place);
  }
}

function seekSequence(
  view: LogView,
  cursor: Cursor,
  place: SeekPlace | undefined,
): Beginning | Extract<SeekOutcome, { kind: "searching" }> {
  const { pattern, sequence } = cursor;
  const { deleted } = view;
  let { topic, after, found, newest } = place ?? { topic: 0, after: view.last, found: false, newest: 0 };
  let trimmedTo: number | undefined;
  let looked = 0;
  for (const [id, name] of view.matching(pattern).after(topic)) {
    if (++looked > TOPICS_MOST) {
      return {
        kind: "searching",
        place: { topic, after, found, newest, deleted: place?.deleted ?? deleted },
      };
    }
    topic = id;
    if (!admits(cursor, name)) continue;
    const ref = firstAfter(view, id, sequence);
    if (ref !== undefined) {
      found = true;
      after = Math.min(after, ref.id - 1);
    } else if (!found) {
      newest = Math.max(newest, nextSequence(view, id) - 1);
    }
    if (isPattern(pattern)) continue;
    const { floor } = view.topicOf(id);
    if (sequence >= 1 && floor > sequence) trimmedTo = floor;
  }
  const ahead = !found && sequence > newest + 1 ? newest : undefined;
  const beginning = beginningAt(view, { ...cursor, after });
  return { ...beginning, trimmedTo, ahead, deleted: place?.deleted ?? deleted };
}

function beginningAt({ deleted }: LogView, cursor: Cursor): Beginning {
  const first = { bytes: new Uint8Array(0), messages: 0 };
  return { kind: "found", cursor, first, trimmedTo: undefined, ahead: undefined, deleted };
}
