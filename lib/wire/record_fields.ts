/**
 * Fields of records as they lie, for who looks at one of them in many records: `pub #a 3 id=k7x-1 ttl=60⏎…`.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { IdSpan } from "../id_spans.ts";
import { encodeText } from "./bytes.ts";
import * as decimals from "./decimals.ts";
import { RecordReader, type Records } from "./records.ts";

// its own, for its loops over bytes: see records.ts
const { NINE, ZERO } = decimals;
const POINT = 0x2e;
const ID = encodeText("id");
const KEY = encodeText("key");
const TTL = encodeText("ttl");
/** So many are put together faster than the runtime is asked for them. */
const CHARACTERS_MOST = 24;
/** A number counts as one behind these: not the last digits of a UUID. */
const SEPARATORS: ReadonlySet<number> = new Set(encodeText("-_.:/"));
/** Digits that fit a double exactly. */
const DIGITS_MOST = 15;
/** Digits of a `ttl=` before and behind the point: thirty years, and a millisecond. */
const SECONDS_DIGITS_MOST = 9;
const FRACTION_DIGITS_MOST = 3;

/**
 * Milliseconds of a `ttl=` (V10), from `start` to `end`: seconds, more than 0, at most three decimals.
 * Undefined: it is none.
 */
export function readTtl(bytes: Uint8Array, start: number, end: number): number | undefined {
  const milliseconds = readSeconds(bytes, start, end);
  return milliseconds === 0 ? undefined : milliseconds;
}

/** Milliseconds of seconds with at most three decimals, from `start` to `end`; undefined: they are none. */
export function readSeconds(bytes: Uint8Array, start: number, end: number): number | undefined {
  let milliseconds = 0;
  let at = start;
  for (; at < end && bytes[at] !== POINT; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9 || at - start >= SECONDS_DIGITS_MOST) return undefined;
    milliseconds = 10 * milliseconds + 1000 * digit;
  }
  if (at === start) return undefined;
  if (at < end) {
    const point = at++;
    if (at === end || end - at > FRACTION_DIGITS_MOST) return undefined;
    for (; at < end; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) return undefined;
      milliseconds += digit * 10 ** (FRACTION_DIGITS_MOST - (at - point));
    }
  }
  return milliseconds;
}

/** The ids of records, those that count up together; empty where no record has one. */
export function idSpansOf(records: Records): IdSpan[] {
  const { bytes } = records;
  const spans: IdSpan[] = [];
  const reader = new RecordReader(records);
  // the span that is growing: where its prefix lies, and what the next id would be
  let [prefixStart, prefixEnd, next, from, count] = [0, 0, -1, 0, 0];
  const close = (): void => {
    if (count > 0) {
      const prefix = latin1(bytes, prefixStart, prefixEnd);
      spans.push({ at: from, count, prefix, first: next === -1 ? undefined : next - count });
    }
    count = 0;
  };
  for (let at = 0; reader.next(); at++) {
    if (!reader.find(ID)) {
      close();
      continue;
    }
    const { valueStart, valueEnd } = reader;
    const digits = numberStart(bytes, valueStart, valueEnd);
    const number = digits === valueEnd ? -1 : numberAt(bytes, digits, valueEnd);
    const follows = count > 0 && number !== -1 && number === next &&
      isSame(bytes, { start: prefixStart, end: prefixEnd }, { start: valueStart, end: digits });
    if (!follows) {
      close();
      from = at;
    }
    [prefixStart, prefixEnd] = [valueStart, digits];
    next = number === -1 ? -1 : number + 1;
    count++;
  }
  close();
  return spans;
}

/** The keys of records, and where each of those ends. */
export interface Keys {
  /** As they are written, a character a byte; undefined: it has none. */
  readonly keys: ReadonlyArray<string | undefined>;
  readonly ends: readonly number[];
}

/** The `key=` of each record (G12). */
export function keysOf(records: Records): Keys {
  const keys: Array<string | undefined> = [];
  const ends: number[] = [];
  const reader = new RecordReader(records);
  while (reader.next()) {
    keys.push(reader.find(KEY) ? latin1(records.bytes, reader.valueStart, reader.valueEnd) : undefined);
    ends.push(reader.end);
  }
  return { keys, ends };
}

/** Records that follow each other, by their positions. */
export interface Stretch {
  readonly at: number;
  readonly count: number;
  readonly start: number;
  readonly end: number;
}

/** Milliseconds of the least `ttl=` of records; undefined: none has one. */
export function leastTtl(records: Records): number | undefined {
  const reader = new RecordReader(records);
  let least: number | undefined;
  while (reader.next()) {
    const ttl = ttlOf(reader, records);
    if (ttl !== undefined) least = Math.min(ttl, least ?? ttl);
  }
  return least;
}

/** What of records that were stored at `time` is still to be delivered at `now`, both in milliseconds. */
export function unexpired(
  records: Records,
  { time, now }: { readonly time: number; readonly now: number },
): Stretch[] {
  const stretches: Stretch[] = [];
  const reader = new RecordReader(records);
  let [from, count, start, end] = [0, 0, records.start, records.start];
  const close = (): void => {
    if (count > 0) stretches.push({ at: from, count, start, end });
    count = 0;
  };
  for (let at = 0; reader.next(); at++) {
    const ttl = ttlOf(reader, records);
    if (ttl !== undefined && now >= time + ttl) {
      close();
      continue;
    }
    if (count === 0) [from, start] = [at, reader.start];
    count++;
    end = reader.end;
  }
  close();
  return stretches;
}

/** Of the record a reader is at. */
function ttlOf(reader: RecordReader, { bytes }: Records): number | undefined {
  return reader.find(TTL) ? readTtl(bytes, reader.valueStart, reader.valueEnd) : undefined;
}

/** Where the number at the end of an id begins; its end where it has none that counts. */
function numberStart(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && end - at < DIGITS_MOST && bytes[at - 1]! >= ZERO && bytes[at - 1]! <= NINE) at--;
  const leadingZero = bytes[at] === ZERO && end - at > 1;
  if (at === end || leadingZero) return end;
  return at === start || SEPARATORS.has(bytes[at - 1]!) ? at : end;
}

function numberAt(bytes: Uint8Array, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at++) number = 10 * number + bytes[at]! - ZERO;
  return number;
}

function isSame(
  bytes: Uint8Array,
  a: { readonly start: number; readonly end: number },
  b: { readonly start: number; readonly end: number },
): boolean {
  const length = a.end - a.start;
  if (b.end - b.start !== length) return false;
  for (let at = 0; at < length; at++) if (bytes[a.start + at] !== bytes[b.start + at]) return false;
  return true;
}

/** A character a byte, so that different bytes are different texts whether or not they are UTF-8. */
function latin1(bytes: Uint8Array, start: number, end: number): string {
  // put together by characters, a long one costs ten times as much
  if (end - start > CHARACTERS_MOST) {
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
  }
  let text = "";
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
