/**
 * Classic deliveries: `#a one⏎`. What a record has and a line has not, its fields, is left out (V5).
 *
 *     classic   #a one⏎                 record   pub #a 3⏎one⏎
 *
 * A run goes to one topic, so everything before the length (record) and before the message (classic) is the
 * same in all of it.
 *
 * @module
 */
import { LF } from "../../wire/bytes.ts";
import { writeDecimal } from "../../wire/decimals.ts";
import type { Deliveries, Encoding } from "../../wire/encoding.ts";
import { RecordReader } from "../../wire/records.ts";

const BACKSLASH = 0x5c;
const LETTER_N = 0x6e;
const PUB = [0x70, 0x75, 0x62, 0x20];
/** `pub `, a length of up to 10 digits and an LF: what a classic delivery grows by at most. */
const GROWTH_MOST = 15;

/** Lines: the topic, a space, the message, an LF. */
export const CLASSIC_LINES: Encoding = {
  name: "classic",
  toRecords: { room: recordsRoom, write: writeRecords },
  fromRecords: { room: linesRoom, write: writeLines },
};

function recordsRoom(from: Deliveries): number {
  return from.end - from.start + from.count * GROWTH_MOST;
}

function writeRecords(from: Deliveries, out: Uint8Array): number {
  const length = from.end - from.start;
  // the source goes to the far end: what is written never reaches what is still to be read
  const source = recordsRoom(from) - length;
  out.set(from.bytes.subarray(from.start, from.end), source);
  const end = source + length;
  const head = from.topicBytes + 1;
  let at = source;
  let to = 0;
  while (at < end) {
    const message = at + head;
    const lf = out.indexOf(LF, message);
    for (const byte of PUB) out[to++] = byte;
    for (let place = at; place < message; place++) out[to++] = out[place]!;
    to = writeDecimal(out, { at: to, value: lf - message });
    out[to++] = LF;
    out.copyWithin(to, message, lf + 1);
    to += lf + 1 - message;
    at = lf + 1;
  }
  return to;
}

/** An LF in a payload becomes two characters. */
function linesRoom(from: Deliveries): number {
  const { bytes, start, end } = from;
  let room = end - start;
  for (let at = start; at < end; at++) if (bytes[at] === LF) room++;
  return room;
}

function writeLines(from: Deliveries, out: Uint8Array): number {
  const { bytes } = from;
  const reader = new RecordReader(from);
  let to = 0;
  while (reader.next()) {
    const { start, lengthStart, payloadStart, payloadEnd } = reader;
    for (let place = start + PUB.length; place < lengthStart; place++) out[to++] = bytes[place]!;
    for (let place = payloadStart; place < payloadEnd; place++) {
      const byte = bytes[place]!;
      if (byte === LF) {
        out[to++] = BACKSLASH;
        out[to++] = LETTER_N;
      } else {
        out[to++] = byte;
      }
    }
    out[to++] = LF;
  }
  return to;
}
