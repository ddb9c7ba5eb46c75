/**
 * What peers make the broker keep, all of them together, and how much of it any one of them may have.
 *
 * @module
 */
import type { ChunkPool } from "./buffers.ts";

/** Memory is short when less than this part of it is free. */
const SHORT_PART = 8;
/** This part of what is free is no small one. */
const BURDEN_PART = 64;

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
  /** Whose chunks are counted. */
  readonly pool: ChunkPool;
  #told = 0;

  /** `most`: bytes; `pool`: whose chunks are counted without being told. */
  constructor({ most, pool }: { readonly most: number; readonly pool: ChunkPool }) {
    this.most = most;
    this.pool = pool;
  }

  /** Bytes that are kept at this moment. */
  get held(): number {
    return this.pool.bytesOut + this.#told;
  }

  /** Bytes that one connection may make the broker keep at this moment: as many as are free. */
  get share(): number {
    return Math.max(0, this.most - this.held);
  }

  /**
   * Whether somebody who keeps so many bytes and takes nothing has to be given up, whatever was agreed with
   * him: memory is short, and it is no small part of what is left. The less is left, the less that is.
   */
  isBurden(bytes: number): boolean {
    const { share } = this;
    return SHORT_PART * share < this.most && BURDEN_PART * bytes > share;
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
