/**
 * How much goes into one commit, by how long the last ones took.
 *
 * @module
 */
import { COMMIT_MS, COMMIT_PIECES_LEAST, COMMIT_PIECES_MOST } from "../../limits.ts";

/** How fast the shortest commit is forgotten. */
const FORGETS = 1.02;
/** How fast commits grow again. */
const GROWS = 1.25;

/**
 * Whoever waits for one commit waits for all that is in it. What runs cost differs a hundredfold (two topics
 * in turn are two batches, a thousand topics a thousand), so the bound is found by measuring: what a commit
 * takes beyond the shortest one (its fsync) may be {@link COMMIT_MS}, or as long as that one where the disk
 * is slow.
 */
export class CommitPace {
  #most = COMMIT_PIECES_MOST;
  #shortest = Infinity;

  /** Runs that go into the next commit. */
  get most(): number {
    return this.#most;
  }

  /** A commit of so many runs took so many milliseconds. */
  took(milliseconds: number, pieces: number): void {
    if (milliseconds <= 0) return;
    this.#shortest = Math.min(FORGETS * this.#shortest, milliseconds);
    const work = milliseconds - this.#shortest;
    const allowed = Math.max(COMMIT_MS, this.#shortest);
    if (work > allowed) {
      const fewer = Math.max(pieces / 2, (pieces * allowed) / work);
      this.#most = Math.max(COMMIT_PIECES_LEAST, Math.floor(fewer));
    } else if (pieces >= this.#most) {
      this.#most = Math.min(COMMIT_PIECES_MOST, Math.ceil(GROWS * this.#most));
    }
  }
}
