/**
 * Copies bytes up to an LF and looks for that in the same pass, four bytes at a time.
 *
 * What is copied lies anywhere and goes anywhere, so a word of it is put together from two:
 *
 *     from   · · · a │ b c d e │ f g h i │ …
 *     out            │ a b c d │ e f g h │ …
 *
 * A word has its first byte lowest here, as on every processor Deno runs on.
 *
 * @module
 */
import * as bytes from "./bytes.ts";

// its own, for its loops over bytes: see records.ts
const { LF } = bytes;
const LF_IN_EACH_BYTE = 0x0a0a0a0a;
const ONE_IN_EACH_BYTE = 0x01010101;
const HIGH_BIT_IN_EACH_BYTE = 0x80808080 | 0;

/** To look at fewer bytes as words costs more than it brings. */
const WORDS_FROM = 512;
const NO_WORDS = new Int32Array(0);

/**
 * From one array to another, a stretch without an LF at a time. One object for many stretches, of so many
 * bytes in all: nothing is made for each.
 */
export class LineCopier {
  readonly #from: Uint8Array;
  readonly #out: Uint8Array;
  readonly #fromWords: Int32Array;
  readonly #outWords: Int32Array;

  constructor(from: Uint8Array, out: Uint8Array, length: number) {
    this.#from = from;
    this.#out = out;
    this.#fromWords = length < WORDS_FROM ? NO_WORDS : wordsOf(from);
    this.#outWords = length < WORDS_FROM ? NO_WORDS : wordsOf(out);
  }

  /**
   * Copies from `at` up to the first LF, or to `end` where there is none before it, and says where that is.
   * There has to be room for what lies before `end`.
   */
  copy(at: number, end: number, to: number): number {
    const from = this.#from;
    const out = this.#out;
    const shift = (from.byteOffset + at - out.byteOffset - to & 3) << 3;
    // to where a word of `out` begins
    for (let odd = -(out.byteOffset + to) & 3; odd > 0; odd--) {
      const byte = from[at]!;
      if (at === end || byte === LF) return at;
      out[to++] = byte;
      at++;
    }
    const words = this.#fromWords;
    const outWords = this.#outWords;
    let word = from.byteOffset + at >> 2;
    let outWord = out.byteOffset + to >> 2;
    const stop = outWord + Math.min(end - at >> 2, words.length - word - 1);
    if (outWord < stop) {
      const first = outWord;
      let low = words[word]!;
      do {
        const high = words[++word]!;
        // two shifts: one by 32 would be none
        const both = low >>> shift | high << 1 << 31 - shift;
        const differs = both ^ LF_IN_EACH_BYTE;
        if ((differs - ONE_IN_EACH_BYTE & ~differs & HIGH_BIT_IN_EACH_BYTE) !== 0) break;
        outWords[outWord] = both;
        low = high;
      } while (++outWord < stop);
      const copied = outWord - first << 2;
      at += copied;
      to += copied;
    }
    for (; at < end; at++) {
      const byte = from[at]!;
      if (byte === LF) return at;
      out[to++] = byte;
    }
    return at;
  }
}

/** The words its bytes lie in; others may lie in them as well. */
function wordsOf({ buffer }: Uint8Array): Int32Array {
  return new Int32Array(buffer, 0, buffer.byteLength >> 2);
}
