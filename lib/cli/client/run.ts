/**
 * The end of a client program, however it comes: done, stopped, or the broker lost for good.
 *
 * @module
 */
import type { Stop } from "../process/signals.ts";
import { aborted } from "../process/signals.ts";

/** A connection that can be closed; both clients of the library are one. */
export interface Closable {
  /** Waits for what is on its way, says goodbye. Rejects when that cannot be had. */
  close(): Promise<void>;
  /** Rejects when the broker was lost for good. */
  readonly closed: Promise<void>;
}

/**
 * Gives the exit code of the work, or 0 when the program is stopped first; closes the connection in any case.
 * The work is handed a stop of its own, which is asked for as soon as something ends it: so a prompt leaves
 * the terminal before the goodbye. Rejects with what failed first.
 */
export async function finish(
  work: (stop: Stop) => Promise<number>,
  { client, stop, codeWhenStopped = () => 0 }: {
    readonly client: Closable;
    readonly stop: Stop;
    readonly codeWhenStopped?: () => number;
  },
): Promise<number> {
  const over = new AbortController();
  const signal = AbortSignal.any([stop.signal, over.signal]);
  let code: number;
  try {
    const stopped = aborted(stop.signal).then(codeWhenStopped);
    code = await Promise.race([work({ ...stop, signal }), stopped, client.closed.then(() => 0)]);
  } catch (error) {
    over.abort();
    // what failed first is what a person needs to hear; that the goodbye failed, too, follows from it
    await client.close().catch(() => {});
    throw error;
  }
  over.abort();
  await client.close();
  return code;
}

/** What a promise gives, or undefined when the program is stopped first, or stopping made it fail. */
export async function unlessStopped<T>(promise: Promise<T>, stop: Stop): Promise<T | undefined> {
  try {
    return await Promise.race([promise, aborted(stop.signal).then(() => undefined)]);
  } catch (error) {
    if (stop.signal.aborted) return undefined;
    throw error;
  }
}
