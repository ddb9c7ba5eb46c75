/**
 * What goes with a message, as the fields of its record.
 *
 * @module
 */
import { RefusedError } from "../../errors.ts";
import { LARGEST_LIMITS } from "../../limits.ts";
import { quote } from "../../text.ts";
import { parseTopic } from "../../topics/topic.ts";
import { encodeText } from "../../wire/bytes.ts";
import { encodeField, encodeHeader } from "../../wire/fields.ts";
import type { PublishOptions } from "../types.ts";

/** Seconds: some 30 years. */
const TTL_MOST = 999_999_999;

/**
 * The fields of a message, each with a space before it. Throws RefusedError for what no message can carry.
 */
export function encodeFields({ headers, key, ttl, id, reply }: PublishOptions): Uint8Array {
  let fields = "";
  if (id !== undefined) fields += encodeField("id", wellFormed(id));
  if (key !== undefined) fields += encodeField("key", wellFormed(key));
  if (ttl !== undefined) fields += encodeField("ttl", seconds(ttl));
  if (reply !== undefined) {
    const parsed = parseTopic(reply, LARGEST_LIMITS.topic);
    if ("problem" in parsed) throw new RefusedError("BAD_FIELD", `the topic to reply to: ${parsed.problem}`);
    fields += encodeField("reply", parsed.name);
  }
  if (headers === undefined) return encodeText(fields);
  for (const [name, value] of headers instanceof Map ? headers : Object.entries(headers)) {
    if (name === "") {
      throw new RefusedError("BAD_FIELD", `a header has a name, the one with ${quote(value)} has none`);
    }
    fields += encodeHeader(wellFormed(name), wellFormed(value));
  }
  return encodeText(fields);
}

function wellFormed(text: string): string {
  if (text.isWellFormed()) return text;
  throw new RefusedError("BAD_FIELD", `a field is well-formed Unicode, ${quote(text)} is not`);
}

function seconds(ttl: number): string {
  if (ttl >= 0.001 && ttl <= TTL_MOST) return `${Math.round(ttl * 1000) / 1000}`;
  throw new RefusedError("BAD_FIELD", `ttl is seconds from 0.001 to ${TTL_MOST}, ${ttl} is not`);
}
