/**
 * The time by which messages grow old. Pure: it is told what the clocks show.
 *
 * @module
 */

/** How many times faster than time itself the clock of retention catches up with the wall clock. */
const CATCH_UP = 10;
/** Milliseconds the wall clock may run ahead of it before that is worth a warning. */
const JUMP_MS = 60_000;

/**
 * Follows the wall clock, but when that jumps ahead (a wrong date, a laptop that slept) it catches up at ten
 * times the pace of time, so that a jump never deletes everything at once.
 */
export class RetentionClock {
  #now: number;
  #monotonic: number;
  #ahead = false;

  /** `now`: what it showed when the store was last used. */
  constructor(now: number, monotonic: number) {
    this.#now = now;
    this.#monotonic = monotonic;
  }

  get now(): number {
    return this.#now;
  }

  /** Time has passed. Whether the wall clock was found to have jumped ahead, once a jump. */
  tick(wall: number, monotonic: number): boolean {
    const elapsed = monotonic - this.#monotonic;
    this.#monotonic = monotonic;
    this.#now = Math.max(this.#now, Math.min(wall, Math.floor(this.#now + CATCH_UP * elapsed)));
    const ahead = wall - this.#now > JUMP_MS;
    const jumped = ahead && !this.#ahead;
    this.#ahead = ahead;
    return jumped;
  }
}
