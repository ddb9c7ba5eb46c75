/**
 * How many runs may wait to be stored.
 *
 * @module
 */
import { LOG_PIECES_LEAST } from "../../limits.ts";

/** What is remembered of a large commit from one to the next. */
const KEEPS = 0.95;
/**
 * Two are being handed on, one is being stored, one has to be ready then. With room for no more than these
 * publishers stop and go on with each: half as fast, measured.
 */
const COMMITS = 6;

/**
 * Room for some commits: who finds none waits, and finds some when one has been handed on. Commits that take
 * few (each run to a new topic) need no more; those that take many find more waiting each time. What waits
 * for many commits would grow old, and the heap with it: what has grown old is collected seldom.
 */
export class WaitingRoom {
  #taken = 0;

  /** Runs beyond which publishers wait. */
  get most(): number {
    return Math.max(LOG_PIECES_LEAST, COMMITS * this.#taken);
  }

  /** A commit took so many. */
  took(pieces: number): void {
    this.#taken = Math.max(pieces, Math.floor(KEEPS * this.#taken));
  }
}
