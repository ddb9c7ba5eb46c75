/**
 * A frame that was cut by the end of a read.
 *
 * @module
 */
import { LARGEST_LIMITS } from "../../limits.ts";
import { LF } from "../../wire/bytes.ts";
import { isPub } from "../header_bytes.ts";

/** Bytes of a header: the most a broker can be set to take, and its LF. */
const HEADER_MOST = LARGEST_LIMITS.line + 1;
const EMPTY = new Uint8Array(0);
/** Bytes that a frame is given at once because its header says so; beyond, it is by what has come of it. */
const NAMED_MOST = 64 * 1024;
const GROWTH = 4;

const decoder = new TextDecoder();

/** Keeps the beginning of a frame until the rest has come: one frame at a time, and nothing behind it. */
export class CutFrame {
  /** Bytes of it that have come; 0: there is none. */
  length = 0;
  #bytes: Uint8Array<ArrayBuffer> = EMPTY;
  /** Bytes it has, once its header is whole. */
  #needed = 0;

  /** Whether all of it has come. */
  get whole(): boolean {
    return this.#needed > 0 && this.length >= this.#needed;
  }

  /** Whether its header is longer than any may be. */
  get endless(): boolean {
    return this.#needed === 0 && this.length > HEADER_MOST;
  }

  /** Begins with the end of a read. */
  begin(bytes: Uint8Array): void {
    const lf = bytes.indexOf(LF);
    if (lf !== -1) this.#needed = frameLength(bytes.subarray(0, lf + 1));
    this.#keep(bytes);
  }

  /** Goes on with what came next; how many bytes of that are its own. */
  goOn(chunk: Uint8Array): number {
    let at = 0;
    if (this.#needed === 0) {
      const lf = chunk.indexOf(LF);
      at = lf === -1 ? chunk.length : lf + 1;
      this.#keep(chunk.subarray(0, at));
      if (lf === -1) return at;
      this.#needed = frameLength(this.#bytes.subarray(0, this.length));
    }
    const more = chunk.subarray(at, at + this.#needed - this.length);
    this.#keep(more);
    return at + more.length;
  }

  /** Gives the frame away, with its memory. */
  take(): Uint8Array<ArrayBuffer> {
    const frame = this.#bytes.subarray(0, this.length);
    this.#bytes = EMPTY;
    this.length = this.#needed = 0;
    return frame;
  }

  #keep(some: Uint8Array): void {
    const length = this.length + some.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(this.#room(length));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    this.#bytes.set(some, this.length);
    this.length = length;
  }

  /** For so many bytes and what follows them: a length that somebody names takes no memory by itself. */
  #room(length: number): number {
    if (this.#needed === 0) return Math.max(length, 2 * this.#bytes.length);
    return Math.min(this.#needed, Math.max(NAMED_MOST, GROWTH * length));
  }
}

/**
 * Bytes of the frame with this header, which has its LF. Where the length is wrong, the header is enough to
 * say so.
 */
function frameLength(header: Uint8Array): number {
  if (!isPub(header, 0)) return header.length;
  const length = Number(/^pub [^ ]* (\d+)[ \r\n]/.exec(decoder.decode(header))?.[1]);
  return length <= LARGEST_LIMITS.payload ? header.length + length + 1 : header.length;
}
