/**
 * When the runtime's heap is collected though nothing asks for it.
 *
 * @module
 */
import {
  QUIET_HEAP_GROWTH,
  QUIET_HEAP_LIVE_MOST,
  QUIET_HEAP_MOVES,
  QUIET_LOOKS,
  QUIET_PART,
} from "../limits.ts";

/** The memory of this process. */
export interface Heap {
  /** Bytes it has of the system. */
  bytes(): number;
  /** Milliseconds of processor time the process has used so far. */
  worked(): number;
  /** Collects what nobody refers to and gives it back to the system; everybody waits meanwhile. */
  collect(): void;
}

/**
 * A runtime collects when something is allocated. A broker whose busy peers have left allocates nothing, and
 * would keep what they made it allocate until somebody else comes.
 *
 * Guarantees: nothing is collected while the broker is busy, nor while so much may be alive that others would
 * feel it, nor while many come or go; what cannot be collected is not looked for again and again. Behind a
 * collection that brought something come two more: what is remembered for a while (routes) is forgotten by
 * then. What is remembered for longer (ids) is collected when it has been let go, though the process has not
 * grown since.
 */
export class HeapKeeper {
  readonly #heap: Heap;
  /** The least since the last collection. */
  #least: number;
  /** The most that was alive since then, and what was at the last look. */
  #mostAlive = 0;
  #alive = 0;
  #worked: number;
  #quiet = 0;
  /** Collections that are still to follow one that brought something, and looks until the next. */
  #more = 0;
  #wait = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
    this.#least = heap.bytes();
    this.#worked = heap.worked();
  }

  /** So many milliseconds have passed; `alive`: bytes that are kept for peers at least. */
  look(ms: number, alive: number): void {
    const heap = this.#heap;
    const worked = heap.worked();
    this.#quiet = worked - this.#worked <= QUIET_PART * ms ? this.#quiet + 1 : 0;
    this.#worked = worked;
    const bytes = heap.bytes();
    this.#least = Math.min(this.#least, bytes);
    this.#mostAlive = Math.max(this.#mostAlive, alive);
    const moved = Math.abs(alive - this.#alive);
    this.#alive = alive;
    if (this.#quiet < QUIET_LOOKS || alive > QUIET_HEAP_LIVE_MOST || moved > QUIET_HEAP_MOVES) return;
    const letGo = this.#mostAlive - alive >= QUIET_HEAP_GROWTH;
    if (letGo || bytes >= this.#least + QUIET_HEAP_GROWTH) {
      this.#mostAlive = alive;
      this.#collect();
      this.#more = bytes - this.#least >= QUIET_HEAP_GROWTH ? COLLECTIONS_BEHIND : 0;
    } else if (this.#more > 0 && --this.#wait <= 0) {
      this.#more--;
      this.#collect();
    }
  }

  #collect(): void {
    this.#heap.collect();
    this.#least = this.#heap.bytes();
    this.#worked = this.#heap.worked();
    this.#wait = LOOKS_BETWEEN;
  }
}

const COLLECTIONS_BEHIND = 2;
const LOOKS_BETWEEN = 20;
