/**
 * Read buffers that several readers share without copying.
 *
 * A session reads from its socket into a chunk; what it forwards are slices of that chunk, and every outbox
 * that still has to write one holds a reference. The last to let go gives the memory back to the pool.
 *
 * @module
 */

/** Bytes a pool keeps: beyond it memory goes back to the system. */
const POOL_BYTES_MOST = 128 * 1024 * 1024;

/** Free memory below this, not needed for a while, is not worth keeping, bytes. */
const LENGTH_MOST_KEPT = 1024 * 1024;
/** The smallest chunk, bytes. */
const LENGTH_LEAST = 64;

/** Where memory goes that nobody reads from any more. */
export interface Giver {
  giveBack(bytes: Uint8Array<ArrayBuffer>): void;
}

/**
 * Gives memory back to the system at once: what waits for the collector would add up to much, and the
 * collector does not hurry for memory that is not its own. Nothing else may look at the same buffer.
 */
const FREED: Giver = { giveBack: (bytes) => void bytes.buffer.transfer(0) };

/**
 * A piece of memory with a reference count. Who creates or retains
 * it releases it exactly once; nobody touches `bytes` after that.
 */
export class Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #giver: Giver | undefined;
  #references = 1;

  constructor(bytes: Uint8Array<ArrayBuffer>, giver?: Giver) {
    this.bytes = bytes;
    this.#giver = giver;
  }

  /** Whether somebody beside the caller still reads from it: then it must not be overwritten. */
  get shared(): boolean {
    return this.#references > 1;
  }

  retain(): void {
    this.#references++;
  }

  release(): void {
    this.#references--;
    if (this.#references === 0) this.#giver?.giveBack(this.bytes);
    if (this.#references < 0) throw new Error("a chunk was released more often than retained");
  }
}

/** Hands out chunks of power-of-two sizes and keeps so many bytes of freed ones as are in demand. */
export class ChunkPool implements Giver {
  readonly #adopted: Giver = {
    giveBack: (bytes) => {
      this.#bytesOut -= bytes.length;
      FREED.giveBack(bytes);
    },
  };
  readonly #free = new Map<number, Uint8Array<ArrayBuffer>[]>();
  #freeBytes = 0;
  #bytesOut = 0;
  /** Of the free bytes, how many have not been needed since the last {@link trim}. */
  #idleBytes = 0;

  /** Bytes it keeps for the next who need them. */
  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** Bytes of all chunks that somebody holds. */
  get bytesOut(): number {
    return this.#bytesOut;
  }

  /** Time has passed: half of what nobody needed since the last call goes back to the system. */
  trim(): void {
    let surplus = this.#idleBytes / 2;
    for (const [length, list] of this.#free) {
      // rounded: a single one goes as well
      while (2 * surplus >= length) {
        const bytes = list.pop();
        if (bytes === undefined) break;
        FREED.giveBack(bytes);
        surplus -= length;
        this.#freeBytes -= length;
      }
    }
    // what is too little to halve goes as well, at last
    if (this.#idleBytes === this.#freeBytes && this.#freeBytes < LENGTH_MOST_KEPT) this.#drop();
    this.#idleBytes = this.#freeBytes;
  }

  /** A chunk of at least `size` bytes, its content undefined. */
  take(size: number): Chunk {
    const length = sizeClass(size);
    this.#bytesOut += length;
    const kept = this.#free.get(length)?.pop();
    if (kept === undefined) return new Chunk(new Uint8Array(length), this);
    this.#freeBytes -= length;
    this.#idleBytes = Math.min(this.#idleBytes, this.#freeBytes);
    return new Chunk(kept, this);
  }

  /** A chunk of memory that came from elsewhere, whole: counted while it is held, and freed at once then. */
  adopt(bytes: Uint8Array<ArrayBuffer>): Chunk {
    this.#bytesOut += bytes.length;
    return new Chunk(bytes, this.#adopted);
  }

  /** Only for {@link Chunk}: the last reference is gone. */
  giveBack(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytesOut -= bytes.length;
    if (this.#freeBytes + bytes.length > POOL_BYTES_MOST) return FREED.giveBack(bytes);
    this.#freeBytes += bytes.length;
    const list = this.#free.get(bytes.length);
    if (list === undefined) this.#free.set(bytes.length, [bytes]);
    else list.push(bytes);
  }

  #drop(): void {
    for (const list of this.#free.values()) list.forEach((bytes) => FREED.giveBack(bytes));
    this.#free.clear();
    this.#freeBytes = 0;
  }
}

function sizeClass(size: number): number {
  return size <= LENGTH_LEAST ? LENGTH_LEAST : 2 ** Math.ceil(Math.log2(size));
}

/** A part of a chunk. Who keeps it longer than the call that brings it retains the chunk. */
export class Slice {
  readonly chunk: Chunk;
  readonly start: number;
  readonly end: number;
  #view: Uint8Array<ArrayBuffer> | undefined;

  constructor(chunk: Chunk, start = 0, end: number = chunk.bytes.length) {
    this.chunk = chunk;
    this.start = start;
    this.end = end;
  }

  /** The bytes; made once for all who write them. */
  get view(): Uint8Array<ArrayBuffer> {
    return this.#view ??= this.chunk.bytes.subarray(this.start, this.end);
  }
}
