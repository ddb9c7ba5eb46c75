/**
 * The topics of a broker, for who shows them.
 *
 * @module
 */
import type { CountedTopic, Engine } from "../engine/types.ts";
import type { TopicsOutcome, TopicsQuery } from "../store/types.ts";

/** Those of one broker. */
export class Topics {
  readonly #engine: Engine;

  /** Made by the broker. */
  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Those it remembers and what was published to them; none where it does not measure. */
  counted(): readonly CountedTopic[] {
    return this.#engine.topics();
  }

  /** One of them, by its canonical name. */
  one(name: string): CountedTopic | undefined {
    return this.#engine.topic(name);
  }

  /** Rates are to be told from here on: {@link CountedTopic.then}. */
  mark(): void {
    this.#engine.markTopics();
  }

  /** Those of which something is stored, some at a time. */
  stored(query: TopicsQuery): Promise<TopicsOutcome> {
    return new Promise((resolve) => this.#engine.storedTopics(query, resolve));
  }
}
