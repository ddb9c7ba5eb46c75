/**
 * Waiting for who reads our output, who may never do.
 *
 * @module
 */
import { pause } from "../process/pause.ts";

/** Once it is to stop, a program waits so long for who reads its output, milliseconds. */
export const PATIENCE_MS = 5000;
/** After so long it says what it waits for. */
const SILENCE_MS = 1000;

/**
 * Whether the work is done: it may take as long as it likes until `stopped` resolves, and {@link PATIENCE_MS}
 * from then on; `waiting` is told when it is not done soon. Never rejects: how the work ends is its owner's.
 */
export async function doneInTime(
  work: Promise<unknown>,
  { stopped, waiting }: { readonly stopped: Promise<unknown>; readonly waiting: () => void },
): Promise<boolean> {
  const done = new AbortController();
  const tooLate = stopped.then(async () => {
    if (await pause(SILENCE_MS, done.signal)) waiting();
    await pause(PATIENCE_MS - SILENCE_MS, done.signal);
    return false;
  });
  try {
    return await Promise.race([work.then(() => true, () => true), tooLate]);
  } finally {
    done.abort();
  }
}
