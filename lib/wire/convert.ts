/**
 * Deliveries from one form into the other, a whole run at a time.
 *
 *     classic   #a one⏎                 v2   pub #a 3⏎one⏎
 *
 * A run goes to one topic, so that everything before the length (v2) and before the message (classic) is the same in all of it.
 * Headers of a v2 message have no place in a classic delivery and are left out there.
 *
 * @module
 */
import { LF, SHARP } from "./bytes.ts";
import { writeDecimal } from "./decimals.ts";
import { RecordReader } from "./records.ts";

const BACKSLASH = 0x5c;
const LETTER_N = 0x6e;
const PUB = [0x70, 0x75, 0x62, 0x20];
/** `pub `, a length of up to 10 digits and an LF: what a classic delivery grows by at most. */
const GROWTH_MOST = 15;

/** A run as it lies: `bytes` from `start` to `end`, all to the topic whose canonical name has `topicBytes` bytes. */
export interface Deliveries {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly count: number;
  readonly topicBytes: number;
}

/** How much room {@link toFrames} needs. */
export function framesRoom(from: Deliveries): number {
  return from.end - from.start + from.count * GROWTH_MOST;
}

/** Writes classic deliveries as v2 frames to the beginning of `out`; how many bytes that made. */
export function toFrames(from: Deliveries, out: Uint8Array): number {
  const length = from.end - from.start;
  // the source goes to the far end: what is written never reaches what is still to be read
  const source = framesRoom(from) - length;
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

/** How much room {@link toClassic} needs: an LF in a payload becomes two characters. */
export function classicRoom(from: Deliveries): number {
  const { bytes, start, end } = from;
  let room = end - start;
  for (let at = start; at < end; at++) if (bytes[at] === LF) room++;
  return room;
}

/** Writes v2 frames as classic deliveries to the beginning of `out`; how many bytes that made. */
export function toClassic(from: Deliveries, out: Uint8Array): number {
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

/** How much room {@link withSharps} needs. */
export function sharpsRoom(from: Deliveries): number {
  return from.end - from.start + from.count;
}

/** Writes v2 frames whose topic stands without its `#` with it; how many bytes that made. */
export function withSharps(from: Deliveries, out: Uint8Array): number {
  const { bytes } = from;
  // the topic as it stands is one byte shorter
  const reader = new RecordReader({ ...from, topicBytes: from.topicBytes - 1 });
  let to = 0;
  while (reader.next()) {
    const { start, end } = reader;
    for (const byte of PUB) out[to++] = byte;
    out[to++] = SHARP;
    for (let place = start + PUB.length; place < end; place++) out[to++] = bytes[place]!;
  }
  return to;
}

/** Where the last delivery of a run begins. */
export function lastDelivery(from: Deliveries, form: "classic" | "frames"): number {
  const { bytes, start, end, count } = from;
  if (count === 1) return start;
  if (form === "classic") return bytes.lastIndexOf(LF, end - 2) + 1;
  const reader = new RecordReader(from);
  reader.skip(count - 1);
  return reader.end;
}

/** Writes the frames but for those at some positions to the beginning of `out`; how many bytes that made. */
export function without(from: Deliveries, omitted: ReadonlySet<number>, out: Uint8Array): number {
  const { bytes } = from;
  const reader = new RecordReader(from);
  let to = 0;
  for (let position = 0; reader.next(); position++) {
    if (omitted.has(position)) continue;
    out.set(bytes.subarray(reader.start, reader.end), to);
    to += reader.end - reader.start;
  }
  return to;
}
