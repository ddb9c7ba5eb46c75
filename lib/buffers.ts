/**
 * Read buffers that several readers share without copying.
 *
 * A session reads from its socket into a chunk; what it forwards are slices of that chunk, and every outbox that still has
 * to write one holds a reference. The last to let go gives the memory back to the pool.
 *
 * @module
 */

/** Bytes all pools' free lists may keep together with this one: beyond it memory goes back to the collector. */
const POOL_BYTES_MOST = 32 * 1024 * 1024;

/**
 * A piece of memory with a reference count. Who creates or retains it releases it exactly once; nobody touches `bytes`
 * after that.
 */
export class Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #pool: ChunkPool | undefined;
  #references = 1;

  constructor(bytes: Uint8Array<ArrayBuffer>, pool?: ChunkPool) {
    this.bytes = bytes;
    this.#pool = pool;
  }

  /** Whether somebody beside the caller still reads from it, so that what lies in it must not be overwritten. */
  get shared(): boolean {
    return this.#references > 1;
  }

  retain(): void {
    this.#references++;
  }

  release(): void {
    this.#references--;
    if (this.#references === 0) this.#pool?.giveBack(this.bytes);
    if (this.#references < 0) throw new Error("a chunk was released more often than retained");
  }
}

/** Hands out chunks of power-of-two sizes and keeps a bounded number of freed ones. */
export class ChunkPool {
  readonly #free = new Map<number, Uint8Array<ArrayBuffer>[]>();
  #freeBytes = 0;

  /** A chunk of at least `size` bytes, its content undefined. */
  take(size: number): Chunk {
    const length = sizeClass(size);
    const kept = this.#free.get(length)?.pop();
    if (kept === undefined) return new Chunk(new Uint8Array(length), this);
    this.#freeBytes -= length;
    return new Chunk(kept, this);
  }

  /** Only for {@link Chunk}: the last reference is gone. */
  giveBack(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#freeBytes + bytes.length > POOL_BYTES_MOST) return;
    this.#freeBytes += bytes.length;
    const list = this.#free.get(bytes.length);
    if (list === undefined) this.#free.set(bytes.length, [bytes]);
    else list.push(bytes);
  }
}

function sizeClass(size: number): number {
  return size <= 1024 ? 1024 : 2 ** Math.ceil(Math.log2(size));
}
