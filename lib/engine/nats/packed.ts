/**
 * Packed runs: what brokers send each other of topics in memory. A stamp, and the records as they are (V1).
 *
 *     k3f9a20c77e1.0 17⏎pub #a 3⏎one⏎pub #a 3⏎two⏎
 *     └ sender ────┘ └ its message's number
 *
 * @module
 */
import { encodeText, LF, SPACE } from "../../wire/bytes.ts";
import { readDecimal } from "../../wire/decimals.ts";
import { fieldsProblem } from "../../wire/fields.ts";
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

/** What is known of records that were looked at. */
export interface Checked {
  readonly count: number;
  readonly hasFields: boolean;
  /** Of the first that has a `ttl=`, milliseconds. */
  readonly ttl: number | undefined;
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
const TTL = encodeText("ttl");

/**
 * Looks at everything in records to one topic, `head` being what each begins with, that a decoder looks at
 * when they come from a publisher: anybody may have sent them. Undefined: they are not as they must be.
 */
export function checkRecords(bytes: Uint8Array, start: number, head: Uint8Array): Checked | undefined {
  const topicBytes = head.length - "pub  ".length;
  const reader = new RecordReader({ bytes, start, end: bytes.length, topicBytes });
  let count = 0;
  let hasFields = false;
  let ttl: number | undefined;
  while (reader.next()) {
    for (let at = 0; at < head.length; at++) if (bytes[reader.start + at] !== head[at]) return undefined;
    const { lengthStart, fieldsStart, fieldsEnd } = reader;
    if (bytes[lengthStart] === ZERO && fieldsStart - lengthStart > 1) return undefined;
    count++;
    if (fieldsEnd <= fieldsStart) continue;
    if (bytes[fieldsStart] !== SPACE || !areFields(bytes, fieldsStart + 1, fieldsEnd)) return undefined;
    if (!hasFields && reader.find(TTL)) ttl = readTtl(bytes, reader.valueStart, reader.valueEnd);
    hasFields = true;
  }
  return count === 0 || reader.broken ? undefined : { count, hasFields, ttl };
}

/** Mostly they are letters, digits and signs, which need not become a text to be judged. */
function areFields(bytes: Uint8Array, start: number, end: number): boolean {
  let field = start;
  let equals = -1;
  for (let at = start; at <= end; at++) {
    const byte = at === end ? SPACE : bytes[at]!;
    if (byte === SPACE) {
      const isTtl = bytes[field] === 0x74 && bytes[field + 1] === 0x74 && bytes[field + 2] === 0x6c;
      if (
        equals <= field || (isTtl && equals === field + 3 && readTtl(bytes, equals + 1, at) === undefined)
      ) {
        return false;
      }
      field = at + 1;
      equals = -1;
    } else if (byte < FIRST_PLAIN || byte > LAST_PLAIN) {
      return fieldsProblem(bytes.subarray(start, end)) === undefined;
    } else if (byte === EQUALS && equals < 0) {
      equals = at;
    }
  }
  return true;
}
