/**
 * How long things took, as a few numbers: how many took no longer than each of some times.
 *
 * @module
 */

/** A histogram as plain data. */
export interface HistogramState {
  /** Milliseconds, ascending; one place more than these is for all that took longer. */
  readonly bounds: readonly number[];
  /** Of each bound those that took no longer, and longer than the one before. */
  readonly counts: readonly number[];
  /** Milliseconds of all together. */
  readonly sum: number;
}

/** From a tenth of a millisecond to ten seconds, about two and a half times each. */
export const TIME_BOUNDS: readonly number[] = [
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  25,
  50,
  100,
  250,
  500,
  1_000,
  2_500,
  5_000,
  10_000,
];

/** Counts times; it only ever goes up. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[] = TIME_BOUNDS) {
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** Something took so many milliseconds. */
  took(ms: number): void {
    const bounds = this.#bounds;
    let at = 0;
    while (at < bounds.length && ms > bounds[at]!) at++;
    this.#counts[at]!++;
    this.#sum += ms;
  }

  /** As it is now. */
  get state(): HistogramState {
    return { bounds: this.#bounds, counts: [...this.#counts], sum: this.#sum };
  }
}

/**
 * The time that this part (0 to 1) of all took at most, milliseconds, in a straight line between two bounds;
 * undefined: there is none. What took longer than the last bound counts as that.
 */
export function quantile({ bounds, counts }: HistogramState, part: number): number | undefined {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return undefined;
  const wanted = part * all;
  let before = 0;
  for (const [at, bound] of bounds.entries()) {
    const count = counts[at]!;
    if (count > 0 && before + count >= wanted) {
      const from = bounds[at - 1] ?? 0;
      return from + (bound - from) * (wanted - before) / count;
    }
    before += count;
  }
  return bounds.at(-1);
}
