/**
 * What stands in patterns for who comes (A7): `{user}`, an account's name, and `{id}`, what a client calls
 * itself.
 *
 * A value is one segment of a topic and no wildcard, which is looked at before it is put in: what peers call
 * themselves widens no pattern.
 *
 * @module
 */
import { quote } from "../text.ts";
import { segmentProblem } from "../topics/segment.ts";
import { parsePattern } from "../topics/topic.ts";

const USER = /\{user\}/g;
const ID = /\{id\}/g;
/** Bytes of an id that is put in. */
const ID_BYTES_MOST = 128;

/** The pattern with `{user}` filled in; the name was looked at. */
export function withUser(pattern: string, name: string): string {
  return pattern.replace(USER, () => name);
}

/** Whether an id is to be filled in. */
export function usesId(pattern: string): boolean {
  return pattern.search(ID) >= 0;
}

/** What is wrong with a pattern in which `{id}` may stand, a clause for a person; undefined: nothing. */
export function patternProblem(pattern: string, topicMost: number): string | undefined {
  const filled = pattern.replace(ID, "x");
  if (/[{}]/.test(filled)) {
    return `${quote(pattern)} has a "{" or "}" that is not of {id} or {user}`;
  }
  const parsed = parsePattern(filled, topicMost);
  return "problem" in parsed ? parsed.problem : undefined;
}

/**
 * The patterns with an id filled in; undefined: the id cannot stand there, or makes one of them too long. A
 * pattern that denies must not be left out, so none is.
 */
export function withId(
  patterns: readonly string[],
  id: string,
  topicMost: number,
): readonly string[] | undefined {
  if (!patterns.some(usesId)) return patterns;
  if (segmentProblem(id, { called: "an id", most: ID_BYTES_MOST }) !== undefined) return undefined;
  const filled = patterns.map((pattern) => pattern.replace(ID, () => id));
  return filled.every((pattern) => "name" in parsePattern(pattern, topicMost)) ? filled : undefined;
}
