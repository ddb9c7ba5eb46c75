/**
 * The end of a client program, however it comes: done, stopped, or the broker lost for good.
 *
 * @module
 */
import type { Stop } from "./signals.ts";
import { aborted } from "./signals.ts";

/** A connection that can be closed; both clients of the library are one. */
export interface Closable {
  /** Waits for what is on its way, says goodbye. Rejects when that cannot be had. */
  close(): Promise<void>;
  /** Rejects when the broker was lost for good. */
  readonly closed: Promise<void>;
}

/**
 * Gives the exit code of the work, or 0 when the program is stopped first; closes the connection in any case.
 * Rejects with what failed first.
 */
export async function finish(
  work: Promise<number>,
  { port, stop }: { readonly port: Closable; readonly stop: Stop },
): Promise<number> {
  let code: number;
  try {
    const stopped = aborted(stop.signal).then(() => 0);
    code = await Promise.race([work, stopped, port.closed.then(() => 0)]);
  } catch (error) {
    // what failed first is what a person needs to hear; that the goodbye failed, too, follows from it
    await port.close().catch(() => {});
    throw error;
  }
  await port.close();
  return code;
}

/** What a promise gives, or undefined when the program is stopped first (also when stopping is why it failed). */
export async function unlessStopped<T>(promise: Promise<T>, stop: Stop): Promise<T | undefined> {
  try {
    return await Promise.race([promise, aborted(stop.signal).then(() => undefined)]);
  } catch (error) {
    if (stop.signal.aborted) return undefined;
    throw error;
  }
}
