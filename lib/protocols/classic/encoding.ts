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
import * as wire from "../../wire/bytes.ts";
import { digitsOf, writeDecimal } from "../../wire/decimals.ts";
import type { Deliveries, Encoding } from "../../wire/encoding.ts";
import { LineCopier } from "../../wire/line_copier.ts";
import { RecordReader } from "../../wire/records.ts";

// its own, for its loops over bytes: see wire/records.ts
const { LF } = wire;
const BACKSLASH = 0x5c;
const LETTER_N = 0x6e;
const PUB = [0x70, 0x75, 0x62, 0x20];
/** Where there is one LF more are near, as a rule: so many bytes behind it are looked at one by one. */
const NEAR = 32;

/** Lines: the topic, a space, the message, an LF. */
export const CLASSIC_LINES: Encoding = {
  name: "classic",
  toRecords: { room: recordsRoom, write: writeRecords },
  fromRecords: { room: linesRoom, write: writeLines },
};

/** Each grows by `pub `, the length and an LF. */
function recordsRoom({ start, end, count }: Deliveries): number {
  return end - start + count * (PUB.length + digitsOf(end - start) + 1);
}

function writeRecords({ bytes, start, end, topicBytes }: Deliveries, out: Uint8Array): number {
  const copier = new LineCopier(bytes, out, end - start);
  const head = topicBytes + 1;
  let at = start;
  let to = 0;
  // the length is known when the message has been copied: behind as many digits as the last one had
  let digits = 1;
  while (at < end) {
    const message = at + head;
    for (let place = 0; place < PUB.length; place++) out[to++] = PUB[place]!;
    for (let place = at; place < message; place++) out[to++] = bytes[place]!;
    const guessed = to + digits + 1;
    const lf = copier.copy(message, end, guessed);
    const length = lf - message;
    const before = digits;
    digits = digitsOf(length);
    const payload = to + digits + 1;
    if (digits !== before) out.copyWithin(payload, guessed, guessed + length);
    writeDecimal(out, { at: to, value: length });
    out[payload - 1] = LF;
    to = payload + length;
    out[to++] = LF;
    at = lf + 1;
  }
  return to;
}

/** A line is shorter than its record by five bytes and more, so LFs in payloads mostly find room, too. */
function linesRoom({ start, end }: Deliveries): number {
  return end - start;
}

/** An LF in a payload becomes two characters (V5). */
function writeLines(from: Deliveries, out: Uint8Array): number {
  const { bytes } = from;
  const reader = new RecordReader(from);
  const copier = new LineCopier(bytes, out, from.end - from.start);
  let to = 0;
  while (reader.next()) {
    const { start, lengthStart, payloadStart, payloadEnd } = reader;
    const topic = start + PUB.length;
    if (to + lengthStart - topic + payloadEnd - payloadStart >= out.length) return -roomWithLfs(from);
    for (let place = topic; place < lengthStart; place++) out[to++] = bytes[place]!;
    let at = copier.copy(payloadStart, payloadEnd, to);
    to += at - payloadStart;
    while (at < payloadEnd) {
      const near = Math.min(at + NEAR, payloadEnd);
      for (; at < near; at++) {
        const byte = bytes[at]!;
        if (byte !== LF) {
          out[to++] = byte;
          continue;
        }
        // what is left of the payload and the LF behind it fit as they are
        if (to + payloadEnd - at + 1 >= out.length) return -roomWithLfs(from);
        out[to++] = BACKSLASH;
        out[to++] = LETTER_N;
      }
      at = copier.copy(near, payloadEnd, to);
      to += at - near;
    }
    out[to++] = LF;
  }
  return to;
}

function roomWithLfs({ bytes, start, end }: Deliveries): number {
  let room = end - start;
  for (let at = start; at < end; at++) if (bytes[at] === LF) room++;
  return room;
}
