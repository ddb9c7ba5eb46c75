/**
 * The terminal while a prompt reads it key by key: its mode, its signals, what it is given back to a shell with.
 *
 * @module
 */
import { type Key, KeyReader } from "./keys.ts";
import { isOrphaned } from "./shell.ts";

/** What happens at the terminal. */
export interface KeyboardEvents {
  readonly keys: (keys: readonly Key[]) => void;
  /** Nothing more will come. */
  readonly end: () => void;
  readonly resized: () => void;
  /** Called before a shell takes the terminal over: the cursor is to be left in a line of its own. */
  readonly leaving: () => void;
  /** The terminal is ours again, and somebody else may have written on it. */
  readonly back: () => void;
}

const PASTE_IS_MARKED = "\x1b[?2004h";
const PASTE_IS_PLAIN = "\x1b[?2004l";
const READ_BYTES = 64 * 1024;
/** The exit code of a program that SIGQUIT ended, as shells count. */
const QUIT = 128 + 3;

/**
 * Keys come one by one, but Ctrl-C, Ctrl-Z and Ctrl-\ stay signals, which the terminal sends to all of a pipeline:
 * so they work whatever the program is doing, and what it is stopped or ended with is done by the system.
 */
export class Keyboard implements Disposable {
  readonly #events: KeyboardEvents;
  readonly #write: (text: string) => void;
  readonly #signals: readonly (readonly [Deno.Signal, () => void])[];
  readonly #release = (): void => this.#toShell();
  #ours = false;
  #closed = false;

  /** `write` writes to the terminal. */
  constructor(events: KeyboardEvents, write: (text: string) => void) {
    this.#events = events;
    this.#write = write;
    this.#signals = Deno.build.os === "windows" ? [] : [
      ["SIGTSTP", () => this.#suspend()],
      ["SIGQUIT", () => this.#quit()],
      ["SIGCONT", () => this.#continue()],
      ["SIGWINCH", () => events.resized()],
    ];
    for (const [signal, listener] of this.#signals) Deno.addSignalListener(signal, listener);
    // the program may end from anywhere
    globalThis.addEventListener("unload", this.#release);
    this.#take();
    this.#read();
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const [signal, listener] of this.#signals) Deno.removeSignalListener(signal, listener);
    globalThis.removeEventListener("unload", this.#release);
    this.#toShell();
  }

  #take(): void {
    this.#ours = true;
    Deno.stdin.setRaw(true, { cbreak: true });
    this.#write(PASTE_IS_MARKED);
  }

  #toShell(): void {
    if (!this.#ours) return;
    this.#ours = false;
    this.#write(PASTE_IS_PLAIN);
    Deno.stdin.setRaw(false);
  }

  /** Ctrl-Z: the terminal is given back first. */
  #suspend(): void {
    if (isOrphaned()) return;
    this.#events.leaving();
    this.#toShell();
    Deno.kill(Deno.pid, "SIGSTOP");
  }

  /** Ctrl-\: leaves at once. */
  #quit(): never {
    this.#events.leaving();
    Deno.exit(QUIT);
  }

  /** After `fg`; after a SIGSTOP, too, which nobody is told of. */
  #continue(): void {
    this.#take();
    this.#events.back();
  }

  async #read(): Promise<void> {
    const reader = new KeyReader();
    const buffer = new Uint8Array(READ_BYTES);
    try {
      for (let read: number | null; (read = await Deno.stdin.read(buffer)) !== null;) {
        if (this.#closed) return;
        this.#events.keys(reader.read(buffer.subarray(0, read), performance.now()));
      }
    } catch {
      // the terminal is gone, which ends it as Ctrl-D does
    }
    this.#events.end();
  }
}
