/**
 * Stored messages on their way to a v2 subscriber: a header, and the frames as they were published.
 *
 *     batch #a 2 19 seq=7 ts=1700000000000⏎pub #a 3⏎one⏎pub #a 3⏎two⏎
 *                                          └─ number 7 ─┘└─ number 8 ─┘
 *
 * @module
 */
import { encodeText, LF } from "./bytes.ts";

const ZERO = 0x30;
const NINE = 0x39;
const PUB = "pub ".length;

/** What the header of a batch says. */
export interface BatchHeader {
  readonly topic: string;
  readonly count: number;
  /** Bytes of the frames. */
  readonly length: number;
  /** The sequence number of the first. */
  readonly first: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** The header line with its LF. */
export function encodeBatchHeader(header: BatchHeader): Uint8Array<ArrayBuffer> {
  const { topic, count, length, first, time } = header;
  return encodeText(`batch ${topic} ${count} ${length} seq=${first} ts=${time}\n`);
}

/** Where to begin to walk, and how far. */
export interface Walk {
  /** Where a frame begins. */
  readonly from: number;
  /** How many frames to pass over. */
  readonly count: number;
  /** Bytes of the canonical topic in UTF-8, the same in all frames. */
  readonly topicBytes: number;
}

/** Where the frame begins that `count` frames lie before; undefined where the bytes are no such frames. */
export function passFrames(bytes: Uint8Array, { from, count, topicBytes }: Walk): number | undefined {
  const end = bytes.length;
  let at = from;
  for (let left = count; left > 0; left--) {
    let place = at + PUB + topicBytes + 1;
    let byte = bytes[place] ?? LF;
    if (byte < ZERO || byte > NINE) return undefined;
    let length = 0;
    for (; byte >= ZERO && byte <= NINE; byte = bytes[++place] ?? LF) length = 10 * length + byte - ZERO;
    while (place < end && bytes[place] !== LF) place++;
    at = place + 1 + length + 1;
    if (at > end || bytes[at - 1] !== LF) return undefined;
  }
  return at;
}

/** What every frame to a topic begins with, its length last: for who checks each frame he walks. */
export function frameHead(topic: string): Uint8Array<ArrayBuffer> {
  return encodeText(`pub ${topic} `);
}

/** Whether all of `bytes` is exactly `count` frames that begin with `head`. */
export function areFrames(bytes: Uint8Array, head: Uint8Array, count: number): boolean {
  const topicBytes = head.length - PUB - 1;
  let at = 0;
  for (let left = count; left > 0; left--) {
    for (let place = 0; place < head.length; place++) if (bytes[at + place] !== head[place]) return false;
    const next = passFrames(bytes, { from: at, count: 1, topicBytes });
    if (next === undefined) return false;
    at = next;
  }
  return at === bytes.length;
}
