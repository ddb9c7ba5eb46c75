/**
 * Bytes on their way to stdout or a file: gathered while a burst lasts, written when it ends.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { RunError } from "../../errors.ts";
import { whyNot } from "../process/files.ts";

/** Whoever read our stdout is gone: nothing failed, there is nobody left to write for. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

const TO_STDOUT = "to stdout";

/** What a write that failed is to the program: OutputClosed, of stdout alone, or a RunError that says why. */
export function writeFailure(error: unknown, what = TO_STDOUT): Error {
  if (what === TO_STDOUT && error instanceof Deno.errors.BrokenPipe) return new OutputClosed();
  return new RunError(`cannot write ${what}: ${whyNot(error)}`);
}

/** Where the bytes go. */
export interface OutputTarget {
  write(bytes: Uint8Array): Promise<number>;
}

/** Bytes from which on a writer should wait for {@link Output.flush}: its reader is slower than it. */
const FULL_BYTES = 256 * 1024;
const FIRST_BYTES = 16 * 1024;

/**
 * - what is put is written at the end of this turn of the event loop at the latest,
 *   so a reader of a pipe has each line at once on a quiet connection, and a burst costs few writes;
 * - bytes leave in the order in which they were put;
 * - who sees {@link full} waits for {@link flush} before it puts more: that is the backpressure;
 * - a write that fails is told by {@link flush} and by {@link failed};
 *   a reader of stdout that went away is OutputClosed, everything else a RunError.
 */
export class Output {
  /** Rejects when a write fails; never resolves. */
  readonly failed: Promise<never>;
  readonly #target: OutputTarget;
  readonly #what: string;
  readonly #encoder = new TextEncoder();
  readonly #fail: (error: unknown) => void;
  #buffer = new Uint8Array(FIRST_BYTES);
  #spare = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #scheduled = false;
  #writing: Promise<void> = Promise.resolve();

  /** `what` is written, said where that fails. */
  constructor(target: OutputTarget, what = TO_STDOUT) {
    this.#target = target;
    this.#what = what;
    const { promise, reject } = Promise.withResolvers<never>();
    // who does not race against it still learns of the failure from flush
    promise.catch(() => {});
    this.failed = promise;
    this.#fail = reject;
  }

  /** Whether so much waits that the writer should, too. */
  get full(): boolean {
    return this.#length >= FULL_BYTES;
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  text(text: string): void {
    // a UTF-16 unit is at most three bytes of UTF-8
    this.#reserve(text.length * 3);
    this.#length += this.#encoder.encodeInto(text, this.#buffer.subarray(this.#length)).written;
  }

  /** Writes what was put so far. Rejects when this or an earlier write failed. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#drain());
    return this.#writing;
  }

  #reserve(bytes: number): void {
    if (this.#buffer.length < this.#length + bytes) {
      const grown = new Uint8Array(Math.max(2 * this.#buffer.length, this.#length + bytes));
      grown.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = grown;
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      // told by `failed`
      this.flush().catch(() => {});
    });
  }

  async #drain(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#length);
    [this.#buffer, this.#spare] = [this.#spare, this.#buffer];
    this.#length = 0;
    try {
      for (let at = 0; at < bytes.length;) at += await this.#target.write(bytes.subarray(at));
    } catch (error) {
      const told = writeFailure(error, this.#what);
      this.#fail(told);
      throw told;
    }
  }
}
