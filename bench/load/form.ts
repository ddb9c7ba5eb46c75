/**
 * Reads answers that have numbers in them, every byte, without making a string of any.
 *
 * @module
 */
import type { FormPart } from "./dialects/mod.ts";

const ZERO = 0x30;
const BLANK = 0x20;
/** So much of what was not expected is shown. */
const SHOWN_BYTES = 60;

/** Sums the answers of one connection. */
export class FormReader {
  readonly #parts: readonly FormPart[];
  readonly #interjection: readonly FormPart[];
  readonly #counted: boolean;
  #messages = 0;
  #sequence = 0;
  #problem: string | null = null;
  /** Of the answer that is being read. */
  #count = 0;
  #last = 0;

  constructor(parts: readonly FormPart[], interjection: Uint8Array<ArrayBuffer> | null) {
    this.#parts = parts;
    this.#interjection = interjection === null ? [] : [interjection];
    this.#counted = parts.includes("count");
  }

  /** Messages that were answered. */
  get messages(): number {
    return this.#messages;
  }

  /** What came in place of an answer, or `null`. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Takes the whole answers in `buffer` up to `filled` and returns where the rest begins. */
  take(buffer: Uint8Array, filled: number): number {
    let at = 0;
    while (at < filled && this.#problem === null) {
      let end = this.#match(this.#parts, buffer, { at, filled });
      if (end > at) {
        this.#messages += this.#counted ? this.#count : 1;
        this.#sequence = this.#last;
      } else if (end === WRONG && this.#interjection.length > 0) {
        end = this.#match(this.#interjection, buffer, { at, filled });
      }
      if (end === WRONG) this.#wrong(buffer.subarray(at, filled));
      if (end <= at) break;
      at = end;
    }
    return at;
  }

  /** Where the answer at `at` ends; {@link PART} where it is not whole, {@link WRONG} where it is none. */
  #match(
    parts: readonly FormPart[],
    buffer: Uint8Array,
    { at: start, filled }: { readonly at: number; readonly filled: number },
  ): number {
    let at = start;
    for (const part of parts) {
      if (typeof part !== "string") {
        for (let index = 0; index < part.length; index++, at++) {
          if (at === filled) return PART;
          if (buffer[at] !== part[index]) return WRONG;
        }
        continue;
      }
      while (at < filled && buffer[at] === BLANK) at++;
      const digits = at;
      let value = 0;
      for (; at < filled; at++) {
        const digit = (buffer[at] ?? 0) - ZERO;
        if (digit < 0 || digit > 9) break;
        value = 10 * value + digit;
      }
      if (at === filled) return PART;
      if (at === digits) return WRONG;
      if (part === "count") this.#count = value;
      if (part !== "sequence") continue;
      if (value <= this.#sequence) return WRONG;
      this.#last = value;
    }
    return at;
  }

  #wrong(rest: Uint8Array): void {
    const lf = rest.indexOf(10);
    const got = rest.subarray(0, Math.min(lf < 0 ? rest.length : lf + 1, SHOWN_BYTES));
    const decoder = new TextDecoder();
    const form = this.#parts.map((part) => typeof part === "string" ? `<${part}>` : decoder.decode(part));
    const above = this.#sequence > 0 ? ` above ${this.#sequence}` : "";
    this.#problem = `expected ${JSON.stringify(form.join(""))}${above}, got ${
      JSON.stringify(decoder.decode(got))
    }`;
  }
}

const PART = -1;
const WRONG = -2;
