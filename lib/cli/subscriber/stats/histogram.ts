/**
 * How values are spread, in a memory that does not grow.
 *
 * Below 64 each whole number has a bucket of its own; above, every power of two is divided into 32:
 *
 *     0 1 2 … 63 | 64-65 66-67 … 126-127 | 128-131 … 252-255 | …
 *
 * so a value read back is at most 1/32 above one that was put in.
 *
 * @module
 */

const LINEAR = 64;
const STEPS = 32;
/** Values from here on share the last bucket; as microseconds some two years. */
const VALUE_MOST = 2 ** 46 - 1;
const BUCKETS = bucketOf(VALUE_MOST) + 1;

/** Counts of whole numbers from 0 on. */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #max = 0;

  /** How many values there are. */
  get count(): number {
    return this.#count;
  }

  /** The largest value, exactly; 0 without any. */
  get max(): number {
    return this.#max;
  }

  /** Puts in a value, not negative. */
  add(value: number): void {
    this.#counts[bucketOf(Math.min(value, VALUE_MOST))]!++;
    this.#count++;
    this.#max = Math.max(this.#max, value);
  }

  /** The value that this share of all (0 to 1) does not exceed; 0 without any. */
  quantile(share: number): number {
    let left = Math.max(1, Math.ceil(share * this.#count));
    for (const [bucket, count] of this.#counts.entries()) {
      left -= count;
      if (left <= 0) return Math.min(mostOf(bucket), this.#max);
    }
    return this.#max;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#max = 0;
  }
}

function bucketOf(value: number): number {
  const whole = Math.floor(value);
  if (whole < LINEAR) return whole;
  // the largest power of two that leaves at least as many as there are steps; where a logarithm is rounded to
  // another one, it comes to the same bucket
  const width = 2 ** (Math.floor(Math.log2(whole)) - 5);
  return LINEAR + (Math.log2(width) - 1) * STEPS + Math.floor(whole / width) - STEPS;
}

/** The largest whole number of a bucket. */
function mostOf(bucket: number): number {
  if (bucket < LINEAR) return bucket;
  const width = 2 ** (Math.floor((bucket - LINEAR) / STEPS) + 1);
  return ((bucket - LINEAR) % STEPS + STEPS + 1) * width - 1;
}
