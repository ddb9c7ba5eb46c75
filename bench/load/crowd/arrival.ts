/**
 * Waits for one message at a time on a subscriber's connection and holds it against what it should be, byte for byte.
 *
 * @module
 */
import type { Source } from "../sockets/socket.ts";

/** The deliveries on one connection. What is none ends the run: {@link Arrival.read} throws. */
export class Arrival {
  readonly #expected: Uint8Array;
  readonly #interjection: Uint8Array | null;
  readonly #buffer: Uint8Array<ArrayBuffer>;
  /** Bytes of the message that have come. */
  #came = 0;
  /** Bytes of an interjection that have come. */
  #between = 0;

  /** `buffer`: may be the same for all, what is read is looked at at once. */
  constructor(
    expected: Uint8Array,
    { interjection, buffer }: {
      readonly interjection: Uint8Array | null;
      readonly buffer: Uint8Array<ArrayBuffer>;
    },
  ) {
    this.#expected = expected;
    this.#interjection = interjection;
    this.#buffer = buffer;
  }

  /** Reads once and says how many messages that completed; -1 at the end. */
  read(source: Source): number {
    const got = source.read(this.#buffer);
    if (got <= 0) return got === 0 ? -1 : 0;
    let messages = 0;
    for (let at = 0; at < got; at++) {
      const byte = this.#buffer[at];
      if (this.#between === 0 && byte === this.#expected[this.#came]) {
        if (++this.#came < this.#expected.length) continue;
        this.#came = 0;
        messages++;
      } else this.#passOver(at, got);
    }
    return messages;
  }

  /** Takes a byte of what may stand between messages, and begins otherwise than they do. */
  #passOver(at: number, got: number): void {
    const between = this.#interjection;
    if (between === null || this.#came > 0 || this.#buffer[at] !== between[this.#between]) {
      const decoder = new TextDecoder();
      const shown = decoder.decode(this.#buffer.subarray(at, Math.min(got, at + 60)));
      const expected = decoder.decode(this.#expected.subarray(0, 60));
      throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(shown)}`);
    }
    if (++this.#between === between.length) this.#between = 0;
  }
}
