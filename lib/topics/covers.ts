/**
 * What patterns have of each other.
 *
 * @module
 */
import { segmentsOf } from "./topic.ts";

/** Whether a canonical pattern takes in every topic that another one does. */
export function covers(pattern: string, other: string): boolean {
  const wide = segmentsOf(pattern);
  const narrow = segmentsOf(other);
  for (let at = 0; at < wide.length; at++) {
    if (at >= narrow.length) return false;
    if (wide[at] === ">") return true;
    if (narrow[at] === ">") return false;
    if (wide[at] !== "*" && wide[at] !== narrow[at]) return false;
  }
  return wide.length === narrow.length;
}

/** The pattern of the topics that both canonical patterns take in; undefined: there are none. */
export function intersection(one: string, other: string): string | undefined {
  const left = segmentsOf(one);
  const right = segmentsOf(other);
  const both: string[] = [];
  for (let at = 0; at < left.length || at < right.length; at++) {
    const [mine, theirs] = [left[at], right[at]];
    if (mine === undefined || theirs === undefined) return undefined;
    if (mine === ">") return `#${[...both, ...right.slice(at)].join(".")}`;
    if (theirs === ">") return `#${[...both, ...left.slice(at)].join(".")}`;
    if (mine !== "*" && theirs !== "*" && mine !== theirs) return undefined;
    both.push(mine === "*" ? theirs : mine);
  }
  return `#${both.join(".")}`;
}
