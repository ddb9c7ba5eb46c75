/**
 * The narrowest few patterns that take in what several do.
 *
 * @module
 */
import { covers } from "../../../topics/covers.ts";
import { overlap } from "../../../topics/overlap.ts";
import { segmentsOf } from "../../../topics/topic.ts";

/** Patterns that take in all that the others do, no two with a topic in common; at most so many. */
export function narrow(patterns: Iterable<string>, most: number): readonly string[] {
  let all: string[] = [];
  for (const pattern of patterns) {
    let joined = pattern;
    // one that is joined with another may reach what neither did
    for (let near = nearTo(all, joined); near !== undefined; near = nearTo(all, joined)) {
      all = all.filter((each) => each !== near);
      joined = covers(near, joined) ? near : covers(joined, near) ? joined : joinOf(near, joined);
    }
    all.push(joined);
  }
  return all.length <= most ? all : [all.reduce(joinOf)];
}

function nearTo(all: readonly string[], pattern: string): string | undefined {
  return all.find((each) => overlap(each, pattern));
}

/** The narrowest pattern that takes in what both do, as far as one can be told by their segments. */
function joinOf(one: string, other: string): string {
  const [left, right] = [segmentsOf(one), segmentsOf(other)];
  const isAlike = left.length === right.length && left.at(-1) !== ">" && right.at(-1) !== ">";
  // a `>` takes in one segment at least
  const common = isAlike ? left.length : Math.min(left.length, right.length) - 1;
  const segments: string[] = [];
  for (let at = 0; at < common; at++) segments.push(left[at] === right[at] ? left[at]! : "*");
  return `#${[...segments, ...(isAlike ? [] : [">"])].join(".")}`;
}
