/**
 * How many messages had which topic, in a memory that does not grow for ever.
 *
 * @module
 */

/** Topics that are told apart. */
const TOPICS_MOST = 10_000;

/** Counts messages by their topics; those of topics beyond the first 10,000 together. */
export class TopicCounts {
  readonly #counts = new Map<string, number>();
  #others = 0;

  /** How many messages had other topics than those that are told apart. */
  get others(): number {
    return this.#others;
  }

  /** From now on the topic is one of {@link topics}. */
  know(topic: string): void {
    if (this.#counts.size < TOPICS_MOST && !this.#counts.has(topic)) this.#counts.set(topic, 0);
  }

  /** A message had this topic. Called for every one. */
  count(topic: string): void {
    const before = this.#counts.get(topic);
    if (before === undefined && this.#counts.size >= TOPICS_MOST) this.#others++;
    else this.#counts.set(topic, (before ?? 0) + 1);
  }

  /** In the order in which they were met. */
  topics(): Iterable<string> {
    return this.#counts.keys();
  }

  /** Topics and their counts, in that order. */
  [Symbol.iterator](): Iterator<[topic: string, count: number]> {
    return this.#counts[Symbol.iterator]();
  }
}
