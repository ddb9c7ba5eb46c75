/**
 * The end of a broker that was asked to stop, whatever its disk does: a thread that waits for a disk
 * cannot be interrupted, so nothing that waits for it may be waited for.
 *
 * @module
 */
import type { ProgramLog } from "./logging.ts";

/** What of `--drain-timeout` is for last words to its peers, and for closing what is stored, milliseconds. */
const CLOSING_MS = 1000;
/** Of a short one half is, but these take so long in any case, milliseconds. */
const CLOSING_LEAST_MS = 750;
/** Milliseconds for the last lines of the log, which may go to the same disk. */
const LOG_MS = 200;

/** What is known of the end. */
export interface Ending {
  readonly log: ProgramLog;
  /** `--drain-timeout`, milliseconds. */
  readonly timeout: number;
  /** The exit code, once all but the log is done. */
  readonly done: () => number | undefined;
  /** Messages of which it is not known whether they are stored. */
  readonly doubtful: () => number;
}

/** How long what is queued may take to leave, of so much for all: milliseconds. */
export function deliveringFor(timeout: number): number {
  return Math.max(timeout - CLOSING_MS, timeout / 2);
}

/**
 * Ends the process when it is not over in time by itself: with 1, and a line that says what is not known. Two
 * seconds or more are never exceeded, less by less than a second.
 */
export function endInTime({ log, timeout, done, doubtful }: Ending): void {
  const timer = setTimeout(async () => {
    const code = done();
    if (code === undefined) {
      log.error(
        "the disk did not answer before --drain-timeout: it is not known whether these messages, " +
          "which were not acknowledged, are stored",
        { messages: doubtful() },
      );
    }
    await Promise.race([log.flush(), new Promise((resolve) => setTimeout(resolve, LOG_MS))]);
    Deno.exit(code ?? 1);
  }, Math.max(timeout - LOG_MS, deliveringFor(timeout) + CLOSING_LEAST_MS));
  // it is no reason to stay
  Deno.unrefTimer(timer);
}
