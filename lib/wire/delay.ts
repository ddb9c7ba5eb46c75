/**
 * `delay=` and `at=`: when a message is to be delivered (D9). They stand on a publish and in no record: what
 * is delivered is what it would have been, had it been published then.
 *
 *     pub #a 3 id=7 delay=60 k=v⏎one⏎   →   pub #a 3 id=7 k=v⏎one⏎
 *
 * @module
 */
import { DELAY_MOST_MS } from "../limits.ts";
import { parseTime } from "../positions.ts";
import { decodeText } from "../text.ts";
import * as wireBytes from "./bytes.ts";
import type { Deliveries } from "./encoding.ts";
import { readSeconds } from "./record_fields.ts";
import { RecordReader } from "./records.ts";

// its own, for its loops over bytes: see records.ts
const { SPACE } = wireBytes;
const DELAY = wireBytes.encodeText("delay=");
const AT = wireBytes.encodeText("at=");

/** When a message is to be delivered: so many milliseconds after it came, or since 1970. */
export interface Delay {
  readonly kind: "after" | "at";
  readonly ms: number;
}

/** What is wrong with a field, as clauses. */
export const DELAY_PROBLEM =
  "delay= is a number of seconds, at most a year, with at most three decimals, like delay=60 or delay=0.5";
export const AT_PROBLEM = "at= is a time with its offset, like at=2026-01-31T09:00:00Z";
export const DELAY_TWICE_PROBLEM = "a message has one delay= or one at=";
export const AT_MOST_PROBLEM = "at= is at most a year from now";
export const DELAY_NOT_STORED_PROBLEM =
  "delay= and at= are for durable topics: what is not stored cannot wait";

/** The value of a `delay=`, from `start` to `end`; undefined: it is none. */
export function readDelay(bytes: Uint8Array, start: number, end: number): Delay | undefined {
  const ms = readSeconds(bytes, start, end);
  return ms === undefined || ms > DELAY_MOST_MS ? undefined : { kind: "after", ms };
}

/** The value of an `at=`, from `start` to `end`; undefined: it is none. */
export function readAt(bytes: Uint8Array, start: number, end: number): Delay | undefined {
  const ms = parseTime(decodeText(bytes.subarray(start, end)) ?? "");
  return ms === undefined ? undefined : { kind: "at", ms };
}

/** Whether two messages wait alike. */
export function isSameDelay(one: Delay | undefined, other: Delay | undefined): boolean {
  return one === other || (one?.kind === other?.kind && one?.ms === other?.ms);
}

/** Writes records without these fields to the beginning of `out`, where they have room; how many bytes. */
export function writeWithoutDelay({ bytes, start, end, topicBytes }: Deliveries, out: Uint8Array): number {
  const reader = new RecordReader({ bytes, start, end, topicBytes });
  let to = 0;
  const copy = (from: number, upTo: number): void => {
    out.set(bytes.subarray(from, upTo), to);
    to += upTo - from;
  };
  while (reader.next()) {
    const { fieldsStart, fieldsEnd } = reader;
    let from = reader.start;
    for (let at = fieldsStart; at < fieldsEnd;) {
      let next = at + 1;
      while (next < fieldsEnd && bytes[next] !== SPACE) next++;
      if (startsWith(bytes, at + 1, DELAY) || startsWith(bytes, at + 1, AT)) {
        copy(from, at);
        from = next;
      }
      at = next;
    }
    copy(from, reader.end);
  }
  return to;
}

function startsWith(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let place = 0; place < name.length; place++) if (bytes[at + place] !== name[place]) return false;
  return true;
}
