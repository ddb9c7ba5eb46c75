/**
 * Counts what tells a publisher that its messages were taken.
 *
 * @module
 */
import { Counter } from "./counter.ts";
import type { Replies } from "./dialects/mod.ts";
import { FormReader } from "./form.ts";
import type { Signal } from "./signal.ts";
import type { Wire } from "./wire.ts";

/** Bytes of a read; a line is shorter by far. */
const READ_BYTES = 64 * 1024;

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

/** Reads the replies of a publisher's connection until it ends. `interjection`: what may stand between those of a form. */
export function countAnswers(
  wire: Wire,
  replies: Replies,
  { changed, interjection = null }: {
    readonly changed: Signal;
    readonly interjection?: Uint8Array<ArrayBuffer> | null;
  },
): Answers {
  if (replies.kind === "form") {
    return new FormAnswers(wire, new FormReader(replies.parts, interjection), changed);
  }
  return new Counter(wire, {
    expected: replies.bytes,
    buffer: new Uint8Array(READ_BYTES),
    alone: true,
    interjection: null,
    changed,
  });
}

/** Reads answers in a form, every byte of them. */
class FormAnswers implements Answers {
  readonly #wire: Wire;
  readonly #form: FormReader;
  readonly #changed: Signal;
  #goal = Infinity;
  #problem: string | null = null;
  #stopped = false;

  constructor(wire: Wire, form: FormReader, changed: Signal) {
    this.#wire = wire;
    this.#form = form;
    this.#changed = changed;
    this.#run().catch((error: unknown) => this.#fail(error instanceof Error ? error.message : String(error)));
  }

  get messages(): number {
    return this.#form.messages;
  }

  get problem(): string | null {
    return this.#problem;
  }

  get reached(): boolean {
    return this.messages >= this.#goal;
  }

  get excess(): number {
    return this.messages - this.#goal;
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
      const taken = this.#form.take(buffer, filled);
      if (this.#form.problem !== null) return this.#fail(this.#form.problem);
      buffer.copyWithin(0, taken, filled);
      filled -= taken;
      this.#changed.fire();
    }
  }

  #fail(problem: string): void {
    if (this.#stopped) return;
    this.#problem ??= problem;
    this.#changed.fire();
  }
}
