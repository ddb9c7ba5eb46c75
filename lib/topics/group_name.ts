/**
 * Names of groups (G1).
 *
 * @module
 */
import { quote } from "../text.ts";
import { parseTopic } from "./topic.ts";

/** Bytes of UTF-8. */
const NAME_BYTES_MOST = 64;

/**
 * What is wrong with the name of a group, a clause for a person; undefined: nothing. A name is one segment of
 * a topic, so that a topic can be named after it.
 */
export function groupNameProblem(name: string): string | undefined {
  if (name === "") return "the name of a group is missing";
  if (/[#.*>]/.test(name)) {
    return `the name of a group has no "#", ".", "*" or ">", ${quote(name)} has`;
  }
  const parsed = parseTopic(`#${name}`, 1 + NAME_BYTES_MOST);
  if ("name" in parsed) return undefined;
  if (new TextEncoder().encode(name).length > NAME_BYTES_MOST) {
    return `the name of a group has at most ${NAME_BYTES_MOST} bytes, ${quote(name)} has more`;
  }
  return `the name of a group has no white space, control or invisible characters, ${quote(name)} has`;
}
