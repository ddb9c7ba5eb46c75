/**
 * Counts what tells a publisher that its messages were taken.
 *
 * @module
 */
import { Counter } from "./counter.ts";
import type { Replies } from "./dialects/mod.ts";
import type { Signal } from "./signal.ts";
import type { Wire } from "./wire.ts";

/** Bytes of a read; a line is shorter by far. */
const READ_BYTES = 64 * 1024;
const ZERO = 0x30;

/** Messages that were answered on one connection, since it was made. */
export interface Answers {
  readonly messages: number;
  /** What went wrong, or `null`. */
  readonly problem: string | null;
  /** Whether as many as {@link Answers.expectInAll} said are answered. */
  readonly reached: boolean;
  /** By how many bytes or messages too many came. */
  readonly excess: number;
  expectInAll(messages: number): void;
  /** The connection may end now without that being a problem. */
  stop(): void;
}

/** Reads the replies of a publisher's connection until it ends. */
export function countAnswers(wire: Wire, replies: Replies, changed: Signal): Answers {
  if (replies.kind === "counted") return new CountedAnswers(wire, replies, changed);
  return new Counter(wire, {
    expected: replies.bytes,
    buffer: new Uint8Array(READ_BYTES),
    alone: true,
    interjection: null,
    changed,
  });
}

/** Reads `<before><n><after>` over and over, every byte of it, and sums n. No line becomes a string. */
class CountedAnswers implements Answers {
  readonly #wire: Wire;
  readonly #before: Uint8Array;
  readonly #after: Uint8Array;
  readonly #changed: Signal;
  #messages = 0;
  #goal = Infinity;
  #problem: string | null = null;
  #stopped = false;

  constructor(wire: Wire, form: Extract<Replies, { kind: "counted" }>, changed: Signal) {
    this.#wire = wire;
    this.#before = form.before;
    this.#after = form.after;
    this.#changed = changed;
    this.#run().catch((error: unknown) => this.#fail(error instanceof Error ? error.message : String(error)));
  }

  get messages(): number {
    return this.#messages;
  }

  get problem(): string | null {
    return this.#problem;
  }

  get reached(): boolean {
    return this.#messages >= this.#goal;
  }

  get excess(): number {
    return this.#messages - this.#goal;
  }

  expectInAll(messages: number): void {
    this.#goal = messages;
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    let filled = 0;
    while (true) {
      const got = await this.#wire.read(buffer.subarray(filled));
      if (got === null) return this.#fail("the broker closed the connection");
      filled += got;
      let at = 0;
      for (let end = this.#line(buffer, at, filled); end > at; end = this.#line(buffer, at, filled)) at = end;
      if (this.#problem !== null) return;
      buffer.copyWithin(0, at, filled);
      filled -= at;
      this.#changed.fire();
    }
  }

  /** Takes the line at `start` and returns where the next one begins; `start` where it is not whole or not as it should be. */
  #line(buffer: Uint8Array, start: number, filled: number): number {
    const lf = buffer.indexOf(10, start);
    if (lf < 0 || lf >= filled) return start;
    const digits = start + this.#before.length;
    const stop = lf + 1 - this.#after.length;
    let count = 0;
    let right = stop > digits && matches(buffer, start, this.#before) && matches(buffer, stop, this.#after);
    for (let at = digits; at < stop && right; at++) {
      const digit = (buffer[at] ?? 0) - ZERO;
      right = digit >= 0 && digit <= 9;
      count = 10 * count + digit;
    }
    if (right) {
      this.#messages += count;
      return lf + 1;
    }
    const decoder = new TextDecoder();
    const form = JSON.stringify(`${decoder.decode(this.#before)}<n>${decoder.decode(this.#after)}`);
    const line = JSON.stringify(decoder.decode(buffer.subarray(start, Math.min(lf + 1, start + 60))));
    this.#fail(`expected ${form}, got ${line}`);
    return start;
  }

  #fail(problem: string): void {
    if (this.#stopped) return;
    this.#problem ??= problem;
    this.#changed.fire();
  }
}

function matches(buffer: Uint8Array, from: number, expected: Uint8Array): boolean {
  for (let at = 0; at < expected.length; at++) if (buffer[from + at] !== expected[at]) return false;
  return true;
}
