/**
 * Rates: what was counted, over the time in which it was. They are made when somebody asks, and nothing is
 * done for them in between.
 *
 * @module
 */
import type { Broker } from "../broker/mod.ts";
import type { Totals } from "../counters.ts";

/** Milliseconds at least between two looks at all that is counted. */
const LOOK_MS = 2_000;

/** How it stood at one time. */
interface Look {
  readonly at: number;
  readonly totals: Totals;
}

/** Over which time what follows was counted. */
export interface Since {
  /** Milliseconds; more than 0. */
  readonly over: number;
  readonly totals: Totals;
}

/** Means over the last two to four seconds while somebody asks, else over all since somebody asked last. */
export class Rates {
  readonly #broker: Broker;
  readonly #now: () => number;
  #older: Look;
  #newer: Look;

  constructor(broker: Broker, now: () => number = () => performance.now()) {
    this.#broker = broker;
    this.#now = now;
    this.#older = this.#newer = { at: now(), totals: broker.totals };
  }

  /** What was counted before the time that rates are of; topics are of the same time (`TopicCounts.then`). */
  look(): Since {
    const now = this.#now();
    if (now - this.#newer.at >= LOOK_MS) {
      this.#older = this.#newer;
      this.#newer = { at: now, totals: this.#broker.totals };
      this.#broker.topics.mark();
    }
    return { over: Math.max(1, now - this.#older.at), totals: this.#older.totals };
  }
}

/** So many in that time, a second, to a tenth. */
export function perSecond(count: number, { over }: { readonly over: number }): number {
  return Math.round(10_000 * count / over) / 10;
}
