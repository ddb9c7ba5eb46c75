/**
 * What has been seen before, to be asked of what is most likely never seen again.
 *
 * @module
 */

/** A bit for each hash. */
const BITS = 2 ** 20;
/** With so many the bits would say yes too often; all are forgotten then. */
const MARKS_MOST = BITS / 8;

/**
 * A bit a hash: it takes the same 128 KiB whatever is seen, says "before" of all that has been marked since
 * it was cleared, and wrongly of at most one in eight. (Johnson and Shasha, "2Q", 1994, ask a list of the
 * names themselves the same question: whether something that comes is worth a place where things are kept.)
 */
export class SeenBefore {
  /** Made when it is needed. */
  #bits = NONE;
  #marks = 0;

  /** Whether the hash was marked before; it is from now on. */
  mark(hash: number): boolean {
    if (this.#bits.length === 0) this.#bits = new Uint8Array(BITS / 8);
    const at = (hash & (BITS - 1)) >>> 3;
    const bit = 1 << (hash & 7);
    if ((this.#bits[at]! & bit) !== 0) return true;
    if (this.#marks === MARKS_MOST) this.clear();
    this.#bits[at]! |= bit;
    this.#marks++;
    return false;
  }

  clear(): void {
    this.#bits.fill(0);
    this.#marks = 0;
  }
}

const NONE = new Uint8Array(0);
