/**
 * Names of groups (G1).
 *
 * @module
 */
import { segmentProblem } from "./segment.ts";

/** Bytes of UTF-8. */
const NAME_BYTES_MOST = 64;

/** What is wrong with the name of a group, a clause for a person; undefined: nothing. */
export function groupNameProblem(name: string): string | undefined {
  return segmentProblem(name, { called: "the name of a group", most: NAME_BYTES_MOST });
}
