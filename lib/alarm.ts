/**
 * Waiting for a time of day.
 *
 * @module
 */

/** A timer takes no longer delay, milliseconds. */
const DELAY_MOST = 2 ** 31 - 1;

/**
 * Calls back once at or behind a time, milliseconds since 1970, as the wall clock shows it
 * when it is looked at: a clock that is set meanwhile counts. What it returns gives up waiting.
 */
export function at(time: number, callback: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const wait = (): void => {
    const left = time - Date.now();
    if (left <= 0) callback();
    else timer = setTimeout(wait, Math.min(left, DELAY_MOST));
  };
  timer = setTimeout(wait, Math.max(0, Math.min(time - Date.now(), DELAY_MOST)));
  return () => clearTimeout(timer);
}
