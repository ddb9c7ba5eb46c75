/**
 * The terminal while a prompt reads it key by key: its mode, its signals, and how a shell gets it back.
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
/** Longer, in ms, it takes to take the terminal only for who is stopped while doing it. */
const AT_ONCE_MS = 2;
/** Within this time after that, in ms, one more signal to continue is the same one. */
const TWICE_MS = 100;
/** The exit code of a program that SIGQUIT ended, as shells count. */
const QUIT = 128 + 3;

/**
 * Keys come one by one, but Ctrl-C, Ctrl-Z and Ctrl-\ stay signals, which the terminal sends to all of a
 * pipeline: so they work whatever the program is doing, and a pipeline stops as one.
 */
export class Keyboard implements Disposable {
  readonly #events: KeyboardEvents;
  readonly #write: (text: string) => void;
  readonly #signals: readonly (readonly [Deno.Signal, () => void])[];
  readonly #release = (): void => this.#toShell();
  #ours = false;
  #closed = false;
  /** When it went on after it had to wait for the terminal. */
  #waitedAt = -Infinity;

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
    this.#closed = true;
    for (const [signal, listener] of this.#signals) Deno.removeSignalListener(signal, listener);
    globalThis.removeEventListener("unload", this.#release);
    this.#toShell();
  }

  #take(): void {
    this.#ours = true;
    // whoever is in the background is stopped here, and goes on here when it is in the foreground again
    Deno.stdin.setRaw(true, { cbreak: Deno.build.os !== "windows" });
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
    const start = performance.now();
    // who was stopped while taking the terminal is told twice that it goes on
    const isTwice = this.#ours && start - this.#waitedAt < TWICE_MS;
    this.#take();
    const end = performance.now();
    if (end - start > AT_ONCE_MS) this.#waitedAt = end;
    if (!isTwice) this.#events.back();
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
