/**
 * How far long work has come: one line on a terminal's stderr that is written over as it goes.
 *
 * @module
 */
import { writeError } from "./main.ts";

/** What the line is about. */
export interface ProgressOptions {
  /** `published`. */
  readonly did: string;
  /** How many there are to do, where that is known. */
  readonly total?: number;
  /** Shown only where someone looks at it. */
  readonly shown: boolean;
}

/** Work that is done sooner needs no progress. */
const PATIENCE_MS = 1000;
const REDRAW_MS = 200;
const BAR = 24;

/** Call {@link step} after each piece of work and {@link end} before anything else is written to the terminal. */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #start = performance.now();
  #next = this.#start + PATIENCE_MS;
  #drawn = false;
  #ended = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  step(done: number): void {
    if (!this.#options.shown || this.#ended) return;
    const now = performance.now();
    if (now < this.#next) return;
    this.#next = now + REDRAW_MS;
    this.#drawn = true;
    writeError(`\r\x1b[K${this.#line(done, now - this.#start)}`);
  }

  /** Prints whole lines where the progress is; it comes back under them with the next step. */
  readonly printAbove = (text: string): void =>
    writeError(`${this.#drawn && !this.#ended ? "\r\x1b[K" : ""}${text}`);

  /** Takes the line away for good. */
  end(): void {
    if (this.#drawn && !this.#ended) writeError("\r\x1b[K");
    this.#ended = true;
  }

  #line(done: number, elapsed: number): string {
    const { did, total } = this.#options;
    const rate = `${Math.round(done / elapsed * 1000).toLocaleString("en")}/s`;
    if (total === undefined) return `${done.toLocaleString("en")} ${did}, ${rate}`;
    const filled = Math.floor(BAR * done / total);
    const bar = `${"#".repeat(filled)}${".".repeat(BAR - filled)}`;
    return `[${bar}] ${done.toLocaleString("en")} of ${total.toLocaleString("en")} ${did}, ${rate}`;
  }
}
