/**
 * What is found out about topics, remembered.
 *
 * @module
 */

/** Topics that are remembered; with one more all are forgotten. */
const TOPICS_MOST = 10_000;
/** Longer ones are not remembered: others may make up as many as they like. */
const TOPIC_KEPT_MOST = 1024;

/** What is known of each topic that was asked for lately. */
export class ByTopic<T> {
  readonly #known = new Map<string, T>();

  get(topic: string): T | undefined {
    return this.#known.get(topic);
  }

  /** Remembers it, if it can be. */
  set(topic: string, known: T): void {
    if (topic.length > TOPIC_KEPT_MOST) return;
    if (this.#known.size >= TOPICS_MOST) this.#known.clear();
    this.#known.set(topic, known);
  }

  clear(): void {
    this.#known.clear();
  }
}
