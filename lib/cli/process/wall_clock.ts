/**
 * The time of day to parts of a millisecond: `Date.now()` has whole ones, which is too coarse for how long a
 * message is on its way.
 *
 * @module
 */

/** From here on the two clocks say different things, milliseconds: the wall clock was set, or we slept. */
const APART_MS = 5;

let origin = performance.timeOrigin;

/** Milliseconds since 1970, with decimals. It follows when the wall clock is set. */
export function wallClock(): number {
  const fine = origin + performance.now();
  const coarse = Date.now();
  if (Math.abs(fine - coarse) <= APART_MS) return fine;
  origin += coarse - fine;
  return coarse;
}
