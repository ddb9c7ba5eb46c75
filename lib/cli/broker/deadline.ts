/**
 * The end of a broker that was asked to stop, whatever its disk does: a thread that waits for a disk
 * cannot be interrupted, so nothing that waits for it may be waited for.
 *
 * @module
 */
import type { ProgramLog } from "./logging.ts";

/** Milliseconds beyond `--drain-timeout` for last words to its peers, and for closing what is stored. */
const BEYOND_MS = 750;
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

/**
 * Ends the process when it is not over in time by itself: with 1, and a line that says what is not known.
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
  }, timeout + BEYOND_MS);
  // it is no reason to stay
  Deno.unrefTimer(timer);
}
