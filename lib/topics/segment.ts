/**
 * Names that are one segment of a topic, so that a topic can be named after who has them.
 *
 * @module
 */
import { quote } from "../text.ts";
import { parseTopic } from "./topic.ts";

/**
 * What is wrong with such a name, a clause for a person; undefined: nothing. `called`: what it is, as in "the
 * name of a group"; `most`: bytes of UTF-8.
 */
export function segmentProblem(
  name: string,
  { called, most }: { readonly called: string; readonly most: number },
): string | undefined {
  if (name === "") return `${called} is missing`;
  if (/[#.*>]/.test(name)) return `${called} has no "#", ".", "*" or ">", ${quote(name)} has`;
  const parsed = parseTopic(`#${name}`, 1 + most);
  if ("name" in parsed) return undefined;
  if (new TextEncoder().encode(name).length > most) {
    return `${called} has at most ${most} bytes, ${quote(name)} has more`;
  }
  return `${called} has no white space, control or invisible characters, ${quote(name)} has`;
}
