/**
 * A command of the user's as a process: the one place from which a program of ours starts another.
 *
 * @module
 */
import { pause } from "./pause.ts";

/** How a command is run. */
export interface ChildOptions {
  /** Its environment, beside what this process has. No value holds a NUL. */
  readonly env: Readonly<Record<string, string>>;
  /** All of its stdin; it need not read that. */
  readonly stdin: Uint8Array;
  /** Takes what it prints, in order; more is read when the promise resolves: the command may have to wait. */
  readonly stdout: (bytes: Uint8Array) => Promise<void> | void;
  readonly stderr: (bytes: Uint8Array) => Promise<void> | void;
}

/**
 * What a command that has ended may have left in the background holds its stdout open: so long what that
 * prints is still taken, milliseconds.
 */
const LEFT_BEHIND_MS = 500;
const LOOK_EVERY_MS = 50;

/**
 * A running command, with the processes it starts a group of its own: a Ctrl-C at the terminal, which goes to
 * all of a group, is this program's alone, and {@link kill} ends all of them.
 */
export class Child {
  /** How it ended, when all it printed has been handed over. */
  readonly ended: Promise<Deno.CommandStatus>;
  readonly #process: Deno.ChildProcess;
  #over = false;

  /** Starts it. Throws what `Deno.Command` throws where it cannot be started. */
  constructor([executable = "", ...args]: readonly string[], options: ChildOptions) {
    const { env, stdin } = options;
    this.#process = new Deno.Command(executable, {
      args,
      env: { ...env },
      // on Windows it would open a window
      detached: Deno.build.os !== "windows",
      stdin: stdin.length === 0 ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const fed = stdin.length === 0 ? Promise.resolve() : feed(this.#process.stdin, stdin);
    this.ended = this.#end(fed, options);
  }

  /** Ends it and all it has started, at once. */
  kill(): void {
    if (this.#over) return;
    try {
      if (Deno.build.os === "windows") this.#process.kill("SIGKILL");
      else Deno.kill(-this.#process.pid, "SIGKILL");
    } catch (error) {
      // it ended a moment ago
      if (!(error instanceof Deno.errors.NotFound || error instanceof TypeError)) throw error;
    }
  }

  async #end(fed: Promise<void>, { stdout, stderr }: ChildOptions): Promise<Deno.CommandStatus> {
    const taps = [new Tap(this.#process.stdout, stdout), new Tap(this.#process.stderr, stderr)];
    const printed = Promise.all(taps.map(({ over }) => over));
    // told below, when it has ended
    for (const early of [printed, fed]) early.catch(() => {});
    const status = await this.#process.status;
    this.#over = true;
    const done = new AbortController();
    await Promise.all([printed.finally(() => done.abort()), closeIdle(taps, done.signal)]);
    await fed;
    return status;
  }
}

/** Closes what was waited for {@link LEFT_BEHIND_MS} in all; who takes slowly is waited for. */
async function closeIdle(taps: readonly Tap[], done: AbortSignal): Promise<void> {
  const turns = taps.map((tap) => ({ tap, idle: 0 }));
  while (await pause(LOOK_EVERY_MS, done)) {
    for (const turn of turns) {
      if (turn.tap.waiting) turn.idle += LOOK_EVERY_MS;
      if (turn.idle >= LEFT_BEHIND_MS) turn.tap.close();
    }
  }
}

/** Hands over what comes, until its end or until it is closed. */
class Tap {
  readonly over: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #waiting = false;

  constructor(from: ReadableStream<Uint8Array>, take: (bytes: Uint8Array) => Promise<void> | void) {
    this.#reader = from.getReader();
    this.over = this.#run(take);
  }

  /** Nothing has come that was not taken. */
  get waiting(): boolean {
    return this.#waiting;
  }

  close(): void {
    void this.#reader.cancel();
  }

  async #run(take: (bytes: Uint8Array) => Promise<void> | void): Promise<void> {
    for (;;) {
      this.#waiting = true;
      const { done, value } = await this.#reader.read();
      this.#waiting = false;
      if (done) return;
      const taken = take(value);
      if (taken !== undefined) await taken;
    }
  }
}

/** A command may end, or close its stdin, before it has read all of it. */
async function feed(
  stdin: WritableStream<Uint8Array<ArrayBuffer>>,
  bytes: Uint8Array,
): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new Uint8Array(bytes));
    await writer.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
