/**
 * Records: messages in the one form they have on the wire, in memory, on disk and in an engine, one behind
 * the other.
 *
 *     pub #a 3⏎one⏎pub #a 3 id=k7x-1 ttl=60⏎two⏎
 *     └─ record ──┘└─ record ─────────────────┘
 *            └ fieldsStart: behind the length   └ payloadStart … payloadEnd
 *
 * For records that were checked when they came ({@link import("../protocols/frames/decoder.ts")}) or were
 * made here. What a peer sends is read by a decoder, which judges; this only walks, and says where what it
 * walks is no record.
 *
 * @module
 */
import * as bytes from "./bytes.ts";
import * as decimals from "./decimals.ts";

// a constant of another module is looked up at each use, which a loop over bytes feels: it has its own
const { CR, LF, SPACE } = bytes;
const { NINE, ZERO } = decimals;
const PUB = "pub ".length;
const EQUALS = 0x3d;

/** Where records lie. */
export interface Records {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Bytes of the topic as it stands in all of them; undefined: each has its own. */
  readonly topicBytes?: number | undefined;
}

/**
 * Walks records from the first to the last: `while (reader.next()) …`. Guarantees: never reads outside of
 * them; ends before the first that is not whole, and then is {@link broken}. One object for many records:
 * nothing is made per record.
 */
export class RecordReader {
  /** The record it stands at: where it begins, and where the next one does. */
  start: number;
  end: number;
  /**
   * Where its length begins, and the end of that, where its fields begin, if it has any, each with a space
   * before it.
   */
  lengthStart = 0;
  fieldsStart = 0;
  /** Its payload; an LF before it, and one behind it. */
  payloadStart = 0;
  payloadEnd = 0;
  /** What it stopped at is no record, or not a whole one. */
  broken = false;
  /** Where the value lies that {@link find} found. */
  valueStart = 0;
  valueEnd = 0;

  readonly #bytes: Uint8Array;
  readonly #limit: number;
  /** From the beginning of a record to its length; 0: to be found in each. */
  readonly #toLength: number;

  constructor({ bytes, start, end, topicBytes }: Records) {
    this.#bytes = bytes;
    this.#limit = end;
    this.#toLength = topicBytes === undefined ? 0 : PUB + topicBytes + 1;
    this.start = this.end = start;
  }

  /** Steps to the next record; false: there is none. */
  next(): boolean {
    const bytes = this.#bytes;
    const limit = this.#limit;
    const start = this.end;
    if (start >= limit || this.broken) return false;
    let at = this.#toLength === 0 ? this.#lengthAfter(start) : start + this.#toLength;
    const lengthStart = at;
    let length = 0;
    for (let byte = bytes[at]!; byte >= ZERO && byte <= NINE; byte = bytes[++at]!) {
      length = 10 * length + byte - ZERO;
    }
    const fieldsStart = at;
    while (at < limit && bytes[at] !== LF) at++;
    const end = at + 1 + length + 1;
    if (fieldsStart === lengthStart || end > limit || bytes[end - 1] !== LF) {
      this.broken = true;
      return false;
    }
    this.start = start;
    this.lengthStart = lengthStart;
    this.fieldsStart = fieldsStart;
    this.payloadStart = at + 1;
    this.payloadEnd = end - 1;
    this.end = end;
    return true;
  }

  /** Steps over so many records; false: there are not so many. */
  skip(count: number): boolean {
    for (let left = count; left > 0; left--) if (!this.next()) return false;
    return true;
  }

  /** Where its fields end: an LF is behind that, perhaps with a CR before it. */
  get fieldsEnd(): number {
    const lf = this.payloadStart - 1;
    return this.#bytes[lf - 1] === CR ? lf - 1 : lf;
  }

  /** Finds the last of its fields with that name; false: it is not there. */
  find(name: Uint8Array): boolean {
    const bytes = this.#bytes;
    const stop = this.fieldsEnd;
    let found = false;
    for (let at = this.fieldsStart; at < stop;) {
      const key = ++at;
      while (at < stop && bytes[at] !== SPACE) at++;
      if (at <= key + name.length || bytes[key + name.length] !== EQUALS) continue;
      let same = true;
      for (let place = 0; same && place < name.length; place++) same = bytes[key + place] === name[place];
      if (!same) continue;
      this.valueStart = key + name.length + 1;
      this.valueEnd = at;
      found = true;
    }
    return found;
  }

  /** Where the length begins of a record whose topic is not known; beyond the limit where it has none. */
  #lengthAfter(start: number): number {
    const space = this.#bytes.indexOf(SPACE, start + PUB);
    return space === -1 ? this.#limit : space + 1;
  }
}

/** What every record of a topic begins with: `pub #a `. */
export function recordHead(topic: string): Uint8Array<ArrayBuffer> {
  return bytes.encodeText(`pub ${topic} `);
}

/** Whether all of `bytes` is exactly `count` records that begin with `head`. */
export function areRecords(bytes: Uint8Array, head: Uint8Array, count: number): boolean {
  const reader = new RecordReader({ bytes, start: 0, end: bytes.length, topicBytes: head.length - PUB - 1 });
  for (let left = count; left > 0; left--) {
    if (!reader.next()) return false;
    for (let at = 0; at < head.length; at++) if (bytes[reader.start + at] !== head[at]) return false;
  }
  return reader.end === bytes.length;
}
