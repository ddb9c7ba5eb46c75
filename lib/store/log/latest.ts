/**
 * The newest message of each topic.
 *
 * @module
 */
import type { Cursor } from "../types.ts";
import { boundsOf } from "./bounds.ts";
import { type HowMuch, PageBuilder, type PageRead } from "./page_builder.ts";
import { endOf, type LogView } from "./view.ts";

/**
 * A page of them, as of the batch the cursor is after; the cursor it gives says in `latest` how far it got.
 */
export function readLatest(view: LogView, cursor: Cursor, { most, now }: HowMuch): PageRead {
  const { latest = 0, ...rest } = cursor;
  const { from, end } = boundsOf(cursor);
  const page = new PageBuilder(now);
  for (const [id, name] of view.matching(cursor.pattern)) {
    if (id <= latest) continue;
    let ref = view.holding(id, Infinity);
    while (ref !== undefined && ref.id > cursor.after) ref = view.holding(id, ref.first - 1);
    if (ref === undefined) continue;
    const sequence = endOf(ref) - 1;
    if (sequence >= from && sequence < end) {
      page.add(name, view.load(ref), { from: sequence, end: sequence + 1 });
    }
    if (page.length >= most) {
      return { kind: "page", page: page.build(), cursor: { ...rest, latest: id }, end: "none" };
    }
  }
  return { kind: "page", page: page.build(), cursor: rest, end: "none" };
}
