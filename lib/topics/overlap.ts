/**
 * Patterns that have topics in common.
 *
 * @module
 */
import { isPattern, segmentsOf } from "./topic.ts";

/** Whether there may be a topic that both canonical patterns take in. */
export function overlap(one: string, other: string): boolean {
  if (one === other) return true;
  if (!isPattern(one) && !isPattern(other)) return false;
  const left = segmentsOf(one);
  const right = segmentsOf(other);
  for (let at = 0; at < left.length && at < right.length; at++) {
    const [mine, theirs] = [left[at]!, right[at]!];
    if (mine === ">" || theirs === ">") return true;
    if (mine !== "*" && theirs !== "*" && mine !== theirs) return false;
  }
  return left.length === right.length;
}
