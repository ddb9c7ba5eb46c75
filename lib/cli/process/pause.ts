/**
 * Waiting that can be called off.
 *
 * @module
 */
import { TIMER_MOST_MS } from "../../limits.ts";

/** Waits, however long; false as soon as the signal is aborted, true when the time is over. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  const end = performance.now() + ms;
  while (!signal.aborted) {
    const left = end - performance.now();
    if (left <= 0) return true;
    await timer(Math.min(left, TIMER_MOST_MS), signal);
  }
  return false;
}

function timer(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(id);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const id = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
