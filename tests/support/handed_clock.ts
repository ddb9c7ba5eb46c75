/**
 * Time that a test moves.
 *
 * @module
 */
import type { Clock, Timer } from "../../lib/clock.ts";

/** Time passes when the test says so. */
export class HandedClock implements Clock {
  #now = 1000;
  #last = 0;
  readonly #timers = new Map<number, { readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): Timer {
    this.#timers.set(++this.#last, { at: this.#now + ms, callback });
    return this.#last;
  }

  every(): Timer {
    throw new TypeError("nothing is done again and again");
  }

  cancel(timer: Timer | undefined): void {
    this.#timers.delete(Number(timer));
  }

  /** In how many milliseconds each timer goes off that is set. */
  get set(): number[] {
    return [...this.#timers.values()].map(({ at }) => at - this.#now).sort((one, other) => one - other);
  }

  /** So much time passes, behind all that is under way. */
  async pass(ms: number): Promise<void> {
    await settled();
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end)
        .sort(([, one], [, other]) => one.at - other.at)[0];
      if (due === undefined) break;
      const [timer, { at, callback }] = due;
      this.#timers.delete(timer);
      this.#now = at;
      callback();
      await settled();
    }
    this.#now = end;
  }
}

/** Resolves behind all that follows from what has happened, as far as nothing outside is waited for. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
