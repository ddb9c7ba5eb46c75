/**
 * A terminal in the place of the process's own: what is typed goes in, what a person would see comes out. For one
 * thread of tests only.
 *
 * @module
 */
import { Rows } from "./prompt/rows.ts";
import { standIn } from "./stand_in.ts";

/** It is stdin and stdout until it is disposed of. */
export class StandInTerminal implements Disposable {
  readonly rows: Rows;
  /** Whether keys come one by one, as it was asked for. */
  readonly raw: boolean[] = [];
  /** Whether its signals were to stay, each time that was asked for. */
  readonly cbreak: (boolean | undefined)[] = [];
  /** Called when it is asked how keys are to come: it may take a while, for who is in the background. */
  onRaw = (): void => {};
  readonly #stack = new DisposableStack();
  readonly #keys: string[] = [];
  #wake: () => void = () => {};
  #ended = false;

  constructor(columns = 40, rows = 10) {
    this.rows = new Rows(columns, rows);
    const writeSync = (bytes: Uint8Array): number => {
      // that pastes are marked is no business of the rows
      this.rows.write(
        new TextDecoder().decode(bytes).replaceAll("\x1b[?2004h", "").replaceAll("\x1b[?2004l", ""),
      );
      return bytes.length;
    };
    const stdin = {
      read: (into: Uint8Array) => this.#read(into),
      setRaw: (raw: boolean, options?: Deno.SetRawOptions) => {
        this.raw.push(raw);
        if (raw) this.cbreak.push(options?.cbreak);
        this.onRaw();
      },
      isTerminal: () => true,
    };
    const stdout = { writeSync, isTerminal: () => true };
    this.#stack.use(standIn(Deno, "stdin", stdin as unknown as typeof Deno.stdin));
    this.#stack.use(standIn(Deno, "stdout", stdout as unknown as typeof Deno.stdout));
    this.#stack.use(standIn(Deno, "consoleSize", () => this.rows.size()));
  }

  /** Types these, in one read. */
  type(keys: string): void {
    this.#keys.push(keys);
    this.#wake();
  }

  endInput(): void {
    this.#ended = true;
    this.#wake();
  }

  async #read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      const keys = this.#keys.shift();
      if (keys !== undefined) return new TextEncoder().encodeInto(keys, into).written;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  [Symbol.dispose](): void {
    this.endInput();
    this.#stack.dispose();
  }
}
