/**
 * Promises that may end late, or that nobody awaits, and the time they may take.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";

/** So long, by which clock. */
export interface Patience {
  readonly clock: Clock;
  readonly ms: number;
}

/** Waits for a promise, but no longer than so many milliseconds. */
export async function waitAtMost(patience: Patience, promise: Promise<unknown>): Promise<void> {
  await inTime(patience, promise);
}

/** Stands for "not in time". */
export const LATE = Symbol("late");

/** What a promise gives within so many milliseconds. */
export async function inTime<T>({ clock, ms }: Patience, promise: Promise<T>): Promise<T | typeof LATE> {
  let timer: Timer | undefined;
  const late = new Promise<typeof LATE>((resolve) => timer = clock.after(ms, () => resolve(LATE)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clock.cancel(timer);
  }
}

/**
 * The same promise, whose rejection does not end the process when nobody awaits it: close() and `closed` tell
 * that the broker was lost.
 */
export function neverUnhandled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {}); // whoever cares awaits the promise itself
  return promise;
}

/** So many milliseconds, for a person: `500 ms`, `10 s`. */
export function inWords(ms: number): string {
  return ms < 1000 || ms % 100 !== 0 ? `${Math.round(ms)} ms` : `${ms / 1000} s`;
}
