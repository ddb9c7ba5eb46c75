/**
 * Lines to a stream that may be slow, stuck or closed, without ever making whoever writes them wait.
 *
 * @module
 */

/** Where lines go: stderr, or what stands in for it in a test. */
export interface LineTarget {
  write(bytes: Uint8Array): Promise<number>;
}

/** Bytes that may wait for a reader of the log; what comes beyond that is counted and left out. */
const WAITING_MOST = 1024 * 1024;
/** How long a flush waits for a reader that does not read, milliseconds. */
const FLUSH_MOST_MS = 1000;

/**
 * - never throws and never blocks: a log nobody reads does not stop the broker;
 * - lines of one turn of the event loop leave in one write;
 * - lines come out whole and in order; where some were left out a line says how many.
 */
export class LineWriter {
  readonly #target: LineTarget;
  readonly #encoder = new TextEncoder();
  #waiting = "";
  #dropped = 0;
  #closed = false;
  #writing: Promise<void> | undefined;

  constructor(target: LineTarget) {
    this.#target = target;
  }

  write(line: string): void {
    if (this.#closed) return;
    if (this.#waiting.length + line.length >= WAITING_MOST) {
      this.#dropped++;
      return;
    }
    if (this.#dropped > 0) {
      this.#waiting += `(${this.#dropped} log lines left out: nobody read them)\n`;
      this.#dropped = 0;
    }
    this.#waiting += `${line}\n`;
    this.#writing ??= this.#drain();
  }

  /** Settles when everything is written or nobody reads it. */
  async flush(): Promise<void> {
    if (this.#writing === undefined) return;
    const { promise: tooLong, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, FLUSH_MOST_MS);
    await Promise.race([this.#writing, tooLong]);
    clearTimeout(timer);
  }

  async #drain(): Promise<void> {
    // let the rest of this turn's lines come
    await Promise.resolve();
    try {
      while (this.#waiting !== "") {
        const bytes = this.#encoder.encode(this.#waiting);
        this.#waiting = "";
        for (let at = 0; at < bytes.length;) at += await this.#target.write(bytes.subarray(at));
      }
    } catch {
      // stderr is closed: there is no place left to say so, and the broker goes on
      this.#closed = true;
    }
    this.#writing = undefined;
  }
}
