/**
 * When a list whose first items are gone is cut.
 *
 * @module
 */

/** Whether so many of all its items are gone that the rest is copied: for each that is, one was taken. */
export function isMostlyGone(gone: number, all: number): boolean {
  return 2 * gone > all + 64;
}
