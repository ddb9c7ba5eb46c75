/**
 * Counts stored messages as they come to a subscriber: headers of batches are read and held against each other, and of every
 * batch the beginning of the first frame; the frames are passed over.
 *
 * @module
 */

const LF = 10;
const ZERO = 0x30;
const encoder = new TextEncoder();
const BATCH = encoder.encode("batch #t");
const INFO = encoder.encode("info ");
const SEQ = encoder.encode(" seq=");
/** Digits of a topic's number, as {@link topicOf} writes it. */
const TOPIC_DIGITS = 5;

/** What stands in every batch. */
export interface BatchForm {
  /** Topics that come: those of the numbers below this. */
  readonly topics: number;
  /** Bytes of a payload. */
  readonly size: number;
}

/** Reads what one v2 subscriber gets from the beginning of a store on: every topic without a gap, a repeat or a swap. */
export class BatchCounter {
  readonly #frameLength: number;
  readonly #frameEnd: Uint8Array;
  /** By topic: the sequence number that comes next. */
  readonly #next: Float64Array;
  /** Bytes of the batch that is being passed over. */
  #left = 0;
  #messages = 0;
  #batches = 0;
  #problem: string | null = null;

  constructor({ topics, size }: BatchForm) {
    this.#frameEnd = encoder.encode(` ${size}\n`);
    this.#frameLength = "pub #t".length + TOPIC_DIGITS + this.#frameEnd.length + size + 1;
    this.#next = new Float64Array(topics).fill(1);
  }

  /** Messages of batches that have come whole. */
  get messages(): number {
    return this.#messages - Math.ceil(this.#left / this.#frameLength);
  }

  get batches(): number {
    return this.#batches;
  }

  /** What was not as it should be, or `null`. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Takes what is in `buffer` up to `filled`, and returns where what is not yet whole begins. */
  take(buffer: Uint8Array, filled: number): number {
    let at = 0;
    while (this.#problem === null) {
      const passed = Math.min(this.#left, filled - at);
      this.#left -= passed;
      at += passed;
      if (at === filled) break;
      const lf = buffer.subarray(at, filled).indexOf(LF);
      if (lf < 0) break;
      const begin = at + lf + 1;
      if (starts(buffer, at, INFO)) {
        at = begin;
        continue;
      }
      // the beginning of the first frame is looked at together with the header
      if (filled - begin < this.#frameLength) break;
      this.#header(buffer, at, begin);
      at = begin;
    }
    return at;
  }

  /** Reads `batch <topic> <COUNT> <LEN> seq=<first> ts=<time>` at `at`, behind which the frames begin at `begin`. */
  #header(buffer: Uint8Array, at: number, begin: number): void {
    const digits = new Digits(buffer, at + BATCH.length);
    const topic = digits.number();
    digits.pass(1);
    const count = digits.number();
    digits.pass(1);
    const length = digits.number();
    const right = starts(buffer, at, BATCH) && starts(buffer, digits.at, SEQ);
    digits.pass(SEQ.length);
    const first = digits.number();
    const next = this.#next[topic];
    if (!right || next === undefined || count === 0 || length !== count * this.#frameLength) {
      return this.#fail(buffer, at, "is no header of a batch of these messages");
    }
    if (first !== next) return this.#fail(buffer, at, `has not the sequence number ${next}`);
    if (!this.#frame(buffer, begin, topic)) return this.#fail(buffer, at, "has other frames");
    this.#next[topic] = first + count;
    this.#messages += count;
    this.#batches++;
    this.#left = length;
  }

  #frame(buffer: Uint8Array, begin: number, topic: number): boolean {
    const digits = new Digits(buffer, begin + "pub #t".length);
    return buffer[begin] === 0x70 && digits.number() === topic && starts(buffer, digits.at, this.#frameEnd);
  }

  #fail(buffer: Uint8Array, at: number, why: string): void {
    const [line = ""] = new TextDecoder().decode(buffer.subarray(at, at + 200)).split("\n");
    this.#problem = `${JSON.stringify(line)} ${why}`;
  }
}

/** Reads decimal numbers one after the other. */
class Digits {
  readonly #buffer: Uint8Array;
  at: number;

  constructor(buffer: Uint8Array, at: number) {
    this.#buffer = buffer;
    this.at = at;
  }

  /** The number here, 0 where there is none. */
  number(): number {
    let value = 0;
    while (true) {
      const digit = (this.#buffer[this.at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) return value;
      value = 10 * value + digit;
      this.at++;
    }
  }

  pass(count: number): void {
    this.at += count;
  }
}

function starts(buffer: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index++) {
    if (buffer[at + index] !== expected[index]) return false;
  }
  return true;
}
