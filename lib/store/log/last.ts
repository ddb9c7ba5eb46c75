/**
 * The last messages of each topic.
 *
 * @module
 */
import type { Cursor } from "../types.ts";
import { admits } from "../wanted.ts";
import { boundsOf } from "./bounds.ts";
import { DamageError, missing } from "./damage.ts";
import { firstAfter, newestUpTo } from "./find.ts";
import { type HowMuch, PageBuilder, type PageRead } from "./page_builder.ts";
import { endOf, type LogView } from "./view.ts";

/** Batches and topics passed in one read at most, so that it does not keep other reads waiting. */
const STEPS_MOST = 4000;

/**
 * A page of them, as of the batch the cursor is after: topic by topic, each in its own order. The cursor it
 * gives says in `last` how far it got; without that, all have been given. Throws DamageError where nothing
 * can be read before the damage.
 */
export function readLast(view: LogView, cursor: Cursor, { most, now }: HowMuch): PageRead {
  const page = new PageBuilder(now);
  let reached = cursor;
  let count = 0;
  try {
    for (const at of steps(view, cursor, page)) {
      reached = at;
      if (page.length >= most || ++count >= STEPS_MOST) break;
    }
  } catch (error) {
    // what lies before the damage is given first; the next call begins with it
    if (!(error instanceof DamageError) || page.messages === 0) throw error;
  }
  return { kind: "page", page: page.build(), cursors: [reached], ends: ["none"], deleted: view.deleted };
}

/** A batch or a topic further: where it has come to. */
function* steps(view: LogView, cursor: Cursor, page: PageBuilder): Generator<Cursor> {
  const { last, ...rest } = cursor;
  if (last === undefined) return;
  const bounds = boundsOf(cursor);
  for (const [id, name] of view.matching(cursor.pattern).after(last.topic - 1)) {
    const newest = admits(cursor, name) ? newestUpTo(view, id, cursor.after) : undefined;
    if (newest !== undefined) {
      const given = id === last.topic ? last.sequence : 0;
      const from = Math.max(endOf(newest) - last.count, bounds.from, given);
      const end = Math.min(endOf(newest), bounds.end);
      let ref = from < end ? firstAfter(view, id, from) : undefined;
      for (let expected = from; ref !== undefined && ref.first < end; ref = view.next(id, expected)) {
        // what lies before the first that is left was trimmed, perhaps since the call before this one
        if (ref.first > expected && view.topicOf(id).floor !== ref.first) {
          throw missing(name, expected, ref.first);
        }
        const batch = view.load(ref);
        if (batch.time > bounds.until) break;
        page.add(name, batch, { from, end });
        expected = endOf(ref);
        yield { ...rest, last: { ...last, topic: id, sequence: expected } };
        if (expected >= end) break;
      }
    }
    yield { ...rest, last: { ...last, topic: id + 1, sequence: 0 } };
  }
  yield rest;
}
