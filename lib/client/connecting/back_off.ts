/**
 * Pauses between tries.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";

const FIRST_MS = 100;
const MOST_MS = 5_000;

/**
 * Milliseconds to wait before a try, the first being 1: anything between nothing and a bound that doubles
 * from 100 ms to 5 s ("full jitter"), so that a thousand clients of a broker that restarts do not come back
 * in step.
 */
export function backOff(attempt: number, random: () => number): number {
  return Math.round(random() * Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 16)));
}

/** Waits so many milliseconds; rejects with the signal's reason as soon as it is aborted. */
export function pause(
  ms: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (signal.aborted) return Promise.reject(signal.reason);
  const timer = clock.after(ms, resolve);
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort);
  return promise.finally(() => {
    clock.cancel(timer);
    signal.removeEventListener("abort", abort);
  });
}
