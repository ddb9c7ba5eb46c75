/**
 * `ack` requests as most clients write them, many at a time and without a string for each.
 *
 *     ack workers #a 7⏎ack workers #a 8⏎ack workers #a 9⏎
 *     └─── head ───┘└─ three requests, from 7 to before 10
 *
 * @module
 */
import { decodeText } from "../../text.ts";
import { encodeText, LF, SPACE } from "../../wire/bytes.ts";
import * as decimals from "../../wire/decimals.ts";
import type { Acks } from "../decoder.ts";

// its own, for its loops over bytes: see wire/records.ts
const { NINE, ZERO } = decimals;
const VERB = encodeText("ack ");
const ALL = encodeText(" all");
const HYPHEN = 0x2d;
const DEL = 0x7f;
const DIGITS_MOST = 15;
const EMPTY = new Uint8Array(0);

/** Whether `ack ` stands there. */
export function isAck(buffer: Uint8Array, at: number): boolean {
  return buffer[at] === 0x61 && buffer[at + 1] === 0x63 && buffer[at + 2] === 0x6b &&
    buffer[at + 3] === SPACE;
}

/**
 * Takes `ack <group> <topic> <seq>[-<last>] [all]`, of single numbers as many as count up; whatever else an
 * `ack` may be, somebody else judges. What it took is as it was when {@link read} returned, until it is
 * called again.
 */
export class AckReader implements Acks {
  group = "";
  head: Uint8Array = EMPTY;
  topicStart = 0;
  topicEnd = 0;
  count = 0;
  from = 0;
  end = 0;
  all = false;
  /** Bytes of the head, with the space behind the topic; 0: none is known. */
  #headLength = 0;
  /** The number that {@link #number} read, and where it ends. */
  #value = 0;
  #at = 0;

  /**
   * Reads from `start`, where `ack ` stands, to `limit` at most, where an LF stands; lines have at most so
   * many bytes. Where what it took ends: at `start` where it took nothing.
   */
  read(buffer: Uint8Array, start: number, { limit, line }: { limit: number; line: number }): number {
    this.count = 0;
    if (!this.#begins(buffer, start) && !this.#learn(buffer, start, limit)) return start;
    let end = this.#one(buffer, start, { limit, line });
    if (end === start) return start;
    this.count = 1;
    if (this.all || this.end - this.from > 1) return end;
    while (end < limit && this.#begins(buffer, end)) {
      const { from, end: next } = this;
      const behind = this.#one(buffer, end, { limit, line });
      const follows = behind > end && this.from === next && this.end === next + 1 && !this.all;
      this.from = from;
      this.end = next;
      this.all = false;
      if (!follows) break;
      this.end++;
      this.count++;
      end = behind;
    }
    return end;
  }

  /** The request there, with the head that is known; where it ends, or `start`. */
  #one(buffer: Uint8Array, start: number, { limit, line }: { limit: number; line: number }): number {
    this.all = false;
    if (!this.#number(buffer, start + this.#headLength)) return start;
    this.from = this.#value;
    if (buffer[this.#at] === HYPHEN && !this.#number(buffer, this.#at + 1)) return start;
    if (this.#value < this.from) return start;
    this.end = this.#value + 1;
    let at = this.#at;
    if (buffer[at] === SPACE) {
      for (let place = 0; place < ALL.length; place++) if (buffer[at + place] !== ALL[place]) return start;
      this.all = true;
      at += ALL.length;
    }
    return buffer[at] === LF && at < limit && at - start <= line ? at + 1 : start;
  }

  /** A sequence number: from 1 on, without leading zeros. */
  #number(buffer: Uint8Array, start: number): boolean {
    let at = start;
    let value = 0;
    for (let byte = buffer[at]!; byte >= ZERO && byte <= NINE; byte = buffer[++at]!) {
      value = 10 * value + byte - ZERO;
      if (value === 0 || at - start === DIGITS_MOST) return false;
    }
    this.#value = value;
    this.#at = at;
    return at > start;
  }

  #begins(buffer: Uint8Array, start: number): boolean {
    const head = this.head;
    const length = this.#headLength;
    let same = 0;
    while (same < length && buffer[start + same] === head[same]) same++;
    return length > 0 && same === length;
  }

  /** `ack <group> <topic> `; false: it is something else, or not UTF-8. */
  #learn(buffer: Uint8Array, start: number, limit: number): boolean {
    this.#headLength = 0;
    const groupEnd = wordEnd(buffer, start + VERB.length, limit);
    const topicEnd = wordEnd(buffer, groupEnd + 1, limit);
    if (groupEnd === start + VERB.length || topicEnd <= groupEnd + 1) return false;
    const length = topicEnd + 1 - start;
    const groupLength = groupEnd + 1 - start;
    if (this.head.length < length) this.head = grown(this.head, length);
    let sameGroup = this.topicStart === groupLength;
    let ascii = true;
    for (let at = 0; at < length; at++) {
      const byte = buffer[start + at]!;
      if (at < groupLength && byte !== this.head[at]) sameGroup = false;
      if (byte >= DEL) ascii = false;
      this.head[at] = byte;
    }
    this.topicStart = groupLength;
    this.topicEnd = length - 1;
    if (!ascii && decodeText(this.head.subarray(0, length)) === undefined) {
      this.topicStart = 0;
      return false;
    }
    if (!sameGroup) this.group = decodeText(this.head.subarray(VERB.length, groupLength - 1)) ?? "";
    this.#headLength = length;
    return true;
  }
}

/** Where the word ends that begins there: at a space; `start` where there is no such word. */
function wordEnd(buffer: Uint8Array, start: number, limit: number): number {
  let at = start;
  while (at < limit && buffer[at]! > SPACE) at++;
  return at < limit && buffer[at] === SPACE ? at : start;
}

function grown(bytes: Uint8Array, length: number): Uint8Array {
  const larger = new Uint8Array(Math.max(64, 2 * length));
  larger.set(bytes);
  return larger;
}
