/**
 * A child process whose output is kept and can be waited for.
 *
 * @module
 */

/** What a child prints, and its end. */
export interface ChildText {
  readonly stdout: string;
  readonly stderr: string;
  /** Settles when the process has ended and all it printed has been read. */
  readonly ended: Promise<Deno.CommandStatus>;
  /**
   * Resolves as soon as stdout (or stderr) matches; rejects when the process ends first or the time is over.
   */
  see(
    pattern: RegExp,
    options?: { readonly timeout?: number; readonly on?: "stdout" | "stderr" },
  ): Promise<RegExpMatchArray>;
  /** Sends a signal; nothing happens when it has ended. */
  kill(signal: Deno.Signal): void;
}

/** Takes over a child that was spawned with stdout and stderr piped. */
export function childOf(child: Deno.ChildProcess): ChildText {
  const printed = { stdout: "", stderr: "" };
  const watchers = new Set<() => void>();
  let over = false;

  const follow = async (name: "stdout" | "stderr"): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const bytes of child[name]) {
      printed[name] += decoder.decode(bytes, { stream: true });
      for (const look of watchers) look();
    }
    printed[name] += decoder.decode();
  };
  const ended = (async () => {
    const [status] = await Promise.all([child.status, follow("stdout"), follow("stderr")]);
    over = true;
    for (const look of watchers) look();
    return status;
  })();

  return {
    get stdout(): string {
      return printed.stdout;
    },
    get stderr(): string {
      return printed.stderr;
    },
    ended,
    see: (pattern, { timeout = 30_000, on = "stdout" } = {}) => {
      const { promise, resolve, reject } = Promise.withResolvers<RegExpMatchArray>();
      const failure = (what: string): Error =>
        new Error(`${what} before ${pattern} on ${on}\nstdout: ${printed.stdout}\nstderr: ${printed.stderr}`);
      const look = (): void => {
        const match = printed[on].match(pattern);
        if (match !== null) resolve(match);
        else if (over) reject(failure("the process ended"));
      };
      const timer = setTimeout(() => reject(failure(`${timeout} ms passed`)), timeout);
      watchers.add(look);
      look();
      return promise.finally(() => {
        clearTimeout(timer);
        watchers.delete(look);
      });
    },
    kill: (signal) => {
      if (over) return;
      try {
        child.kill(signal);
      } catch (error) {
        // it ended by itself a moment ago, which is what a signal to end it wants
        if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
      }
    },
  };
}
