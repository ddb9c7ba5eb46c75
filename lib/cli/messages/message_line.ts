/**
 * A message as a line of JSON, read back: what `--export`, `subscriber --json` and `publisher --json` write,
 * for `--import`, `publisher --json-in` and the `json` of command files.
 *
 *     {"time":"2026-01-31T09:41:07.123Z","topic":"#orders","seq":7,"headers":{"trace":"a b"},"payload":"one"}
 *
 * @module
 */
import { DELAY_MOST_MS, LARGEST_LIMITS, type Limits, TTL_SECONDS } from "../../limits.ts";
import { parseTime } from "../../positions.ts";
import { quote } from "../../text.ts";
import { parseTopic } from "../../topics/topic.ts";

/** A message that was read, its topic canonical. */
export interface LineMessage {
  readonly topic: string;
  /** Milliseconds since 1970. */
  readonly time: number | undefined;
  readonly id: string | undefined;
  readonly key: string | undefined;
  /** Seconds. */
  readonly ttl: number | undefined;
  readonly reply: string | undefined;
  /** When it is to be delivered, milliseconds since 1970; undefined: now. */
  readonly at: number | undefined;
  readonly headers: ReadonlyMap<string, string>;
  /** All fields as a frame has them, which then count alone. */
  readonly fields: string | Uint8Array | undefined;
  readonly payload: Uint8Array;
}

/** What a message may measure. */
export type LineLimits = Pick<Limits, "topic" | "payload">;

/** A clause that says what is wrong. */
class Wrong extends Error {}

const KEYS: ReadonlySet<string> = new Set([
  "time",
  "topic",
  "group",
  "seq",
  "attempt",
  "id",
  "key",
  "ttl",
  "reply",
  "delay",
  "at",
  "headers",
  "fields",
  "fields_base64",
  "payload",
  "payload_base64",
  // what a receipt says, in what `publisher --json` prints
  "level",
  "subs",
]);
const encoder = new TextEncoder();
const LATIN1 = new TextDecoder("latin1");

/** The message a line is, or why it is none (a clause). */
export function readMessageLine(
  line: string,
  limits: LineLimits,
): { readonly message: LineMessage } | { readonly problem: string } {
  try {
    return { message: messageFrom(parsed(line), limits) };
  } catch (error) {
    if (error instanceof Wrong) return { problem: error.message };
    throw error;
  }
}

/** A message to publish. What the broker gives a message (time, seq, id) is none of it. */
export interface PublishLine
  extends Pick<LineMessage, "payload" | "headers" | "key" | "ttl" | "reply" | "at"> {
  /** Undefined where the line says none. */
  readonly topic: string | undefined;
  /** In how many seconds it is to be delivered; undefined: now, or as {@link at} says. */
  readonly delay: number | undefined;
}

/** The message to publish that a line is, or why it is none (a clause). */
export function readPublishLine(
  line: string,
): { readonly message: PublishLine } | { readonly problem: string } {
  try {
    const values = parsed(line);
    const fields = ["fields", "fields_base64"].find((key) => values.has(key));
    if (fields !== undefined) throw new Wrong(`"${fields}" is for broker --import alone`);
    const message = contentFrom(values, LARGEST_LIMITS);
    const { headers, ttl, reply, delay, at } = message;
    if (delay !== undefined && at !== undefined) throw new Wrong(`"delay" and "at" are both there: take one`);
    const nameless = headers.get("");
    if (nameless !== undefined) {
      throw new Wrong(`a header has a name, the one with ${quote(nameless)} has none`);
    }
    checkSeconds("ttl", ttl, TTL_SECONDS);
    checkSeconds("delay", delay, { least: 0, most: DELAY_MOST_MS / 1000 });
    const answers = reply === undefined ? undefined : parseTopic(reply, LARGEST_LIMITS.topic);
    if (answers !== undefined && "problem" in answers) throw new Wrong(`"reply": ${answers.problem}`);
    return { message };
  } catch (error) {
    if (error instanceof Wrong) return { problem: error.message };
    throw error;
  }
}

function checkSeconds(
  key: string,
  value: number | undefined,
  { least, most }: { readonly least: number; readonly most: number },
): void {
  if (value === undefined || (value >= least && value <= most)) return;
  throw new Wrong(`${quote(key)} is seconds from ${least} to ${most}, not ${value}`);
}

type Values = ReadonlyMap<string, unknown>;

function parsed(line: string): Values {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Wrong(`not JSON: ${quote(line)}`);
    throw error;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Wrong(`expected a JSON object, such as {"topic":"#a","payload":"hi"}, not ${shown(value)}`);
  }
  return new Map(Object.entries(value));
}

function messageFrom(values: Values, limits: LineLimits): LineMessage {
  const { topic, delay, ...content } = contentFrom(values, limits);
  if (topic === undefined) throw new Wrong(`"topic" is missing`);
  if (delay !== undefined) throw new Wrong(`"delay" is for publisher --json-in, "at" is for both`);
  return {
    ...content,
    topic,
    time: timeOf(values, "time"),
    id: textOf(values, "id"),
    fields: fieldsOf(values),
  };
}

/** What a publisher gives a message; the rest is checked all the same. */
function contentFrom(values: Values, limits: LineLimits): PublishLine {
  for (const key of values.keys()) {
    if (!KEYS.has(key)) throw new Wrong(`unknown key ${quote(key)}; there are ${[...KEYS].join(", ")}`);
  }
  const topic = textOf(values, "topic");
  const name = topic === undefined ? undefined : parseTopic(topic, limits.topic);
  if (name !== undefined && "problem" in name) throw new Wrong(name.problem);
  numberOf(values, "seq");
  numberOf(values, "attempt");
  textOf(values, "group");
  return {
    topic: name?.name,
    key: textOf(values, "key"),
    ttl: numberOf(values, "ttl"),
    reply: textOf(values, "reply"),
    delay: numberOf(values, "delay"),
    at: timeOf(values, "at"),
    headers: headersOf(values),
    payload: payloadOf(values, limits.payload),
  };
}

function payloadOf(values: Values, most: number): Uint8Array {
  const text = textOf(values, "payload");
  const bytes = bytesOf(values, "payload_base64");
  if (text !== undefined && bytes !== undefined) {
    throw new Wrong(`"payload" and "payload_base64" are both there: take one`);
  }
  const payload = text === undefined ? bytes : encoder.encode(text);
  if (payload === undefined) throw new Wrong(`"payload" is missing (or "payload_base64")`);
  if (payload.length > most) {
    throw new Wrong(
      `the payload has ${payload.length} bytes, at most ${most} are taken (--max-payload)`,
    );
  }
  return payload;
}

function fieldsOf(values: Values): string | Uint8Array | undefined {
  const fields = textOf(values, "fields") ?? bytesOf(values, "fields_base64");
  if (fields === undefined) return undefined;
  const text = typeof fields === "string" ? fields : LATIN1.decode(fields);
  if (!/^[^ =\r\n]+=[^ \r\n]*(?: [^ =\r\n]+=[^ \r\n]*)*$/.test(text)) {
    throw new Wrong(`"fields" are name=value with a space between, not ${quote(text)}`);
  }
  return fields;
}

function headersOf(values: Values): ReadonlyMap<string, string> {
  const value = values.get("headers") ?? {};
  if (typeof value !== "object" || Array.isArray(value)) throw wrongType("headers", "an object", value);
  const headers = new Map<string, string>();
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== "string") throw wrongType(`headers.${name}`, "a string", text);
    if (!name.isWellFormed() || !text.isWellFormed()) throw notText(`headers.${name}`);
    headers.set(name, text);
  }
  return headers;
}

function timeOf(values: Values, key: string): number | undefined {
  const text = textOf(values, key);
  if (text === undefined) return undefined;
  const time = parseTime(text);
  if (time !== undefined && time >= 0) return time;
  throw new Wrong(`"${key}" is as in 2026-01-31T09:00:00Z, not ${quote(text)}`);
}

function textOf(values: Values, key: string): string | undefined {
  const value = values.get(key);
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw wrongType(key, "a string", value);
  // half a surrogate pair has no UTF-8: it would be stored as something else
  if (!value.isWellFormed()) throw notText(key);
  return value;
}

function numberOf(values: Values, key: string): number | undefined {
  const value = values.get(key);
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !(value >= 0)) throw wrongType(key, "a number from 0 up", value);
  return value;
}

function bytesOf(values: Values, key: string): Uint8Array | undefined {
  const text = textOf(values, key);
  if (text === undefined) return undefined;
  try {
    return Uint8Array.fromBase64(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Wrong(`"${key}" is not base64: ${quote(text)}`);
    throw error;
  }
}

function wrongType(key: string, wanted: string, value: unknown): Wrong {
  return new Wrong(`${quote(key)} is ${wanted}, not ${shown(value)}`);
}

function notText(key: string): Wrong {
  return new Wrong(`${quote(key)} holds half a surrogate pair, which is no text`);
}

function shown(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return typeof value === "string" ? quote(value) : `${value}`;
}
