/**
 * What stands behind the length in the header of a publish and of its delivery: `id=42 ttl=60 h.trace=a%20b`
 * (V4).
 *
 * @module
 */

import { decodeText } from "../text.ts";
import { encodeText } from "./bytes.ts";
import { readTtl } from "./record_fields.ts";

const ESCAPED = /[\s%\p{Cc}]/gu;
/** A header's name becomes a part of the field's name, where an `=` would end it. */
const ESCAPED_IN_NAME = /[\s%=\p{Cc}]/gu;
/** What is never written as it is (V4); a `%` that escapes nothing is let pass. */
const UNWRITTEN = /[\s\p{Cc}]/u;
/** What is wrong with fields, as clauses. */
export const FIELDS_PROBLEM = "fields are key=value";
export const TTL_PROBLEM = "ttl= is a number of seconds, more than 0, like ttl=60 or ttl=0.5";
export const UNWRITTEN_PROBLEM =
  "a field is UTF-8, its white space and control characters percent-encoded, as in key=a%20b";
/** Field names of headers begin with this. */
const HEADER = "h.";

/** The fields a client knows, and the headers. */
export interface Fields {
  /** In the order they were written; of a name that is there twice the last value. */
  readonly headers: ReadonlyMap<string, string>;
  /** All other fields by name: `id`, `key`, `ttl`, `reply`, and what this version does not know. */
  readonly others: ReadonlyMap<string, string>;
}

/** Stands where there are none. */
export const NO_FIELDS: Fields = { headers: new Map(), others: new Map() };

/** A field as it is written behind another: ` key=a%20b`. */
export function encodeField(name: string, value: string): string {
  return ` ${name}=${value.replace(ESCAPED, percent)}`;
}

/** A header as a field: ` h.trace=a%20b`. */
export function encodeHeader(name: string, value: string): string {
  return encodeField(`${HEADER}${name.replace(ESCAPED_IN_NAME, percent)}`, value);
}

/** Whether a field, or a part of one, may stand as these bytes: UTF-8 without what has to be escaped (V4). */
export function isWritten(bytes: Uint8Array): boolean {
  const text = decodeText(bytes);
  return text !== undefined && !UNWRITTEN.test(text);
}

/**
 * Why fields, as they stand in a header behind its length, are not what a broker takes from a publisher, as a
 * clause; undefined: they are.
 */
export function fieldsProblem(bytes: Uint8Array): string | undefined {
  for (const field of decodeText(bytes)?.split(" ") ?? ["\n"]) {
    if (UNWRITTEN.test(field)) return UNWRITTEN_PROBLEM;
    const equals = field.indexOf("=");
    if (equals <= 0) return FIELDS_PROBLEM;
    if (!field.startsWith("ttl=")) continue;
    const seconds = encodeText(field.slice(equals + 1));
    if (readTtl(seconds, 0, seconds.length) === undefined) return TTL_PROBLEM;
  }
  return undefined;
}

/** Reads fields; what is no `name=value` is passed over, and a `%` that escapes nothing stands for itself. */
export function parseFields(text: string): Fields {
  const headers = new Map<string, string>();
  const others = new Map<string, string>();
  for (const field of text.split(" ")) {
    const equals = field.indexOf("=");
    if (equals <= 0) continue;
    const name = field.slice(0, equals);
    const value = decoded(field.slice(equals + 1));
    if (name.startsWith(HEADER)) headers.set(decoded(name.slice(HEADER.length)), value);
    else others.set(name, value);
  }
  return { headers, others };
}

function percent(character: string): string {
  // encodeURIComponent leaves none of these as it is: white space, controls, % and =
  return encodeURIComponent(character);
}

function decoded(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
