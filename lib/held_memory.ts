/**
 * What peers make the broker keep, all of them together, and how much of it any one of them may have.
 *
 * @module
 */
import type { ChunkPool } from "./buffers.ts";

/**
 * The memory that is kept for peers, counted as it is taken (whole chunks, not the bytes that are used of
 * them), and one rule for all who keep something: **nobody may hold more than what is still free**. One that
 * hoards stops at half of the whole, two at a third each, and who holds little always finds room. (Dynamic
 * thresholds with a factor of one: Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory
 * Packet Switches", 1998.)
 */
export class HeldMemory {
  /** Bytes that may be kept at a time. */
  readonly most: number;
  readonly #pool: ChunkPool;
  #told = 0;

  /** `most`: bytes; `pool`: whose chunks are counted without being told. */
  constructor({ most, pool }: { readonly most: number; readonly pool: ChunkPool }) {
    this.most = most;
    this.#pool = pool;
  }

  /** Bytes that are kept at this moment. */
  get held(): number {
    return this.#pool.bytesOut + this.#told;
  }

  /** Bytes that one connection may make the broker keep at this moment: as many as are free. */
  get share(): number {
    return Math.max(0, this.most - this.held);
  }

  /** So many bytes are kept that lie in no chunk of the pool. */
  hold(bytes: number): void {
    this.#told += bytes;
  }

  /** They are not any more. */
  letGo(bytes: number): void {
    this.#told -= bytes;
  }
}
