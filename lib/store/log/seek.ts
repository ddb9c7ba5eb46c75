/**
 * Where a replay begins: the same for every kind of log.
 *
 * @module
 */
import { REPLAY_PAGE_BYTES } from "../../limits.ts";
import { isPattern } from "../../topics/topic.ts";
import type { Cursor, ReplayRange, SeekOutcome } from "../types.ts";
import { firstAfter, firstSince } from "./find.ts";
import { readLatest } from "./latest.ts";
import type { LogView } from "./view.ts";

type Beginning = Extract<SeekOutcome, { kind: "found" }>;

/** Finds where a replay begins. `now`: milliseconds since 1970. Throws DamageError. */
export function seek(
  view: LogView,
  pattern: string,
  { from, to, now }: ReplayRange & { readonly now: number },
): Beginning {
  const begin = { pattern, after: 0, sequence: 0, time: 0, to };
  switch (from.kind) {
    case "earliest":
      return beginningAt(begin);
    case "latest": {
      const newest = { ...begin, after: view.last, latest: 0 };
      const { page, cursor } = readLatest(view, newest, { most: REPLAY_PAGE_BYTES, now });
      return { ...beginningAt(cursor), first: page };
    }
    case "time":
      return beginningAt({ ...begin, after: firstSince(view, from.time) - 1, time: from.time });
    case "sequence":
      return seekSequence(view, { ...begin, sequence: from.sequence });
  }
}

function seekSequence(view: LogView, cursor: Cursor): Beginning {
  const { pattern, sequence } = cursor;
  let after = view.last;
  let trimmedTo: number | undefined;
  for (const id of view.matching(pattern).keys()) {
    const ref = firstAfter(view, id, sequence);
    if (ref !== undefined) after = Math.min(after, ref.id - 1);
    if (isPattern(pattern)) continue;
    const { floor } = view.topicOf(id);
    if (sequence >= 1 && floor > sequence) trimmedTo = floor;
  }
  return { ...beginningAt({ ...cursor, after }), trimmedTo };
}

function beginningAt(cursor: Cursor): Beginning {
  const first = { bytes: new Uint8Array(0), messages: 0 };
  return { kind: "found", cursor, first, trimmedTo: undefined };
}
