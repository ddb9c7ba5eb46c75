/**
 * A record taken apart, for who has no records, and put together again from its parts.
 *
 *     pub #a 3 id=42 h.trace=a%20b⏎one⏎   ↔   id 42, trace "a b", payload "one"
 *
 * @module
 */
import { DELAY_MOST_MS } from "../../limits.ts";
import { decodeText } from "../../text.ts";
import { encodeText, LF, SPACE } from "../../wire/bytes.ts";
import { digitsOf, writeDecimal } from "../../wire/decimals.ts";
import {
  encodeField,
  encodeHeader,
  type Fields,
  fieldsProblem,
  NO_FIELDS,
  parseFields,
} from "../../wire/fields.ts";
import { readTtl } from "../../wire/record_fields.ts";
import { recordHead, type RecordReader } from "../../wire/records.ts";
import { takeableFields } from "./takeable_fields.ts";

/** What a record says beside its topic. */
export interface MessageParts {
  readonly id?: string | undefined;
  readonly key?: string | undefined;
  /** Seconds. */
  readonly ttl?: number | undefined;
  readonly reply?: string | undefined;
  readonly headers: ReadonlyMap<string, string>;
  /**
   * All of its fields as they are written, where the parts above cannot say it: bytes where they are no text.
   */
  readonly fields?: string | Uint8Array | undefined;
  readonly payload: Uint8Array;
}

/** A stored message outside of the store. */
export interface ExportedMessage extends MessageParts {
  readonly topic: string;
  /** Its sequence number; undefined: it waits until it is due, and has none. */
  readonly seq: number | undefined;
  /** When it was stored, milliseconds since 1970. */
  readonly time: number;
  /** When it is due, milliseconds since 1970, if it waits for that. */
  readonly at?: number | undefined;
}

/** A message from outside. */
export interface ImportedMessage extends MessageParts {
  readonly topic: string;
  /** When it was stored, milliseconds since 1970; undefined: now. */
  readonly time?: number | undefined;
  /** When it is to be delivered, milliseconds since 1970; undefined: it is stored in its topic. */
  readonly at?: number | undefined;
}

/** The parts of the record a reader of these bytes stands at; undefined: its header is none. */
export function partsOf(bytes: Uint8Array, at: RecordReader): MessageParts | undefined {
  const { fieldsStart, fieldsEnd, payloadStart, payloadEnd } = at;
  if (fieldsStart < fieldsEnd && bytes[fieldsStart] !== SPACE) return undefined;
  const fields = takeableFields(bytes.subarray(fieldsStart + 1, fieldsEnd));
  return { ...partsOfFields(fields), payload: bytes.subarray(payloadStart, payloadEnd) };
}

const KNOWN: ReadonlySet<string> = new Set(["id", "key", "ttl", "reply"]);
const NO_PARTS = { headers: NO_FIELDS.headers };

function partsOfFields(bytes: Uint8Array): Omit<MessageParts, "payload"> {
  if (bytes.length === 0) return NO_PARTS;
  // as they are made takeable, they are text
  const text = decodeText(bytes)!;
  const parsed = parseFields(text);
  const { headers, others } = parsed;
  const ttl = others.get("ttl");
  return {
    id: others.get("id"),
    key: others.get("key"),
    ttl: ttl === undefined || !isPlainNumber(ttl) ? undefined : Number(ttl),
    reply: others.get("reply"),
    headers,
    ...(saysAll(parsed, text) ? {} : { fields: text }),
  };
}

/**
 * Whether nothing is lost when the fields are given by their names: none is unknown, twice there, or no
 * number.
 */
function saysAll({ headers, others }: Fields, text: string): boolean {
  if (headers.size + others.size !== text.split(" ").length) return false;
  if ([...others.keys()].some((name) => !KNOWN.has(name))) return false;
  return isPlainNumber(others.get("ttl") ?? "0");
}

/** Whether a number of seconds, as a broker takes it, comes back from a number as it is. */
function isPlainNumber(text: string): boolean {
  return String(Number(text)) === text;
}

/** The message as it is stored. */
export function recordOf(message: ImportedMessage): Uint8Array {
  const { topic, payload } = message;
  const head = recordHead(topic);
  const fields = fieldsOf(message);
  const digits = digitsOf(payload.length);
  const record = new Uint8Array(head.length + digits + fields.length + 1 + payload.length + 1);
  record.set(head);
  const fieldsStart = writeDecimal(record, { at: head.length, value: payload.length });
  record.set(fields, fieldsStart);
  const lf = fieldsStart + fields.length;
  record[lf] = LF;
  record.set(payload, lf + 1);
  record[record.length - 1] = LF;
  return record;
}

/**
 * Why a broker would not take a message's record, for the length of its header line, for its fields, or for
 * when it is due (D9), as a clause; undefined: it would.
 */
export function headerProblem(message: ImportedMessage, most: number): string | undefined {
  const { topic, payload, at } = message;
  if (at !== undefined && at > Date.now() + DELAY_MOST_MS) {
    return `"at" is at most 365 days ahead, ${new Date(at).toISOString()} is more`;
  }
  const fields = fieldsOf(message);
  const problem = fields.length === 0 ? undefined : fieldsProblem(fields.subarray(1));
  if (problem !== undefined) return problem;
  const length = recordHead(topic).length + digitsOf(payload.length) + fields.length;
  if (length <= most) return undefined;
  return `topic and fields come to ${length} bytes, at most ${most} are taken (--max-line)`;
}

/** Milliseconds after which the message is not to be delivered any more, where its record says so. */
export function ttlOf({ ttl, fields }: ImportedMessage): number | undefined {
  const raw = fields instanceof Uint8Array ? LATIN1.decode(fields) : fields;
  const text = raw === undefined ? ttl : parseFields(raw).others.get("ttl");
  if (text === undefined) return undefined;
  const bytes = encodeText(`${text}`);
  return readTtl(bytes, 0, bytes.length);
}

const LATIN1 = new TextDecoder("latin1");

/** With the space before them. */
function fieldsOf({ id, key, ttl, reply, headers, fields }: ImportedMessage): Uint8Array {
  if (typeof fields === "string") return encodeText(` ${fields}`);
  if (fields !== undefined) return Uint8Array.of(SPACE, ...fields);
  let text = "";
  if (id !== undefined) text += encodeField("id", id);
  if (key !== undefined) text += encodeField("key", key);
  if (ttl !== undefined) text += encodeField("ttl", `${ttl}`);
  if (reply !== undefined) text += encodeField("reply", reply);
  for (const [name, value] of headers) text += encodeHeader(name, value);
  return encodeText(text);
}
