/**
 * SIGINT and SIGTERM: the first asks the program to finish
 * what it accepted and go, a second SIGINT ends it at once.
 *
 * @module
 */

/** The exit code of a program that a second SIGINT ended. */
const INTERRUPTED = 130;

/** Whether, and by what, the program was asked to stop. */
export interface Stop {
  /** Aborted by the first request to stop. */
  readonly signal: AbortSignal;
  /** Does what a SIGINT does, the first or the second: for the Ctrl-C that a prompt reads as a key. */
  interrupt(): void;
}

/**
 * Starts to listen for signals. Call it first thing in a program:
 * registering needs file descriptors, which may have run out by the time someone wants to stop it.
 */
export function stopOnSignals(): Stop {
  const asked = new AbortController();
  const interrupt = (): void => {
    if (asked.signal.aborted) Deno.exit(INTERRUPTED);
    asked.abort();
  };
  Deno.addSignalListener("SIGINT", interrupt);
  // Windows knows no SIGTERM
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => asked.abort());
  return { signal: asked.signal, interrupt };
}

/** Settles when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
