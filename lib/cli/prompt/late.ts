/**
 * Silence is never the answer: who waits at the prompt is told what for.
 *
 * @module
 */

/** So long, in ms, nobody wonders. */
const PATIENCE_MS = 1000;

/** Gives what the promise gives, and calls `tell` when that takes longer than a second. */
export async function tellWhenLate<T>(promise: Promise<T>, tell: () => void): Promise<T> {
  const timer = setTimeout(tell, PATIENCE_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
