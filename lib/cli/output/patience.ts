/**
 * Waiting for who reads our output, who may never do.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { pause } from "../process/pause.ts";

/** What it waits for, said when that takes long. */
export const WAITING = "waiting for who reads the output (Ctrl-C ends at once)";
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

/** Why a program ends that was not done in time. */
export function unread(): RunError {
  return new RunError(
    `nobody read the output for ${PATIENCE_MS / 1000} s after the stop: not all of it is written`,
  );
}
