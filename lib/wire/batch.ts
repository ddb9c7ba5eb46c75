/**
 * Stored messages on their way to a v2 subscriber: a header, and the records as they were published (D2).
 *
 *     batch #a 2 19 seq=7 ts=1700000000000⏎pub #a 3⏎one⏎pub #a 3⏎two⏎
 *                                          └─ number 7 ─┘└─ number 8 ─┘
 *
 * @module
 */
import { encodeText } from "./bytes.ts";

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
