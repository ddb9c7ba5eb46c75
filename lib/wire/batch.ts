/**
 * Stored messages on their way to a v2 subscriber: a header, and the records as they were published (D2).
 *
 *     batch #a 2 19 seq=7 ts=1700000000000⏎pub #a 3⏎one⏎pub #a 3⏎two⏎
 *                                          └─ number 7 ─┘└─ number 8 ─┘
 *
 * @module
 */
import { encodeText, LF, SPACE } from "./bytes.ts";
import { readDecimal } from "./decimals.ts";

/** What the header of a batch says. */
export interface BatchHeader {
  readonly topic: string;
  readonly count: number;
  /** Bytes of the records. */
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

/** Where messages of a group that are stored come from, and how often they have been given out. */
export interface SharedFrom {
  /** The sequence number of the first. */
  readonly first: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** With this time; all of them as often. */
  readonly attempt: number;
}

/** What the header of what a member of a group gets says (G2, G7). */
export interface SharedHeader {
  readonly topic: string;
  readonly count: number;
  /** Bytes of the records. */
  readonly length: number;
  readonly group: string;
  /** Undefined: they are stored nowhere. */
  readonly from: SharedFrom | undefined;
}

/** The header line with its LF. */
export function encodeSharedHeader(
  { topic, count, length, group, from }: SharedHeader,
): Uint8Array<ArrayBuffer> {
  const head = `batch ${topic} ${count} ${length} group=${group}`;
  if (from === undefined) return encodeText(`${head}\n`);
  const { first, time, attempt } = from;
  return encodeText(`${head} seq=${first} ts=${time}${attempt > 1 ? ` attempt=${attempt}` : ""}\n`);
}

const BATCH = "batch ".length;
const STORED = / seq=(\d+) ts=(\d+)/;
const decoder = new TextDecoder();

/** What every header begins with, and where its fields and its records lie. */
interface Head extends Pick<SharedHeader, "topic" | "count" | "length"> {
  readonly fields: number;
  readonly records: number;
}

/**
 * A header of ours that begins at `start`, and where its records do. Throws TypeError where there is none:
 * what is read was written here.
 */
export function readSharedHeader(
  bytes: Uint8Array,
  start: number,
): Omit<SharedHeader, "group" | "from"> & {
  readonly records: number;
  readonly from: Omit<SharedFrom, "attempt"> | undefined;
} {
  const { topic, count, length, fields, records } = readHead(bytes, start);
  const stored = STORED.exec(decoder.decode(bytes.subarray(fields, records)));
  const from = stored === null ? undefined : { first: Number(stored[1]), time: Number(stored[2]) };
  return { topic, count, length, records, from };
}

function readHead(bytes: Uint8Array, start: number): Head {
  const lf = bytes.indexOf(LF, start);
  const topicEnd = bytes.indexOf(SPACE, start + BATCH);
  const countEnd = bytes.indexOf(SPACE, topicEnd + 1);
  const lengthEnd = bytes.indexOf(SPACE, countEnd + 1);
  const count = readDecimal(bytes, topicEnd + 1, countEnd);
  const length = readDecimal(bytes, countEnd + 1, lengthEnd);
  // without an LF there is no length before it
  if (lengthEnd > lf || count < 0 || length < 0) {
    throw new TypeError("what was given to a member of a group begins with a header");
  }
  const topic = decoder.decode(bytes.subarray(start + BATCH, topicEnd));
  return { topic, count, length, fields: lengthEnd, records: lf + 1 };
}

const SEQUENCE = encodeText(" seq=");
const TIME = encodeText(" ts=");

/**
 * A header of {@link encodeBatchHeader} that begins at `start`, and where its records do. Throws TypeError
 * where there is none: what is read was written here.
 */
export function readBatchHeader(
  bytes: Uint8Array,
  start: number,
): BatchHeader & { readonly records: number } {
  const { topic, count, length, records } = readHead(bytes, start);
  const lf = records - 1;
  const timeStart = bytes.lastIndexOf(SPACE, lf);
  const sequenceStart = bytes.lastIndexOf(SPACE, timeStart - 1);
  const first = readDecimal(bytes, sequenceStart + SEQUENCE.length, timeStart);
  const time = readDecimal(bytes, timeStart + TIME.length, lf);
  if (first < 0 || time < 0) throw new TypeError("what was stored begins with a header");
  return { topic, count, length, first, time, records };
}
