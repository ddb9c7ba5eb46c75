/**
 * When the heap of a thread that sleeps is collected.
 *
 * @module
 */
const MIB = 1024 * 1024;
/** Looks in a row at which nothing had been done. */
const QUIET_LOOKS = 5;
/** Less than this is not worth it. */
const GROWTH_LEAST = 2 * MIB;

/** The heap of one thread. */
export interface ThreadHeap {
  /** Bytes it has of the system. */
  bytes(): number;
  /** Collects what nobody refers to; the thread stands still meanwhile. */
  collect(): void;
}

/**
 * A thread that sleeps in a wait for requests gives the runtime no moment in which to make its heap
 * smaller: what a busy time left would stay for as long as nothing comes. So it is collected once where
 * nothing has come for a while and there is something to get: what it was after the last collection, and
 * {@link GROWTH_LEAST}.
 */
export class IdleHeap {
  readonly #heap: ThreadHeap;
  #least: number;
  #done = 0;
  #quiet = 0;

  constructor(heap: ThreadHeap) {
    this.#heap = heap;
    this.#least = heap.bytes();
  }

  /** So much has been done since the thread began; to be told about once a second. */
  look(done: number): void {
    this.#quiet = done === this.#done ? this.#quiet + 1 : 0;
    this.#done = done;
    if (this.#quiet !== QUIET_LOOKS || this.#heap.bytes() < this.#least + GROWTH_LEAST) return;
    this.#heap.collect();
    this.#least = this.#heap.bytes();
  }
}
