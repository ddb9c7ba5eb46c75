/**
 * Refusals in words.
 *
 * @module
 */
import { RefusedError } from "../errors.ts";
import { visible } from "../text.ts";

const MEANINGS: ReadonlyMap<string, string> = new Map([
  ["UNKNOWN_COMMAND", "it does not know this command"],
  ["BAD_TOPIC", "it does not take that for a topic"],
  ["BAD_PATTERN", "it does not take that for a topic or pattern"],
  ["BAD_UTF8", "it wants UTF-8 there"],
  ["NOT_SUBSCRIBED", "that was not subscribed"],
  ["WRONG_PORT", "publishers and subscribers connect to different ports, this is the other one"],
  ["LINE_TOO_LONG", "the line is longer than it takes"],
  ["TOO_MANY_PATTERNS", "it takes no more patterns from one connection"],
]);

/** The error for a reply that is not `OK`. `what` is what was asked: `publish to "#hello"`. */
export function refused(reply: string, what: string): RefusedError {
  const token = visible(reply).split(" ", 1)[0] ?? "";
  const code = token.startsWith("ERR_") ? token.slice("ERR_".length) : token;
  const meaning = MEANINGS.get(code);
  const said = visible(reply).slice(0, 200);
  return new RefusedError(
    code,
    `the broker refused to ${what} (${said})${meaning === undefined ? "" : `: ${meaning}`}`,
  );
}

/** Bytes of a topic or pattern this client sends at all: the most a broker can be set to; what it takes is its decision. */
export const TOPIC_MOST = 4096;
