/**
 * Which topics a pattern takes in, where all topics are known by their ids: these count up from 1.
 *
 * @module
 */
import { matches } from "../../topics/topic.ts";

/** The topics that a pattern takes in. */
export interface Matching {
  /** How many there are. */
  readonly size: number;
  /** The name of a topic that is one of them. */
  get(topic: number): string | undefined;
  /** Those behind an id, with their names, in the order of their ids. */
  after(topic: number): Iterable<readonly [topic: number, name: string]>;
}

/** Topics of a pattern that are listed: where there are more, much is to be done beside finding them. */
const LISTED_MOST = 10_000;

/** What is taken in of names that become more, by id. A list of what is not much is all it has of its own. */
export class MatchingNames implements Matching {
  readonly #pattern: string;
  readonly #names: readonly (string | undefined)[];
  #size = 0;
  /** Ids below this one have been compared. */
  #end = 0;
  #listed: number[] | undefined = [];

  constructor(pattern: string, names: readonly (string | undefined)[]) {
    this.#pattern = pattern;
    this.#names = names;
    this.extend();
  }

  get size(): number {
    return this.#size;
  }

  /** Takes in what has come since. */
  extend(): void {
    for (; this.#end < this.#names.length; this.#end++) {
      if (this.get(this.#end) === undefined) continue;
      this.#size++;
      this.#listed?.push(this.#end);
    }
    if (this.#size > LISTED_MOST) this.#listed = undefined;
  }

  get(topic: number): string | undefined {
    const name = this.#names[topic];
    return name !== undefined && matches(this.#pattern, name) ? name : undefined;
  }

  *after(topic: number): Generator<readonly [number, string]> {
    if (this.#listed !== undefined) {
      for (const one of this.#listed) if (one > topic) yield [one, this.#names[one]!];
      return;
    }
    for (let one = Math.max(0, topic + 1); one < this.#end; one++) {
      const name = this.get(one);
      if (name !== undefined) yield [one, name];
    }
  }
}

/** The topic whose name it is, or nothing. */
export function matchingOne(topic: { readonly id: number; readonly name: string } | undefined): Matching {
  if (topic === undefined) return { size: 0, get: () => undefined, after: () => [] };
  const { id, name } = topic;
  return {
    size: 1,
    get: (one) => one === id ? name : undefined,
    after: (one) => one < id ? [[id, name]] : [],
  };
}
