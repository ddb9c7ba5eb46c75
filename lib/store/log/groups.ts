/**
 * What groups have before them.
 *
 * @module
 */
import { readRanges } from "../../sequence_ranges.ts";
import type { GroupMark, GroupName, GroupState } from "../types.ts";
import { DamageError } from "./damage.ts";
import { nextSequence, startOf } from "./find.ts";
import type { LogView } from "./view.ts";

/** A group as it stands. Throws DamageError. */
export function groupState(view: LogView, { name, pattern }: GroupName, mark: GroupMark): GroupState {
  const { after, sequence, topics } = mark;
  const settled = new Map(topics.map((one) => [one.topic, one.settled]));
  let lag = 0;
  let oldest: number | undefined;
  for (const [id, topic] of view.matching(pattern)) {
    const start = startOf(view, view.topicOf(id), { after, sequence });
    if (start === undefined) continue;
    const from = Math.max(start.first, sequence);
    const ranges = readRanges(settled.get(topic) ?? "");
    if (ranges === undefined) {
      throw new DamageError(`what group ${name} of ${pattern} has settled cannot be read`);
    }
    const open = ranges.without(from, nextSequence(view, id));
    for (const range of open) lag += range.end - range.from;
    const first = open[0] === undefined ? undefined : view.holding(id, open[0].from);
    const time = first === undefined ? undefined : view.timeAt(first.id)?.time;
    if (time !== undefined) oldest = Math.min(oldest ?? time, time);
  }
  return { name, pattern, lag, oldest };
}
