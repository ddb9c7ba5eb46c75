/**
 * Bytes that are put together as they come.
 *
 * @module
 */

/** Who is told what is kept. */
export interface Counting {
  /** So many bytes now. Throws Problem where that is too much. */
  set(bytes: number): void;
}

/**
 * Guarantee: however small the chunks are, it keeps twice the bytes that came at most, counts what it keeps,
 * and copies each byte twice or so.
 */
export class Gathered {
  readonly #counting: Counting;
  readonly #most: number;
  #buffer = new Uint8Array(0);
  #length = 0;

  /** It will have so many bytes at most. */
  constructor(counting: Counting, most = Infinity) {
    this.#counting = counting;
    this.#most = most;
  }

  get length(): number {
    return this.#length;
  }

  /** What came: it is the buffer itself, which changes until {@link clear}. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Throws Problem where too much is kept already. */
  add(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#buffer.length) {
      const capacity = Math.max(length, Math.min(2 * this.#buffer.length, this.#most));
      this.#counting.set(capacity);
      const buffer = new Uint8Array(capacity);
      buffer.set(this.bytes);
      this.#buffer = buffer;
    }
    this.#buffer.set(chunk, this.#length);
    this.#length = length;
  }

  /** Begins anew, with a buffer of its own. */
  clear(): void {
    this.#buffer = new Uint8Array(0);
    this.#length = 0;
    this.#counting.set(0);
  }
}
