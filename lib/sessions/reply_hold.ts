/**
 * Which replies may wait for the next.
 *
 * @module
 */
import { HOLD_PAUSE_LEAST, HOLD_PAUSE_MOST, HOLD_ROUNDS } from "../limits.ts";

/**
 * Of one connection. Who publishes on and on without waiting for its replies loses nothing when two of them
 * leave together, and a write is a third of what its message costs. Who waits for each does lose, so that is
 * found out: where no other request has come {@link HOLD_ROUNDS} rounds later the reply leaves alone, and
 * those behind it leave at once, each time more of them before it is tried again.
 */
export class ReplyHold {
  /** The round in which a reply began to wait. */
  #since: number | undefined;
  /** So many leave at once before the next may wait. */
  #pause = 0;
  #nextPause = HOLD_PAUSE_LEAST;

  /** Whether one waits. */
  get holds(): boolean {
    return this.#since !== undefined;
  }

  /** There is one more to be told: whether it may wait. */
  begins(round: number): boolean {
    if (this.#since !== undefined) return false;
    if (this.#pause > 0) {
      this.#pause--;
      return false;
    }
    this.#since = round;
    return true;
  }

  /** Whether what waits has waited long enough: then it was for nothing. */
  isOver(round: number): boolean {
    if (this.#since === undefined || round - this.#since < HOLD_ROUNDS) return false;
    this.#pause = this.#nextPause;
    this.#nextPause = Math.min(2 * this.#nextPause, HOLD_PAUSE_MOST);
    this.#since = undefined;
    return true;
  }

  /** So many are told together. */
  ends(count: number): void {
    if (this.#since === undefined) return;
    this.#since = undefined;
    if (count > 1) this.#nextPause = HOLD_PAUSE_LEAST;
  }
}
