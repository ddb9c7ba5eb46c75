/**
 * A program run as a process of its own: its lines as they come, waited for by what they say, ended by its id.
 *
 * @module
 */
import { TextLineStream } from "@std/streams";
import { quote } from "../lib/text.ts";

/** Where a line came from. */
export type Source = "stdout" | "stderr";

/** How a program is started. */
export interface ProgramOptions {
  /** As errors call it; its executable's name otherwise. */
  readonly name?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The program gets `env` and nothing else. */
  readonly clearEnv?: boolean;
  readonly stdin?: "null" | "piped";
  /** Called with every line without its LF, in order. */
  readonly onLine?: (line: string, source: Source) => void;
}

/** Lines kept, to say what a program that failed said last, and for {@link Program.line}. */
const KEPT_LINES = 1000;

/** A running program. Disposing of it ends it. */
export class Program implements AsyncDisposable {
  static readonly #running = new Set<Program>();
  static #stopping = false;
  readonly #child: Deno.ChildProcess;
  readonly #name: string;
  readonly #lines: string[] = [];
  readonly #done: Promise<Deno.CommandStatus>;
  #heard = Promise.withResolvers<void>();
  #status: Deno.CommandStatus | null = null;

  private constructor(command: readonly string[], options: ProgramOptions) {
    const [executable = "", ...args] = command;
    this.#name = options.name ?? executable.replace(/^.*[\\/]/, "");
    this.#child = new Deno.Command(executable, {
      args,
      stdin: options.stdin ?? "null",
      stdout: "piped",
      stderr: "piped",
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: { ...options.env } }),
      ...(options.clearEnv === undefined ? {} : { clearEnv: options.clearEnv }),
    }).spawn();
    const { stdout, stderr } = this.#child;
    const read = [this.#read(stdout, "stdout", options.onLine), this.#read(stderr, "stderr", options.onLine)];
    this.#done = Promise.all([this.#child.status, ...read]).then(([status]) => {
      this.#status = status;
      Program.#running.delete(this);
      this.#heard.resolve();
      return status;
    });
  }

  /** Starts it. Throws `Deno.errors.NotFound` where there is no such executable, and after {@link stopAll}. */
  static start(command: readonly string[], options: ProgramOptions = {}): Program {
    if (Program.#stopping) throw new Error(`${command[0]} is not started: all programs are being stopped`);
    const program = new Program(command, options);
    Program.#running.add(program);
    return program;
  }

  /** Ends every program that still runs, and lets no other start: for who is interrupted and leaves nobody behind. */
  static async stopAll(): Promise<void> {
    Program.#stopping = true;
    await Promise.all([...Program.#running].map((program) => program.stop()));
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What it printed so far, both streams, the last {@link KEPT_LINES} lines. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Resolves when it has ended and all it printed was handed over. */
  get done(): Promise<Deno.CommandStatus> {
    return this.#done;
  }

  /** Its keyboard; only with `stdin: "piped"`. */
  get stdin(): WritableStream<Uint8Array<ArrayBuffer>> {
    return this.#child.stdin;
  }

  /** Waits until a line matches; one printed before counts. Fails when it ends first or the time runs out. */
  async line(pattern: RegExp, milliseconds = 10_000): Promise<RegExpExecArray> {
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(() => late.resolve("late"), milliseconds);
    try {
      while (true) {
        for (const line of this.#lines) {
          const found = pattern.exec(line);
          if (found !== null) return found;
        }
        if (this.#status !== null) {
          throw new Error(`${this.#name} ended with ${this.#status.code}${this.#last()}`);
        }
        if (await Promise.race([this.#heard.promise, late.promise]) === "late") {
          throw new Error(`${this.#name} printed no ${pattern} in ${milliseconds} ms${this.#last()}`);
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Asks it to end, insists after `graceMs`, and resolves when it is gone. */
  async stop(signal: Deno.Signal = "SIGTERM", graceMs = 5000): Promise<Deno.CommandStatus> {
    this.#kill(signal);
    const timer = setTimeout(() => this.#kill("SIGKILL"), graceMs);
    try {
      return await this.#done;
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #kill(signal: Deno.Signal): void {
    if (this.#status !== null) return;
    try {
      this.#child.kill(signal);
    } catch (error) {
      // it ended meanwhile: that is what was asked for
      if (!(error instanceof TypeError)) throw error;
    }
  }

  #last(): string {
    const said = this.#lines.filter((line) => line.trim() !== "");
    // of a stack trace the line that says what happened, not the innermost place
    const last = said.findLast((line) => /\berror\b/i.test(line)) ?? said.at(-1);
    return last === undefined ? " without a word" : `, its last words: ${quote(last, 200)}`;
  }

  async #read(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    source: Source,
    onLine: ProgramOptions["onLine"],
  ): Promise<void> {
    const text = stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream());
    for await (const line of text) {
      this.#lines.push(line);
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
      onLine?.(line, source);
      this.#heard.resolve();
      this.#heard = Promise.withResolvers<void>();
    }
  }
}
