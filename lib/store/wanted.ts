/**
 * Which messages of a batch cursors let through, each once.
 *
 * @module
 */
import { receives } from "../topics/reception.ts";
import { matches } from "../topics/topic.ts";
import type { Cursor, Had } from "./types.ts";
import { boundsOf, type SequenceBounds } from "./log/bounds.ts";

/** A batch as far as it matters here. */
export interface Placed {
  readonly id: number;
  readonly first: number;
  readonly count: number;
  readonly time: number;
}

/** Whether a cursor lets any message of a topic through that its pattern takes in. */
export function admits({ reception }: Pick<Cursor, "reception">, topic: string): boolean {
  return reception === undefined || receives(reception, topic);
}

const NOTHING: readonly SequenceBounds[] = [];

/**
 * The sequence numbers of a batch of `topic` that any of the cursors still lets through: they all take the
 * topic in, and what is theirs of it lies behind where they are.
 */
export function wantedOf(
  cursors: readonly Cursor[],
  topic: string,
  batch: Placed,
): readonly SequenceBounds[] {
  const [only] = cursors;
  if (cursors.length === 1 && only !== undefined && (only.had ?? NOTHING).length === 0) {
    return batch.id <= only.after || !admits(only, topic) ? NOTHING : within(only, batch);
  }
  let all = NOTHING;
  for (const cursor of cursors) {
    if (batch.id <= cursor.after || !admits(cursor, topic)) continue;
    let own = within(cursor, batch);
    for (const had of cursor.had ?? []) {
      if (own.length === 0) break;
      if (batch.id <= had.since || batch.id > had.until || !matches(had.pattern, topic)) continue;
      for (const range of within(had, batch)) own = without(own, range);
    }
    all = all.length === 0 ? own : [...all, ...all.reduce(without, own)];
    if (all.length === 1 && all[0]!.end - all[0]!.from === batch.count) return all;
  }
  return all.length < 2 ? all : [...all].sort((one, other) => one.from - other.from);
}

function within(bounds: Pick<Cursor | Had, "sequence" | "time" | "to">, batch: Placed): SequenceBounds[] {
  const { from: least, end: most, until } = boundsOf(bounds);
  if (batch.time < bounds.time || batch.time > until) return [];
  const from = Math.max(least, batch.first);
  const end = Math.min(most, batch.first + batch.count);
  return from < end ? [{ from, end }] : [];
}

function without(ranges: readonly SequenceBounds[], { from, end }: SequenceBounds): SequenceBounds[] {
  return ranges.flatMap((range) => {
    const before = { from: range.from, end: Math.min(range.end, from) };
    const behind = { from: Math.max(range.from, end), end: range.end };
    return [before, behind].filter((left) => left.from < left.end);
  });
}
