/**
 * What a process prints: kept, handed over line by line as it comes, and waited for.
 *
 * @module
 */
import { quote } from "../lib/text.ts";

/** Where something was printed. */
export type Source = "stdout" | "stderr";

/** What is waited for. */
export interface WaitOptions {
  /** Milliseconds: 30,000, as a shared machine can be slow. */
  readonly timeout?: number;
}

/** Lines kept one by one; as text everything is. */
const KEPT_LINES = 1000;
const TIMEOUT_MS = 30_000;
/** Characters of each stream that an error has as its cause. */
const TAIL = 2000;

/** The output of one process, both streams. */
export class Printed {
  readonly #name: string;
  readonly #onLine: ((line: string, source: Source) => void) | undefined;
  readonly #text = { stdout: "", stderr: "" };
  readonly #lines: string[] = [];
  #heard = Promise.withResolvers<void>();
  #code: number | undefined;

  /** `name` is the process's in errors; `onLine` gets every line without its line end, in order. */
  constructor(name: string, onLine?: (line: string, source: Source) => void) {
    this.#name = name;
    this.#onLine = onLine;
  }

  /** All of stdout so far. */
  get stdout(): string {
    return this.#text.stdout;
  }

  /** All of stderr so far. */
  get stderr(): string {
    return this.#text.stderr;
  }

  /** The last {@link KEPT_LINES} lines so far, of both streams as they came. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Takes a stream to its end; what stands after the last line end is a line then. */
  async take(stream: ReadableStream<Uint8Array<ArrayBuffer>>, source: Source): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#text[source] += text;
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) this.#keep(line, source);
      this.#hear();
    }
    if (rest !== "") this.#keep(rest, source);
  }

  /** Nothing more comes: the process has ended with this code. */
  end(code: number): void {
    this.#code = code;
    this.#hear();
  }

  /**
   * Waits until a whole line of either stream matches; one printed before counts. Fails when the process ends first or the
   * time is over, with the last it said.
   */
  line(pattern: RegExp, { timeout = TIMEOUT_MS }: WaitOptions = {}): Promise<RegExpExecArray> {
    const look = (): RegExpExecArray | null => {
      for (const line of this.#lines) {
        const found = pattern.exec(line);
        if (found !== null) return found;
      }
      return null;
    };
    return this.#until(look, { what: `line ${pattern}`, timeout });
  }

  /** Waits until all that stdout (or stderr) got so far matches, lines that are not whole included; fails as {@link line} does. */
  see(
    pattern: RegExp,
    { timeout = TIMEOUT_MS, on = "stdout" }: WaitOptions & { readonly on?: Source } = {},
  ): Promise<RegExpExecArray> {
    return this.#until(() => pattern.exec(this.#text[on]), { what: `${pattern} on ${on}`, timeout });
  }

  /** What went wrong with the process, and the last it said; all it said is the cause. */
  failure(what: string): Error {
    const said = this.#lines.filter((line) => line.trim() !== "");
    // of a stack trace the line that says what happened, not the innermost place
    const last = said.findLast((line) => /\berror\b/i.test(line)) ?? said.at(-1);
    const words = last === undefined ? " without a word" : `, its last words: ${quote(last, 200)}`;
    const cause = `stdout: ${this.stdout.slice(-TAIL)}\nstderr: ${this.stderr.slice(-TAIL)}`;
    return new Error(`${this.#name} ${what}${words}`, { cause });
  }

  #keep(line: string, source: Source): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    this.#onLine?.(line, source);
  }

  #hear(): void {
    this.#heard.resolve();
    this.#heard = Promise.withResolvers<void>();
  }

  async #until<Found>(
    look: () => Found | null,
    { what, timeout }: { readonly what: string; readonly timeout: number },
  ): Promise<Found> {
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(() => late.resolve("late"), timeout);
    try {
      while (true) {
        const found = look();
        if (found !== null) return found;
        if (this.#code !== undefined) {
          throw this.failure(`ended with ${this.#code} before it printed ${what}`);
        }
        if (await Promise.race([this.#heard.promise, late.promise]) === "late") {
          throw this.failure(`did not print ${what} in ${timeout} ms`);
        }
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
