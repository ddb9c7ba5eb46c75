/**
 * Times after which something is given up, thousands of them.
 *
 * @module
 */
import type { Clock, Timer } from "../clock.ts";
import { TIMER_MOST_MS } from "../limits.ts";

/** Those within so many milliseconds are one; so much later than asked it may be. */
const GRAIN_MS = 8;

/** What is due at one time. */
interface Slot {
  readonly numbers: Set<number>;
  readonly timer: Timer;
}

/** A timer for all that are due at about the same time: each by itself costs more than what it watches. */
export class Deadlines {
  readonly #clock: Clock;
  readonly #onDue: (number: number) => void;
  /** By when they are due, in grains. */
  readonly #slots = new Map<number, Slot>();

  /** `onDue` is told of each number whose time is over and that was not dropped. */
  constructor(clock: Clock, onDue: (number: number) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Its time is over in so many milliseconds, or a little later. What {@link drop} has to be given. */
  add(number: number, ms: number): number {
    const now = this.#clock.now();
    const due = Math.ceil((now + ms) / GRAIN_MS);
    let slot = this.#slots.get(due);
    if (slot === undefined) {
      const wait = Math.min(Math.ceil(due * GRAIN_MS - now), TIMER_MOST_MS);
      const timer = this.#clock.after(wait, () => this.#over(due));
      slot = { numbers: new Set(), timer };
      this.#slots.set(due, slot);
    }
    slot.numbers.add(number);
    return due;
  }

  drop(number: number, due: number): void {
    const slot = this.#slots.get(due);
    if (slot === undefined || !slot.numbers.delete(number) || slot.numbers.size > 0) return;
    this.#clock.cancel(slot.timer);
    this.#slots.delete(due);
  }

  #over(due: number): void {
    // it stays where it is meanwhile: one of them may drop others
    for (const number of this.#slots.get(due)?.numbers ?? []) this.#onDue(number);
    this.#slots.delete(due);
  }
}
