/**
 * What happens often and is told seldom.
 *
 * @module
 */

/** Tells the first at once, and of those that follow only how many they were, at most every so often. */
export class Seldom {
  readonly #every: number;
  #quietUntil = -Infinity;
  #untold = 0;

  /** `every`: milliseconds. */
  constructor(every: number) {
    this.#every = every;
  }

  /** It happened, at this time: calls `tell` with how often since it was told, this time included, or not. */
  happened(now: number, tell: (times: number) => void): void {
    this.#untold++;
    if (now < this.#quietUntil) return;
    this.#quietUntil = now + this.#every;
    const times = this.#untold;
    this.#untold = 0;
    tell(times);
  }
}
