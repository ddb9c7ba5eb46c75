/**
 * How far long work has come: one line on a terminal's stderr that is written over as it goes.
 *
 * @module
 */
import { writeError } from "./stdio.ts";

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
const REDRAW_MS = 100;
/** Characters of the bar, where there is room, and fewer than which say nothing. */
const BAR = 24;
const BAR_LEAST = 8;

/** Draws by itself from {@link watch} to {@link end}; the work need not know. */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #start = performance.now();
  #done: () => number = () => 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #drawn = false;
  #drawnAt = 0;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** Shows how much `done` says is done, from a second on. */
  watch(done: () => number): void {
    if (!this.#options.shown) return;
    this.#done = done;
    this.#timer = setInterval(() => this.#draw(this.#done(), this.#options.total), REDRAW_MS);
    // a program that has come to its end is not kept from it
    Deno.unrefTimer(this.#timer);
  }

  /** Shows how much is done, of how much: for work that lets no timer run. */
  show(done: number, total: number): void {
    const now = performance.now();
    if (!this.#options.shown || now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    this.#draw(done, total);
  }

  /** Takes the line away until it is drawn again. */
  clear(): void {
    if (this.#drawn) writeError("\r\x1b[K");
    this.#drawn = false;
  }

  /** Prints whole lines where the progress is; it comes back under them. */
  readonly printAbove = (text: string): void => {
    writeError(`${this.#drawn ? "\r\x1b[K" : ""}${text}`);
    this.#drawn = false;
  };

  /** Takes the line away for good. */
  end(): void {
    clearInterval(this.#timer);
    this.clear();
  }

  #draw(done: number, total: number | undefined): void {
    const elapsed = performance.now() - this.#start;
    if (elapsed < PATIENCE_MS) return;
    this.#drawn = true;
    writeError(`\r\x1b[K${this.#line({ done, total, elapsed })}`);
  }

  /** As much as fits one row; a line that wraps could not be written over. */
  #line(
    { done, total, elapsed }: {
      readonly done: number;
      readonly total: number | undefined;
      readonly elapsed: number;
    },
  ): string {
    const { did } = this.#options;
    const rate = `${Math.round(done / elapsed * 1000).toLocaleString("en")}/s`;
    const of = total === undefined ? "" : ` of ${total.toLocaleString("en")}`;
    const text = `${done.toLocaleString("en")}${of} ${did}, ${rate}`;
    const room = Deno.consoleSize().columns - 1;
    if (total === undefined) return text.slice(0, room);
    // a total may be a guess
    const share = Math.min(done / total, 1);
    const long = `${Math.floor(100 * share)}% ${text}`;
    const bar = Math.min(BAR, room - long.length - "[] ".length);
    if (bar < BAR_LEAST) return long.slice(0, room);
    const filled = Math.floor(bar * share);
    return `[${"#".repeat(filled)}${".".repeat(bar - filled)}] ${long}`;
  }
}
