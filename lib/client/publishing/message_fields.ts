/**
 * What goes with a message, as the fields of its record.
 *
 * @module
 */
import { RefusedError } from "../../errors.ts";
import { DELAY_MOST_MS, LARGEST_LIMITS, TTL_SECONDS } from "../../limits.ts";
import { quote } from "../../text.ts";
import { parseTopic } from "../../topics/topic.ts";
import { encodeText } from "../../wire/bytes.ts";
import { encodeField, encodeHeader } from "../../wire/fields.ts";
import type { PublishOptions } from "../types.ts";
import { wrongKind } from "../wrong_kind.ts";

/**
 * The fields of a message, each with a space before it. Throws TypeError for options that are none or of the
 * wrong kind, RefusedError for what no message can carry.
 */
export function encodeFields(options: PublishOptions): Uint8Array {
  if (typeof options !== "object" || options === null) {
    throw wrongKind("the options of a message are an object", options);
  }
  const { headers, key, ttl, id, reply, delay, at } = options;
  let fields = "";
  if (id !== undefined) fields += encodeField("id", wellFormed(text("id", id)));
  if (key !== undefined) fields += encodeField("key", wellFormed(text("key", key)));
  if (ttl !== undefined) fields += encodeField("ttl", seconds(ttl));
  if (delay !== undefined || at !== undefined) fields += encodeDelay(options);
  if (reply !== undefined) {
    const parsed = parseTopic(text("reply", reply), LARGEST_LIMITS.topic);
    if ("problem" in parsed) throw new RefusedError("BAD_FIELD", `the topic to reply to: ${parsed.problem}`);
    fields += encodeField("reply", parsed.name);
  }
  if (headers !== undefined) fields += encodeHeaders(headers);
  return encodeText(fields);
}

/** When it is to be delivered (D9). */
function encodeDelay({ delay, at, minSubs = 0 }: PublishOptions): string {
  if (delay !== undefined && at !== undefined) {
    throw new RefusedError(
      "BAD_FIELD",
      "delay and at are two ways to say when a message is delivered: take one",
    );
  }
  if (minSubs > 0) {
    throw new RefusedError(
      "BAD_FIELD",
      "minSubs counts who gets a message now, and a later one nobody does yet",
    );
  }
  if (at !== undefined) return encodeField("at", moment(at));
  if (typeof delay !== "number") throw wrongKind("delay is a number of milliseconds", delay);
  if (delay >= 0 && delay <= DELAY_MOST_MS) return encodeField("delay", `${Math.round(delay) / 1000}`);
  throw new RefusedError("BAD_FIELD", `delay is milliseconds from 0 to ${DELAY_MOST_MS}, ${delay} is not`);
}

function moment(at: Date): string {
  if (!(at instanceof Date)) throw wrongKind("at is a Date", at);
  // four digits of a year are all that RFC 3339 has
  const text = Number.isNaN(at.getTime()) ? "" : at.toISOString();
  if (/^\d{4}-/.test(text)) return text;
  throw new RefusedError(
    "BAD_FIELD",
    `at is a time of the years 0 to 9999, ${text || "an invalid Date"} is not`,
  );
}

function encodeHeaders(headers: NonNullable<PublishOptions["headers"]>): string {
  let fields = "";
  for (const [name, value] of headers instanceof Map ? headers : Object.entries(record(headers))) {
    if (text("the name of a header", name) === "") {
      throw new RefusedError(
        "BAD_FIELD",
        `a header has a name, the one with ${quote(String(value))} has none`,
      );
    }
    fields += encodeHeader(wellFormed(name), wellFormed(text(`the header ${quote(name)}`, value)));
  }
  return fields;
}

/** What is no plain object would look as if it had no headers. */
function record<T extends object>(headers: T): T {
  const expected = "headers are an object or a Map of strings";
  if (typeof headers !== "object" || headers === null) throw wrongKind(expected, headers);
  if (!(Symbol.iterator in headers)) return headers;
  throw new TypeError(`${expected}, this is a list: Object.fromEntries(…) makes one of it`);
}

function text(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw wrongKind(`${name} is a string`, value);
}

function wellFormed(text: string): string {
  if (text.isWellFormed()) return text;
  throw new RefusedError("BAD_FIELD", `a field is well-formed Unicode, ${quote(text)} is not`);
}

function seconds(ttl: number): string {
  if (typeof ttl !== "number") throw wrongKind("ttl is a number of seconds", ttl);
  const { least, most } = TTL_SECONDS;
  if (ttl >= least && ttl <= most) return `${Math.round(ttl * 1000) / 1000}`;
  throw new RefusedError("BAD_FIELD", `ttl is seconds from ${least} to ${most}, ${ttl} is not`);
}
