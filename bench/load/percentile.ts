/**
 * @module
 */

/** The value that `part` of the sorted values do not exceed (nearest rank); NaN of nothing. */
export function percentile(sorted: ArrayLike<number>, part: number): number {
  if (sorted.length === 0) return NaN;
  const rank = Math.max(1, Math.ceil(part * sorted.length));
  return sorted[Math.min(rank, sorted.length) - 1] ?? NaN;
}

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
