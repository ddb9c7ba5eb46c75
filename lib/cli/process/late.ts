/**
 * Silence is never the answer: who waits is told what for.
 *
 * @module
 */

/** Gives what the promise gives, and calls `tell` when that takes longer than `after` milliseconds. */
export async function tellWhenLate<T>(
  promise: Promise<T>,
  { after, tell }: { readonly after: number; readonly tell: () => void },
): Promise<T> {
  const timer = setTimeout(tell, after);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
