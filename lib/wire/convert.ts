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

const ZERO = 0x30;
const NINE = 0x39;
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
    to = writeNumber(out, { at: to, value: lf - message });
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
  const { bytes, end, topicBytes } = from;
  let to = 0;
  for (let at = from.start; at < end;) {
    const topic = at + PUB.length;
    for (let place = topic; place < topic + topicBytes + 1; place++) out[to++] = bytes[place]!;
    let length = 0;
    let place = topic + topicBytes + 1;
    for (let byte = bytes[place]!; byte >= ZERO && byte <= NINE; byte = bytes[++place]!) {
      length = 10 * length + byte - ZERO;
    }
    while (bytes[place] !== LF) place++;
    const payload = place + 1;
    for (place = payload; place < payload + length; place++) {
      const byte = bytes[place]!;
      if (byte === LF) {
        out[to++] = BACKSLASH;
        out[to++] = LETTER_N;
      } else {
        out[to++] = byte;
      }
    }
    out[to++] = LF;
    at = payload + length + 1;
  }
  return to;
}

/** How much room {@link withSharps} needs. */
export function sharpsRoom(from: Deliveries): number {
  return from.end - from.start + from.count;
}

/** Writes v2 frames whose topic stands without its `#` with it; how many bytes that made. */
export function withSharps(from: Deliveries, out: Uint8Array): number {
  const { bytes, end, topicBytes } = from;
  let to = 0;
  for (let at = from.start; at < end;) {
    for (const byte of PUB) out[to++] = byte;
    out[to++] = SHARP;
    // the topic as it stands is one byte shorter
    const next = frameEnd(bytes, at, topicBytes - 1);
    for (let place = at + PUB.length; place < next; place++) out[to++] = bytes[place]!;
    at = next;
  }
  return to;
}

/** Where the last delivery of a run begins. */
export function lastDelivery(from: Deliveries, form: "classic" | "frames"): number {
  const { bytes, start, end, count, topicBytes } = from;
  if (count === 1) return start;
  if (form === "classic") return bytes.lastIndexOf(LF, end - 2) + 1;
  let at = start;
  for (let left = count; left > 1; left--) at = frameEnd(bytes, at, topicBytes);
  return at;
}

/** Writes the frames but for those at some positions to the beginning of `out`; how many bytes that made. */
export function without(from: Deliveries, omitted: ReadonlySet<number>, out: Uint8Array): number {
  const { bytes, start, end, topicBytes } = from;
  let to = 0;
  for (let at = start, position = 0; at < end; position++) {
    const next = frameEnd(bytes, at, topicBytes);
    if (!omitted.has(position)) {
      out.set(bytes.subarray(at, next), to);
      to += next - at;
    }
    at = next;
  }
  return to;
}

/** Where the frame at `at` ends. */
function frameEnd(bytes: Uint8Array, at: number, topicBytes: number): number {
  let length = 0;
  let place = at + PUB.length + topicBytes + 1;
  for (let byte = bytes[place]!; byte >= ZERO && byte <= NINE; byte = bytes[++place]!) {
    length = 10 * length + byte - ZERO;
  }
  while (bytes[place] !== LF) place++;
  return place + 1 + length + 1;
}

function writeNumber(out: Uint8Array, number: { at: number; value: number }): number {
  const { at, value } = number;
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  for (let place = at + digits - 1, rest = value; place >= at; place--, rest = Math.floor(rest / 10)) {
    out[place] = ZERO + rest % 10;
  }
  return at + digits;
}
