/**
 * Memory for many small things that live as long as each other: it grows by a piece at a time, so that it is
 * never copied as a whole, and the collector has nothing in it to look at, however much it is.
 *
 * @module
 */

/** Numbers of a piece, as a power of two; bytes of one of records. */
const WORDS_SHIFT = 14;
const WORDS = 1 << WORDS_SHIFT;
const BYTES_SHIFT = 16;
const BYTES = 1 << BYTES_SHIFT;
/** What the first piece begins with: it alone is made anew when it is full, twice as large. */
const WORDS_LEAST = 64;
const BYTES_LEAST = 256;
/** A record that is free holds where the next one is. */
export const RECORD_LEAST = 4;

/** Numbers from 0 to 2^32 - 1, one behind the other. */
export class Words {
  readonly #pieces: Uint32Array[] = [new Uint32Array(WORDS_LEAST)];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get(at: number): number {
    return this.#pieces[at >>> WORDS_SHIFT]![at & (WORDS - 1)]!;
  }

  set(at: number, value: number): void {
    this.#pieces[at >>> WORDS_SHIFT]![at & (WORDS - 1)] = value;
  }

  /** So many zeros more: a power of two, so that they lie in one piece. Where the first of them is. */
  grow(count: number): number {
    const at = this.#length;
    this.#length = at + count;
    const last = this.#pieces.length - 1;
    const piece = this.#pieces[last]!;
    if ((last << WORDS_SHIFT) + piece.length >= this.#length) return at;
    if (piece.length < WORDS) this.#pieces[last] = twice(piece, new Uint32Array(2 * piece.length));
    else this.#pieces.push(new Uint32Array(WORDS));
    return at;
  }
}

/** Records of some bytes each. What is taken is not cleared. */
export class Records {
  readonly #pieces: Uint8Array[] = [new Uint8Array(BYTES_LEAST)];
  /** Bytes of the last piece that are taken. */
  #used = 0;
  /** By size: where the first that is free is, and one; 0: none is. */
  #free: Uint32Array | undefined;

  /** The piece that holds a record: it lies there as {@link within} says, whole. */
  piece(record: number): Uint8Array {
    return this.#pieces[record >>> BYTES_SHIFT]!;
  }

  /** Takes a record of so many bytes, {@link RECORD_LEAST} at least. */
  take(size: number): number {
    const free = this.#free;
    const again = free !== undefined && size < free.length ? free[size]! : 0;
    if (again === 0) return this.#takeNew(size);
    const record = again - 1;
    free![size] = readWord(this.piece(record), within(record));
    return record;
  }

  /** A record is not needed any more: another of the same size may have its place. */
  letGo(record: number, size: number): void {
    if (this.#free === undefined || size >= this.#free.length) {
      const wider = new Uint32Array(Math.max(size + 1, 2 * (this.#free?.length ?? 32)));
      this.#free = this.#free === undefined ? wider : twice(this.#free, wider);
    }
    writeWord(this.piece(record), within(record), this.#free[size]!);
    this.#free[size] = record + 1;
  }

  #takeNew(size: number): number {
    if (size > BYTES) throw new RangeError(`a record takes ${BYTES} bytes at most, not ${size}`);
    let last = this.#pieces.length - 1;
    let piece = this.#pieces[last]!;
    while (this.#used + size > piece.length) {
      if (piece.length < BYTES) {
        this.#pieces[last] = piece = twice(piece, new Uint8Array(2 * piece.length));
      } else {
        this.#pieces.push(piece = new Uint8Array(BYTES));
        this.#used = 0;
        last++;
      }
    }
    const record = last * BYTES + this.#used;
    this.#used += size;
    return record;
  }
}

/** Where in its piece a record begins. */
export function within(record: number): number {
  return record & (BYTES - 1);
}

function readWord(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24) >>> 0;
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word;
  bytes[at + 1] = word >>> 8;
  bytes[at + 2] = word >>> 16;
  bytes[at + 3] = word >>> 24;
}

function twice<T extends Uint8Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
