/**
 * What was published to one topic, for who shows it.
 *
 * @module
 */

/** Counted in runs, never in messages. */
export class TopicCounts {
  #messages = 0;
  #bytes = 0;
  #older = { messages: 0, bytes: 0 };
  #newer = { messages: 0, bytes: 0 };

  /** Messages since it is remembered. */
  get messages(): number {
    return this.#messages;
  }

  /** Bytes of them, as they came. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What both were at the last call of {@link mark} but one. */
  get then(): { readonly messages: number; readonly bytes: number } {
    return this.#older;
  }

  add(messages: number, bytes: number): void {
    this.#messages += messages;
    this.#bytes += bytes;
  }

  /** Rates are to be told from here on: see {@link then}. */
  mark(): void {
    const older = this.#older;
    this.#older = this.#newer;
    older.messages = this.#messages;
    older.bytes = this.#bytes;
    this.#newer = older;
  }
}

/** A topic as it is counted. */
export interface CountedTopic {
  /** Canonical. */
  readonly topic: string;
  /** Whether its messages are stored. */
  readonly durable: boolean;
  /** Messages that were published to it since it is remembered. */
  readonly messages: number;
  /** Bytes of them, as they came. */
  readonly bytes: number;
  /** What both were at the last mark but one: rates are told from there on. */
  readonly then: { readonly messages: number; readonly bytes: number };
  /** How many get what is published to it, as of when it was last asked for. */
  readonly subscribers: number;
}
