/**
 * Where a replay begins: the same for every kind of log.
 *
 * @module
 */
import { REPLAY_PAGE_LEAST } from "../../limits.ts";
import { isPattern } from "../../topics/topic.ts";
import type { Cursor, ReplayRange, SeekOutcome } from "../types.ts";
import { firstAfter, firstSince, nextSequence } from "./find.ts";
import { readLast } from "./last.ts";
import type { LogView } from "./view.ts";

type Beginning = Extract<SeekOutcome, { kind: "found" }>;

/** What is asked for, and as of when. */
export interface SeekRange extends ReplayRange {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The last batch that is taken to be there (the last there is). */
  readonly upTo?: number | undefined;
}

/** Finds where a replay begins. `now`: milliseconds since 1970. Throws DamageError. */
export function seek(
  view: LogView,
  pattern: string,
  { from, to, now, upTo = Infinity }: SeekRange,
): Beginning {
  const begin = { pattern, after: 0, sequence: 0, time: 0, to };
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
      return seekSequence(view, { ...begin, sequence: from.sequence });
  }
}

function seekSequence(view: LogView, cursor: Cursor): Beginning {
  const { pattern, sequence } = cursor;
  const topics = view.matching(pattern);
  let after = view.last;
  let found = false;
  let trimmedTo: number | undefined;
  for (const id of topics.keys()) {
    const ref = firstAfter(view, id, sequence);
    if (ref !== undefined) {
      found = true;
      after = Math.min(after, ref.id - 1);
    }
    if (isPattern(pattern)) continue;
    const { floor } = view.topicOf(id);
    if (sequence >= 1 && floor > sequence) trimmedTo = floor;
  }
  let newest = found ? Infinity : 0;
  if (!found) { for (const id of topics.keys()) newest = Math.max(newest, nextSequence(view, id) - 1); }
  const ahead = sequence > newest + 1 ? newest : undefined;
  return { ...beginningAt(view, { ...cursor, after }), trimmedTo, ahead };
}

function beginningAt({ deleted }: LogView, cursor: Cursor): Beginning {
  const first = { bytes: new Uint8Array(0), messages: 0 };
  return { kind: "found", cursor, first, trimmedTo: undefined, ahead: undefined, deleted };
}
