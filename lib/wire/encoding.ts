/**
 * Encodings: the ways in which a protocol writes messages. Records are the one in the middle: every other
 * says how it is made of records and how records are made of it, so a third encoding needs to know none of
 * the others.
 *
 *     classic  #a one⏎    ⇄    record  pub #a 3⏎one⏎    ⇄    …
 *
 * @module
 */
import { SHARP } from "./bytes.ts";
import { RecordReader } from "./records.ts";

/**
 * A run as it lies: `bytes` from `start` to `end`, all to the topic whose canonical name has `topicBytes`
 * bytes.
 */
export interface Deliveries {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly count: number;
  readonly topicBytes: number;
}

/** How deliveries are written anew, a whole run at a time. */
export interface Conversion {
  /** How many bytes {@link write} needs at most. */
  room(from: Deliveries): number;
  /** Writes them to the beginning of `out`; how many bytes that made. */
  write(from: Deliveries, out: Uint8Array): number;
}

/** One way to write messages. */
export interface Encoding {
  readonly name: string;
  readonly toRecords: Conversion;
  readonly fromRecords: Conversion;
}

const AS_IT_IS: Conversion = {
  room: ({ start, end }) => end - start,
  write: ({ bytes, start, end }, out) => {
    out.set(bytes.subarray(start, end));
    return end - start;
  },
};

/** Records as they are. */
export const RECORDS: Encoding = { name: "records", toRecords: AS_IT_IS, fromRecords: AS_IT_IS };

/** Records whose topic stands without its `#`, as a v2 publisher may write it: nobody is given these. */
export const RECORDS_WITHOUT_SHARP: Encoding = {
  name: "records without #",
  toRecords: { room: ({ start, end, count }) => end - start + count, write: writeSharps },
  fromRecords: {
    room: () => 0,
    write: () => {
      throw new TypeError("a delivery has the # of its topic");
    },
  },
};

const PUB = [0x70, 0x75, 0x62, 0x20];

function writeSharps(from: Deliveries, out: Uint8Array): number {
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
