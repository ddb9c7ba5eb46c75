/**
 * Counts what comes in on one connection, without reading it.
 *
 * - the first messages are compared byte for byte with what is expected;
 * - of every later read the beginning of one message is looked at, where arithmetic puts it: a byte, or its topic where that
 *   changes with every message;
 * - what is counted at the end is exact: a whole number of messages, or {@link Counter.excess} says by how many bytes not.
 *
 * @module
 */
import type { Signal } from "./signal.ts";
import type { Wire } from "./wire.ts";

/** So many messages are compared in full. */
const COMPARED = 4;
/** So many bytes of a message that is not the one before, in each read. */
const LOOKED_BYTES = 64;

/** What a counter is told. */
export interface CounterOptions {
  /** One message as it must come, or several that take turns. */
  readonly expected: Uint8Array<ArrayBuffer>;
  /** Bytes of a message, where there are several. */
  readonly length?: number;
  /** Where reads go. May be shared between counters: then `alone` is false and later reads are not looked at. */
  readonly buffer: Uint8Array<ArrayBuffer>;
  readonly alone: boolean;
  /** What may stand between messages unasked. */
  readonly interjection: Uint8Array<ArrayBuffer> | null;
  /** Fired at every change. */
  readonly changed: Signal;
}

/** Reads a connection until it ends or {@link Counter.stop}. */
export class Counter {
  readonly #wire: Wire;
  readonly #options: CounterOptions;
  readonly #length: number;
  #bytes = 0;
  #goal = Infinity;
  #reachedAt = 0;
  #problem: string | null = null;
  #stopped = false;

  constructor(wire: Wire, options: CounterOptions) {
    this.#wire = wire;
    this.#options = options;
    this.#length = options.length ?? options.expected.length;
    this.#run().catch((error: unknown) => this.#fail(error instanceof Error ? error.message : String(error)));
  }

  /** Whole messages so far. */
  get messages(): number {
    return Math.floor(this.#bytes / this.#length);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What went wrong, or `null`. */
  get problem(): string | null {
    return this.#problem;
  }

  /** When the goal was reached, by `performance.now()`. */
  get reachedAt(): number {
    return this.#reachedAt;
  }

  /** Whether as many messages as {@link Counter.expectInAll} said have come. */
  get reached(): boolean {
    return this.#bytes >= this.#goal;
  }

  /** Sets how many messages must have come in all since the connection was made. */
  expectInAll(messages: number): void {
    this.#goal = messages * this.#length;
    if (this.reached) this.#reachedAt = performance.now();
  }

  /** Bytes above the goal that no interjection explains: 0 when the count is exact. */
  get excess(): number {
    const above = this.#bytes - this.#goal;
    const { interjection } = this.#options;
    return interjection === null || above < 0 ? above : above % interjection.length;
  }

  /** The connection may end now without that being a problem. */
  stop(): void {
    this.#stopped = true;
  }

  async #run(): Promise<void> {
    await this.#compare();
    const { buffer, changed, alone, expected, interjection } = this.#options;
    const looked = alone && interjection === null;
    const length = this.#length;
    const most = length === expected.length ? 1 : Math.min(LOOKED_BYTES, length);
    while (true) {
      const got = await this.#wire.read(buffer);
      if (got === null) return this.#fail("the broker closed the connection");
      if (looked) {
        const start = (length - this.#bytes % length) % length;
        const message = (this.#bytes + start) % expected.length;
        for (let at = 0; at < Math.min(most, got - start); at++) {
          if (buffer[start + at] === expected[message + at]) continue;
          const number = (this.#bytes + start) / length + 1;
          return this.#fail(`message ${number} is not there where it should be`);
        }
      }
      this.#add(got);
      changed.fire();
    }
  }

  /** Reads the first messages into a buffer of their own and holds them against what they should be. */
  async #compare(): Promise<void> {
    const { expected, changed } = this.#options;
    const head = new Uint8Array(COMPARED * this.#length);
    while (this.#bytes < head.length) {
      const from = this.#bytes;
      const got = await this.#wire.read(head.subarray(from));
      if (got === null) return this.#fail("the broker closed the connection");
      for (let at = from; at < from + got; at++) {
        if (head[at] !== expected[at % expected.length]) {
          const shown = new TextDecoder().decode(
            head.subarray(at - at % this.#length, from + got).subarray(0, 60),
          );
          const wanted = expected.subarray(at - at % this.#length);
          return this.#fail(`expected ${text(wanted)}, got ${JSON.stringify(shown)}`);
        }
      }
      this.#add(got);
      changed.fire();
    }
  }

  #add(bytes: number): void {
    const before = this.#bytes;
    this.#bytes += bytes;
    if (before < this.#goal && this.#bytes >= this.#goal) this.#reachedAt = performance.now();
  }

  #fail(problem: string): void {
    if (this.#stopped) return;
    this.#problem ??= problem;
    this.#options.changed.fire();
  }
}

function text(bytes: Uint8Array): string {
  return JSON.stringify(new TextDecoder().decode(bytes.subarray(0, 60)));
}
