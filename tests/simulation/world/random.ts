/**
 * Chance that a seed decides.
 *
 * @module
 */
import { seeded } from "../../faults/random.ts";

/** Numbers that depend on a seed only. */
export class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seeded(seed);
    // seeds beside each other begin alike
    for (let at = 0; at < 4; at++) this.#next();
  }

  /** At least 0, less than 1. */
  next(): number {
    return this.#next();
  }

  /** A whole number from 0 to one less than `most`. */
  below(most: number): number {
    return Math.floor(this.#next() * most);
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True so often in the long run. */
  chance(part: number): boolean {
    return this.#next() < part;
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.below(list.length)];
    if (picked === undefined) throw new RangeError("nothing to pick from");
    return picked;
  }

  /** Mostly near `typical`, seldom a hundred times as much. */
  spread(typical: number): number {
    return typical * Math.exp(3 * (this.#next() + this.#next() + this.#next() - 1.5));
  }

  random32(): number {
    return Math.floor(this.#next() * 2 ** 32);
  }
}

/** The streams of one root seed: what one purpose draws does not shift what another one does. */
export class Streams {
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** The stream of a purpose, from its beginning. */
  of(purpose: string): Random {
    let hash = 0x811c9dc5 ^ this.#seed;
    for (let at = 0; at < purpose.length; at++) hash = Math.imul(hash ^ purpose.charCodeAt(at), 0x01000193);
    return new Random(Math.imul(hash ^ (this.#seed >>> 16), 0x85ebca6b));
  }
}
