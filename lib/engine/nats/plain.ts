/**
 * A message as NATS programs read and write it (N6): its payload as it is, its fields (V4) as headers.
 *
 *     pub #a 3 id=k7x-1 ttl=60 h.trace=a%20b⏎one⏎      Hashbus-Id: k7x-1
 *                                                      Hashbus-Ttl: 60
 *                                                      trace: a b
 *                                                      (payload) one
 *
 * What a header cannot hold as it is stands in `Hashbus-Fields`, as it stands in the record.
 *
 * @module
 */
import { LARGEST_LIMITS, SUBJECT_TOPIC_MOST } from "../../limits.ts";
import { decodeText } from "../../text.ts";
import { parseTopic } from "../../topics/topic.ts";
import { encodeText } from "../../wire/bytes.ts";
import { encodeField, encodeHeader, fieldsProblem, parseFields } from "../../wire/fields.ts";
import type { NatsHeaders } from "./port.ts";
import type { Subjects } from "./subjects.ts";

const ID = "Hashbus-Id";
const KEY = "Hashbus-Key";
const TTL = "Hashbus-Ttl";
const REPLY = "Hashbus-Reply";
const FIELDS = "Hashbus-Fields";
/** Which broker sent it, and which of its messages it is: so that it is not taken twice. */
export const FROM = "Hashbus-From";

/** Fields that have a header of their own, and that. */
const OF_OURS: ReadonlyMap<string, string> = new Map([["id", ID], ["key", KEY], ["ttl", TTL], [
  "reply",
  REPLY,
]]);
/** The same the other way; NATS programs write headers in any case. */
const FIELD_OF: ReadonlyMap<string, string> = new Map(
  [...OF_OURS].map(([field, header]) => [header.toLowerCase(), field]),
);
/** What the name of a header may be, and what it may hold and come back as it was. */
const NAME = /^[\x21-\x39\x3b-\x7e]+$/;
const VALUE = /^(?!\s)[^\p{Cc}]+(?<!\s)$/u;
/** Headers whose names begin with these are ours, or the server's. */
const RESERVED = /^(hashbus|nats)-/i;
/** So many times their bytes fields may take as headers, and back: `%` that escapes nothing becomes `%25`. */
export const PLAIN_GROWTH = 3;
/**
 * Bytes of fields that are taken from headers. All that brokers take from publishers is (`--max-line`), and
 * nothing with which, behind a topic and a length, a line would be longer than clients take.
 */
export const FIELDS_MOST = LARGEST_LIMITS.line - 4 * SUBJECT_TOPIC_MOST;

/** What goes with a payload. */
export interface PlainFields {
  /** Undefined: there are none. */
  readonly headers: [string, string][] | undefined;
  /** The subject where an answer goes; undefined: none, or it is among the headers. */
  readonly reply: string | undefined;
}

/**
 * Headers for fields as they stand in a record, from the space behind its length on. `replyAs`: where
 * `reply=` goes that is a topic; what is stored has no reply subject of its own.
 */
export function headersOfFields(
  text: string,
  { subjects, replyAs }: { readonly subjects: Subjects; readonly replyAs: "subject" | "header" },
): PlainFields {
  const { headers: named, others } = parseFields(text);
  const headers: [string, string][] = [];
  let rest = "";
  let reply: string | undefined;
  for (const [name, value] of others) {
    const header = OF_OURS.get(name);
    const topic = name === "reply" && replyAs === "subject" ? canonical(value) : undefined;
    if (topic !== undefined) reply = subjects.one(topic);
    else if (header !== undefined && VALUE.test(value)) headers.push([header, value]);
    else rest += encodeField(name, value);
  }
  for (const [name, value] of named) {
    if (NAME.test(name) && !RESERVED.test(name) && VALUE.test(value)) headers.push([name, value]);
    else rest += encodeHeader(name, value);
  }
  if (rest !== "") headers.push([FIELDS, rest.slice(1)]);
  return { headers: headers.length === 0 ? undefined : headers, reply };
}

/**
 * The fields, as they stand in a record, of a message with these headers and this reply subject. Undefined:
 * there is something in them that a broker does not take from anybody.
 */
export function fieldsOfHeaders(
  headers: NatsHeaders | undefined,
  { reply, subjects }: { readonly reply: string; readonly subjects: Subjects },
): string | undefined {
  let text = "";
  const topic = reply === "" ? undefined : subjects.topicOfOne(reply);
  if (topic !== undefined) text += encodeField("reply", topic);
  for (const [name, value] of headers ?? []) {
    const field = FIELD_OF.get(name.toLowerCase());
    if (field === "reply" && topic !== undefined) continue;
    if (field !== undefined) text += encodeField(field, value);
    else if (name.toLowerCase() === FIELDS.toLowerCase()) text += ` ${value}`;
    else if (!RESERVED.test(name)) text += encodeHeader(name, value);
  }
  if (text === "") return text;
  const bytes = encodeText(text.slice(1));
  return bytes.length <= FIELDS_MOST && fieldsProblem(bytes) === undefined ? text : undefined;
}

/** Why {@link fieldsOfHeaders} does not take what {@link headersOfFields} gave; undefined: it does. */
export function tooLong(headers: NatsHeaders, subjects: Subjects): string | undefined {
  if (PLAIN_GROWTH * headersSize(headers) <= FIELDS_MOST) return undefined;
  if (fieldsOfHeaders(headers, { reply: "", subjects }) !== undefined) return undefined;
  return `its fields have more than ${FIELDS_MOST} bytes as they are passed on`;
}

/** Bytes of headers as NATS has them: `NATS/1.0⏎name: value⏎⏎`, each line end two. */
export function headersSize(headers: NatsHeaders): number {
  let size = headers.length === 0 ? 0 : AROUND_HEADERS;
  for (const [name, value] of headers) size += name.length + encodeText(value).length + AROUND_HEADER;
  return size;
}

const AROUND_HEADERS = "NATS/1.0\r\n\r\n".length;
const AROUND_HEADER = ": \r\n".length;

/** Bytes that {@link writeRecord} needs. */
export function recordRoom(head: Uint8Array, fields: Uint8Array, payload: Uint8Array): number {
  return head.length + DIGITS_MOST + fields.length + 1 + payload.length + 1;
}

/** A record of a topic, `head` being what all of it begin with; how many bytes that made. */
export function writeRecord(
  out: Uint8Array,
  { head, fields, payload }: {
    readonly head: Uint8Array;
    /** As they stand in it, from the space behind the length on; empty: none. */
    readonly fields: Uint8Array;
    readonly payload: Uint8Array;
  },
): number {
  let at = 0;
  for (const part of [head, encodeText(`${payload.length}`), fields, LINE_END, payload, LINE_END]) {
    out.set(part, at);
    at += part.length;
  }
  return at;
}

/** Digits of a length. */
const DIGITS_MOST = 10;
const LINE_END = encodeText("\n");

/** The text of fields as they lie. */
export function fieldsText(bytes: Uint8Array, start: number, end: number): string {
  return decodeText(bytes.subarray(start, end)) ?? "";
}

function canonical(text: string): string | undefined {
  const parsed = parseTopic(text);
  return "name" in parsed ? parsed.name : undefined;
}
