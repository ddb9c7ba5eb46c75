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
  /** How many bytes {@link write} needs, as a rule. */
  room(from: Deliveries): number;
  /**
   * Writes them to the beginning of `out`; how many bytes that made. Less than 0: `out` is too short, and so
   * many bytes (without the sign) are enough; then what is in it is of no use.
   */
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

function writeSharps({ bytes, start, end, count, topicBytes }: Deliveries, out: Uint8Array): number {
  // from the far end of `out` to its beginning: what is written never reaches what is still to be read
  out.set(bytes.subarray(start, end), count);
  // the topic as it stands is one byte shorter
  const reader = new RecordReader({
    bytes: out,
    start: count,
    end: count + end - start,
    topicBytes: topicBytes - 1,
  });
  let to = 0;
  while (reader.next()) {
    for (let place = 0; place < PUB.length; place++) out[to++] = PUB[place]!;
    out[to++] = SHARP;
    const topic = reader.start + PUB.length;
    out.copyWithin(to, topic, reader.end);
    to += reader.end - topic;
  }
  return to;
}
