/**
 * SIGINT and SIGTERM: the first asks the program to finish
 * what it accepted and go, a second one ends it at once.
 *
 * @module
 */

/** The exit codes of a program that a second SIGINT, a second SIGTERM ended. */
const INTERRUPTED = 130;
const TERMINATED = 143;
/**
 * Milliseconds in which two signals are one request: `timeout` and some process managers send theirs to a
 * program and to its group, `npm run` and its like pass a terminal's Ctrl-C on to who has had it.
 */
const ONE_REQUEST_MS = 100;

/** Whether, and by what, the program was asked to stop. */
export interface Stop {
  /** Aborted by the first request to stop. */
  readonly signal: AbortSignal;
  /** Does what a SIGINT does, the first or the second: for the Ctrl-C that a prompt reads as a key. */
  interrupt(): void;
  /** Calls `say` right before a second signal ends the program at once: the place to tell what is left. */
  lastWord(say: () => void): void;
}

/**
 * Starts to listen for signals. Call it first thing in a program:
 * registering needs file descriptors, which may have run out by the time someone wants to stop it.
 */
export function stopOnSignals(): Stop {
  const asked = new AbortController();
  let askedAt = -Infinity;
  let say = (): void => {};
  const request = (codeAtOnce: number): void => {
    if (!asked.signal.aborted) {
      askedAt = performance.now();
      asked.abort();
    } else if (performance.now() - askedAt > ONE_REQUEST_MS) {
      say();
      Deno.exit(codeAtOnce);
    }
  };
  const interrupt = (): void => request(INTERRUPTED);
  Deno.addSignalListener("SIGINT", interrupt);
  // Windows knows no SIGTERM
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => request(TERMINATED));
  return { signal: asked.signal, interrupt, lastWord: (last) => say = last };
}

/** Settles when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
