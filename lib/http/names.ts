/**
 * Topics and patterns in paths and queries.
 *
 * @module
 */
import { type Parsed, parsePattern, parseTopic } from "../topics/topic.ts";
import { Problem } from "./problem.ts";
import type { Asked } from "./types.ts";

/** The topic in the path, in its canonical form. Throws Problem. */
export function topicIn(asked: Asked, most: number): string {
  return nameOf(parseTopic(writtenIn(asked), most), "BAD_TOPIC");
}

/** The pattern there. Throws Problem. */
export function patternIn(asked: Asked, most: number): string {
  return patternOf(writtenIn(asked), most);
}

/** A pattern as it was written. Throws Problem. */
export function patternOf(text: string, most: number): string {
  return nameOf(parsePattern(text, most), "BAD_PATTERN");
}

function nameOf(parsed: Parsed, code: "BAD_TOPIC" | "BAD_PATTERN"): string {
  if ("name" in parsed) return parsed.name;
  throw new Problem(400, code, parsed.problem);
}

/** `/api/topics/%23a.b/messages` → `#a.b`: the router's own decoding leaves what is no UTF-8 as it was. */
function writtenIn(asked: Asked): string {
  const [, , , segment = ""] = new URL(asked.req.url).pathname.split("/");
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Problem(400, "BAD_UTF8", "names are UTF-8, percent-encoded");
  }
}
