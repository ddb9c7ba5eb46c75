/**
 * Choices that a seed makes.
 *
 * @module
 */
import { seeded } from "../random.ts";

export class Choice {
  readonly random: () => number;

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  /** A choice of its own for somebody, so that what one does shifts nobody else's. */
  own(): Choice {
    return new Choice(Math.floor(this.random() * 2 ** 31));
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  /** A whole number from `least` to `most`. */
  number(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  of<T>(all: readonly T[]): T {
    const chosen = all[Math.floor(this.random() * all.length)];
    if (chosen === undefined) throw new RangeError("nothing to choose from");
    return chosen;
  }
}
