/**
 * How much goes into one commit, by how long the last ones took.
 *
 * @module
 */
import { Histogram, type HistogramState } from "../../histogram.ts";
import { COMMIT_BYTES_MOST, COMMIT_MS, COMMIT_PIECES_LEAST, COMMIT_PIECES_MOST } from "../../limits.ts";

/** How fast the shortest commit is forgotten. */
const FORGETS = 1.02;
/**
 * How fast commits shrink, and grow again. A disk that others use makes one in ten take tenfold, whatever is
 * in it, and that is no reason to make all small: by these steps it counts whether most take too long.
 */
const SHRINKS = 0.85;
const GROWS = 1.1;
/** Two that follow each other are hardly the disk's: the second counts more. */
const SHRINKS_AGAIN = 0.5;
const SHARE_LEAST = COMMIT_PIECES_LEAST / COMMIT_PIECES_MOST;

/** What is in a commit, or may be. */
export interface CommitSize {
  readonly pieces: number;
  readonly bytes: number;
}

/**
 * Whoever waits for one commit waits for all that is in it. What runs cost differs a hundredfold (two topics
 * in turn are two batches, a thousand topics a thousand), and so do disks, so the bound is found by
 * measuring: what a commit takes beyond the shortest one (its fsync) may be {@link COMMIT_MS}, or as long as
 * that one where the disk is slow.
 */
export class CommitPace {
  /** Of the most pieces and bytes. */
  #share = 1;
  /** Whether the last that was as large as it may be took too long. */
  #slow = false;
  #shortest = Infinity;
  readonly #times = new Histogram();

  /** How long they took. */
  get times(): HistogramState {
    return this.#times.state;
  }

  /** What goes into the next commit. */
  get most(): CommitSize {
    return {
      pieces: Math.floor(this.#share * COMMIT_PIECES_MOST),
      bytes: Math.floor(this.#share * COMMIT_BYTES_MOST),
    };
  }

  /** A commit of that size took so many milliseconds. */
  took(milliseconds: number, { pieces, bytes }: CommitSize): void {
    if (milliseconds <= 0) return;
    this.#times.took(milliseconds);
    this.#shortest = Math.min(FORGETS * this.#shortest, milliseconds);
    const work = milliseconds - this.#shortest;
    const allowed = Math.max(COMMIT_MS, this.#shortest);
    const share = Math.max(pieces / COMMIT_PIECES_MOST, bytes / COMMIT_BYTES_MOST);
    // that a small one took long says nothing of those that are larger than it is
    if (share < FILLED * this.#share) return;
    const slow = work > allowed;
    const most = this.#slow ? SHRINKS_AGAIN : SHRINKS;
    if (slow) this.#share = Math.max(SHARE_LEAST, Math.max(most, allowed / work) * this.#share);
    else this.#share = Math.min(1, GROWS * this.#share);
    this.#slow = slow;
  }
}

/** The part of what it may have from which a commit is as large as it may be: the next run did not fit. */
const FILLED = 0.75;
