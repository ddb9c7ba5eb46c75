/**
 * A program run as a process of its own, by scripts, benchmarks and tests: what it prints is kept, handed over line by line
 * and waited for; it is ended by its id, and none outlives who started it.
 *
 *     await using broker = Program.start([Deno.execPath(), "run", "-A", "broker.ts", "-s", "-p"]);
 *     const [, port] = await broker.line(/ready: subscribers \S+:(\d+)/);
 *
 * @module
 */
import { Printed, type Source, type WaitOptions } from "./printed.ts";

/** How a program is started. */
export interface ProgramOptions {
  /** As errors call it; its executable's name otherwise. */
  readonly name?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The program gets `env` and nothing else. */
  readonly clearEnv?: boolean;
  /** All of its stdin; `"open"` leaves that to {@link Program.write}; without it stdin is empty, as with `</dev/null`. */
  readonly stdin?: string | Uint8Array | "open";
  /** Called with every line without its line end, in order. */
  readonly onLine?: (line: string, source: Source) => void;
  /** What asks it to end: SIGTERM. SIGKILL for what need not end in order. */
  readonly stopSignal?: Deno.Signal;
  /** Milliseconds after which {@link Program.stop} insists: 5,000. */
  readonly graceMs?: number;
  /** Called when it has ended, before {@link Program.ended} settles: takes away what it leaves behind. */
  readonly after?: () => Promise<void>;
}

const encoder = new TextEncoder();

/** A running program. Disposing of it ends it. */
export class Program implements AsyncDisposable {
  static readonly #running = new Set<Program>();
  static #stopping = false;

  static {
    // who forgot one, or failed before it could be disposed of, takes it along
    globalThis.addEventListener("unload", () => {
      for (const program of Program.#running) program.kill("SIGKILL");
    });
  }

  /** Settles when it has ended and all it printed was handed over. */
  readonly ended: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #printed: Printed;
  readonly #stopSignal: Deno.Signal;
  readonly #graceMs: number;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> | undefined;

  private constructor([executable = "", ...args]: readonly string[], options: ProgramOptions) {
    const { name, cwd, env, clearEnv, stdin } = options;
    this.#printed = new Printed(name ?? executable.replace(/^.*[\\/]/, ""), options.onLine);
    this.#stopSignal = options.stopSignal ?? "SIGTERM";
    this.#graceMs = options.graceMs ?? 5000;
    this.#child = new Deno.Command(executable, {
      args,
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env: { ...env } }),
      ...(clearEnv === undefined ? {} : { clearEnv }),
    }).spawn();
    Program.#running.add(this);
    this.#stdin = stdin === undefined ? undefined : this.#child.stdin.getWriter();
    this.ended = this.#end(options.after);
    // it may end before it has read all
    if (stdin !== undefined && stdin !== "open") this.write(stdin).then(() => this.end()).catch(() => {});
  }

  /**
   * Starts it. Throws `Deno.errors.NotFound` where there is no such executable, after {@link stopAll}, and TypeError where
   * a word is missing: `Deno.Command` would hand on `undefined` as that word, and a broker make a directory of that name.
   */
  static start(command: readonly string[], options: ProgramOptions = {}): Program {
    const missing = command.findIndex((word) => typeof word !== "string");
    if (missing >= 0) {
      throw new TypeError(`a word is missing behind ${JSON.stringify(command.slice(0, missing))}`);
    }
    if (Program.#stopping) throw new Error(`${command[0]} is not started: all programs are being stopped`);
    return new Program(command, options);
  }

  /** Ends every program that still runs, and lets no other start: for who is interrupted and leaves nobody behind. */
  static async stopAll(): Promise<void> {
    Program.#stopping = true;
    await Promise.all([...Program.#running].map((program) => program.stop()));
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** All it has printed to stdout so far. */
  get stdout(): string {
    return this.#printed.stdout;
  }

  /** All it has printed to stderr so far. */
  get stderr(): string {
    return this.#printed.stderr;
  }

  /** The last 1,000 lines it has printed, of both streams as they came. */
  get lines(): readonly string[] {
    return this.#printed.lines;
  }

  /** Waits until a whole line of either stream matches: {@link Printed.line}. */
  line(pattern: RegExp, options?: WaitOptions): Promise<RegExpExecArray> {
    return this.#printed.line(pattern, options);
  }

  /** Waits until all of stdout (or stderr) matches, lines that are not whole included: {@link Printed.see}. */
  see(pattern: RegExp, options?: WaitOptions & { readonly on?: Source }): Promise<RegExpExecArray> {
    return this.#printed.see(pattern, options);
  }

  /** Resolves when it has ended well; fails with its last words when it has not. */
  async succeeded(): Promise<void> {
    const { success, code } = await this.ended;
    if (!success) throw this.failure(`ended with ${code}`);
  }

  /** An error that says what went wrong with it and what it said last. */
  failure(what: string): Error {
    return this.#printed.failure(what);
  }

  /** Writes to its stdin, which is there only when it was asked for. */
  async write(text: string | Uint8Array): Promise<void> {
    await this.#stdin?.write(typeof text === "string" ? encoder.encode(text) : new Uint8Array(text));
  }

  /** Ends its stdin. */
  async end(): Promise<void> {
    await this.#stdin?.close();
  }

  /** Sends a signal and goes on (SIGSTOP: once it stands still); nothing happens when it has ended. */
  kill(signal: Deno.Signal): void {
    if (!Program.#running.has(this)) return;
    try {
      this.#child.kill(signal);
      if (signal === "SIGSTOP" && Deno.build.os === "linux") standsStill(this.pid);
    } catch (error) {
      // it ended a moment ago, which is what a signal to end it wants
      if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Asks it to end, insists after `graceMs`, and resolves when it is gone; a second call gives the same answer. */
  async stop(signal = this.#stopSignal, graceMs = this.#graceMs): Promise<Deno.CommandStatus> {
    this.kill(signal);
    const late = setTimeout(() => this.kill("SIGKILL"), graceMs);
    try {
      return await this.ended;
    } finally {
      clearTimeout(late);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #end(after: ProgramOptions["after"]): Promise<Deno.CommandStatus> {
    const { stdout, stderr } = this.#child;
    const printed = [this.#printed.take(stdout, "stdout"), this.#printed.take(stderr, "stderr")];
    const [status] = await Promise.all([this.#child.status, ...printed]);
    Program.#running.delete(this);
    this.#printed.end(status.code);
    // the pipe broke with the process: there is nothing left to write to
    await this.#stdin?.abort().catch(() => {});
    await after?.();
    return status;
  }
}

/** Milliseconds after which who is to stand still is taken not to. */
const STANDS_STILL_MS = 5_000;

/** Returns when no thread of a process runs any more: those on other processors go on for a moment after SIGSTOP. */
function standsStill(pid: number): void {
  const late = Date.now() + STANDS_STILL_MS;
  const threads = `/proc/${pid}/task`;
  const runs = ({ name }: Deno.DirEntry): boolean =>
    !/\) [TtZX]/.test(Deno.readTextFileSync(`${threads}/${name}/stat`));
  while ([...Deno.readDirSync(threads)].some(runs)) {
    if (Date.now() > late) throw new Error(`process ${pid} does not stand still`);
  }
}
