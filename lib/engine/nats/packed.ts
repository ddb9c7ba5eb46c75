/**
 * Packed runs: what brokers send each other of topics in memory. A stamp, and the records as they are (V1).
 *
 *     k3f9a20c77e1.0 17⏎pub #a 3⏎one⏎pub #a 3⏎two⏎
 *     └ sender ────┘ └ its message's number
 *
 * @module
 */
import { decodeText } from "../../text.ts";
import { encodeText, LF, SPACE } from "../../wire/bytes.ts";
import { readDecimal } from "../../wire/decimals.ts";
import { fieldsProblem, parseFields } from "../../wire/fields.ts";
import { readTtl } from "../../wire/record_fields.ts";
import { RecordReader } from "../../wire/records.ts";

/** Bytes of a stamp at most. */
export const STAMP_MOST = 64;

/** Who sent a message, and which of the sender's it is. */
export interface Stamp {
  readonly sender: string;
  /** They count up, over all topics. */
  readonly number: number;
}

/** Records that follow one another and are worth delivering for the same time. */
export interface Checked {
  readonly count: number;
  readonly hasFields: boolean;
  /** Milliseconds; undefined: for ever. */
  readonly ttl: number | undefined;
  /** Where the bytes of the last of them end. */
  readonly end: number;
}

/** A stamp as the line it is. */
export function encodeStamp({ sender, number }: Stamp): Uint8Array<ArrayBuffer> {
  return encodeText(`${sender} ${number}\n`);
}

/** The stamp at the beginning, and where what follows begins; undefined: there is none. */
export function readStamp(bytes: Uint8Array): (Stamp & { readonly end: number }) | undefined {
  const most = Math.min(bytes.length, STAMP_MOST);
  let space = -1;
  for (let at = 0; at < most; at++) {
    if (bytes[at] === SPACE && space < 0) space = at;
    if (bytes[at] !== LF) continue;
    const number = space > 0 ? readDecimal(bytes, space + 1, at) : -1;
    if (number < 0) return undefined;
    let sender = "";
    for (let place = 0; place < space; place++) sender += String.fromCharCode(bytes[place]!);
    return { sender, number, end: at + 1 };
  }
  return undefined;
}

/** A stamp in a header: the same without its line end. */
export function stampText({ sender, number }: Stamp): string {
  return `${sender} ${number}`;
}

/** Reads {@link stampText}. */
export function stampOf(text: string): Stamp | undefined {
  const [sender = "", digits = "", ...rest] = text.split(" ");
  if (sender === "" || text.length > STAMP_MOST || rest.length > 0 || !/^\d{1,15}$/.test(digits)) {
    return undefined;
  }
  return { sender, number: Number(digits) };
}

const ZERO = 0x30;
const EQUALS = 0x3d;
const FIRST_PLAIN = 0x21;
const LAST_PLAIN = 0x7e;
/** What fields have that have no `ttl=`: of those that have one it is more. */
const NO_TTL = 0;

/**
 * Looks at everything in records to one topic, `head` being what each begins with, that a decoder looks at
 * when they come from a publisher: anybody may have sent them, and a broker packs what has different times to
 * live. Undefined: they are not as they must be.
 */
export function checkRecords(bytes: Uint8Array, start: number, head: Uint8Array): Checked[] | undefined {
  const topicBytes = head.length - "pub  ".length;
  const reader = new RecordReader({ bytes, start, end: bytes.length, topicBytes });
  const checked: Checked[] = [];
  let count = 0;
  let hasFields = false;
  let ttl = NO_TTL;
  const add = (end: number): void => {
    if (count > 0) checked.push({ count, hasFields, ttl: ttl === NO_TTL ? undefined : ttl, end });
    count = 0;
    hasFields = false;
  };
  while (reader.next()) {
    for (let at = 0; at < head.length; at++) if (bytes[reader.start + at] !== head[at]) return undefined;
    const { lengthStart, fieldsStart, fieldsEnd } = reader;
    if (bytes[lengthStart] === ZERO && fieldsStart - lengthStart > 1) return undefined;
    const has = fieldsEnd > fieldsStart;
    if (has && bytes[fieldsStart] !== SPACE) return undefined;
    const own = has ? ttlIn(bytes, fieldsStart + 1, fieldsEnd) : NO_TTL;
    if (own === undefined) return undefined;
    if (own !== ttl) add(reader.start);
    ttl = own;
    count++;
    hasFields ||= has;
  }
  add(bytes.length);
  return checked.length === 0 || reader.broken ? undefined : checked;
}

/**
 * The milliseconds of the `ttl=` in fields; undefined: they are none. Mostly they are letters, digits and
 * signs, which need not become a text to be judged.
 */
function ttlIn(bytes: Uint8Array, start: number, end: number): number | undefined {
  let ttl = NO_TTL;
  let field = start;
  let equals = -1;
  for (let at = start; at <= end; at++) {
    const byte = at === end ? SPACE : bytes[at]!;
    if (byte === SPACE) {
      if (equals <= field) return undefined;
      const isTtl = bytes[field] === 0x74 && bytes[field + 1] === 0x74 && bytes[field + 2] === 0x6c;
      if (isTtl && equals === field + 3) {
        const own = readTtl(bytes, equals + 1, at);
        if (own === undefined) return undefined;
        ttl = own;
      }
      field = at + 1;
      equals = -1;
    } else if (byte < FIRST_PLAIN || byte > LAST_PLAIN) {
      return ttlInText(bytes.subarray(start, end));
    } else if (byte === EQUALS && equals < 0) {
      equals = at;
    }
  }
  return ttl;
}

/** The same, by way of a text. */
function ttlInText(bytes: Uint8Array): number | undefined {
  if (fieldsProblem(bytes) !== undefined) return undefined;
  const written = parseFields(decodeText(bytes)!).others.get("ttl");
  if (written === undefined) return NO_TTL;
  const digits = encodeText(written);
  return readTtl(digits, 0, digits.length);
}
