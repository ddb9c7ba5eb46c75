/**
 * Who took too long to log in, until the broker has come to end it.
 *
 * @module
 */
import type { Clock, Timer } from "../../clock.ts";
import { LATE_PACE_MS, LATE_WITHIN_MS } from "../../limits.ts";

/** One that may be late. */
export interface LateOne {
  /** So many milliseconds more have passed. Whether it is late. */
  isLate(milliseconds: number): boolean;
  giveUp(reason: "no login"): void;
}

/**
 * To end one takes as long as twenty messages. Those who came together are late together: they are ended a
 * few at a time, spread over {@link LATE_WITHIN_MS} or as long as it takes, so that nobody else waits for all
 * of them. Who is not late any more when its turn comes is left alone.
 */
export class LateOnes {
  readonly #clock: Clock;
  readonly #late = new Set<LateOne>();
  #timer: Timer | undefined;
  #each = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** It is late. May be said again. */
  add(one: LateOne): void {
    this.#late.add(one);
    this.#each = Math.ceil(this.#late.size * LATE_PACE_MS / LATE_WITHIN_MS);
    this.#timer ??= this.#clock.after(LATE_PACE_MS, () => this.#endSome());
  }

  /** Nobody has to be ended any more. */
  forget(): void {
    this.#clock.cancel(this.#timer);
    this.#timer = undefined;
    this.#late.clear();
  }

  #endSome(): void {
    let left = this.#each;
    for (const one of this.#late) {
      if (left-- === 0) break;
      this.#late.delete(one);
      if (one.isLate(0)) one.giveUp("no login");
    }
    this.#timer = this.#late.size === 0 ? undefined : this.#clock.after(LATE_PACE_MS, () => this.#endSome());
  }
}
