import type { Clock, Timer } from "../../lib/clock.ts";

interface Alarm {
  readonly at: number;
  readonly callback: () => void;
  /** Again each so many milliseconds. */
  readonly every?: number;
}

/** Time that passes when it is told so. */
export class StillClock implements Clock {
  #now = 0;
  #numbers = 0;
  readonly #alarms = new Map<number, Alarm>();

  now(): number {
    return this.#now;
  }
  wall(): number {
    return this.#now;
  }
  after(ms: number, callback: () => void): Timer {
    return this.#set({ at: this.#now + ms, callback });
  }
  every(ms: number, callback: () => void): Timer {
    return this.#set({ at: this.#now + ms, callback, every: ms });
  }
  cancel(timer: Timer | undefined): void {
    this.#alarms.delete(Number(timer));
  }

  /** How many are set. */
  get alarms(): number {
    return this.#alarms.size;
  }

  /** What is due meanwhile happens, in its order. */
  pass(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const due = [...this.#alarms].filter(([, { at }]) => at <= until);
      const [next] = due.sort(([, one], [, other]) => one.at - other.at);
      if (next === undefined) break;
      const [number, alarm] = next;
      const { at, every, callback } = alarm;
      if (every === undefined) this.#alarms.delete(number);
      else this.#alarms.set(number, { ...alarm, at: at + every });
      this.#now = at;
      callback();
    }
    this.#now = until;
  }

  #set(alarm: Alarm): Timer {
    this.#alarms.set(++this.#numbers, alarm);
    return this.#numbers;
  }
}
