// @ts-check
/**
 * What was counted, at each time it was asked for, as rates. Pure.
 *
 * @module
 */

const TRAIL_MOST = 60;

/**
 * Rates of several counters over the last minutes. A counter that went down began anew (the broker was
 * started again), and a pause of more than a few asks is not known: both are a gap, `null`.
 */
export class History {
  /** @type {number} */
  #most;
  /** @type {number} */
  #pause;
  /** @type {{ time: number, counts: readonly number[] } | undefined} */
  #before;
  /** @type {number[]} */
  #times = [];
  /**
   * How long each rate is the mean of.
   *
   * @type {number[]}
   */
  #seconds = [];
  /** @type {(number | null)[][]} */
  #rates;

  /**
   * @param {number} counters how many there are
   * @param {{ most: number, pause: number }} bounds so many points are kept; milliseconds that are a pause
   */
  constructor(counters, { most, pause }) {
    this.#most = most;
    this.#pause = pause;
    this.#rates = Array.from({ length: counters }, () => []);
  }

  /**
   * @param {number} time milliseconds since 1970, as the broker has it
   * @param {readonly number[]} counts
   */
  add(time, counts) {
    const before = this.#before;
    if (before !== undefined && time === before.time) return;
    this.#before = { time, counts };
    if (before === undefined) return;
    const seconds = (time - before.time) / 1000;
    const known = seconds > 0 && time - before.time <= this.#pause;
    // a clock that was set back begins anew: uPlot's times only go up
    if (seconds <= 0) this.#clear();
    this.#times.push(time);
    this.#seconds.push(seconds);
    this.#rates.forEach((rates, at) => {
      const grown = (counts[at] ?? 0) - (before.counts[at] ?? 0);
      rates.push(known && grown >= 0 ? grown / seconds : null);
    });
    if (this.#times.length > this.#most) {
      this.#times.shift();
      this.#seconds.shift();
      for (const rates of this.#rates) rates.shift();
    }
  }

  /** Nobody was there: what is drawn is interrupted here. */
  interrupt() {
    this.#before = undefined;
    const last = this.#times.at(-1);
    if (last === undefined) return;
    this.#times.push(last + 1);
    this.#seconds.push(0);
    for (const rates of this.#rates) rates.push(null);
  }

  /**
   * When, in milliseconds since 1970.
   *
   * @returns {readonly number[]}
   */
  get times() {
    return this.#times;
  }

  /**
   * The rates of a counter, a second.
   *
   * @param {number} counter
   * @returns {readonly (number | null)[]}
   */
  rates(counter) {
    return this.#rates[counter] ?? [];
  }

  /**
   * How far a counter went up in the last so many milliseconds, as far as that was seen.
   *
   * @param {number} counter
   * @param {number} span
   * @returns {number}
   */
  grown(counter, span) {
    const end = this.#times.at(-1);
    if (end === undefined) return 0;
    let grown = 0;
    for (let at = this.#times.length - 1; at >= 0; at--) {
      if ((this.#times[at] ?? 0) <= end - span) break;
      grown += (this.rates(counter)[at] ?? 0) * (this.#seconds[at] ?? 0);
    }
    return grown;
  }

  #clear() {
    this.#times = [];
    this.#seconds = [];
    this.#rates = this.#rates.map(() => []);
  }
}

/** The last rates of each name in a list that comes again and again. */
export class Trails {
  /** @type {Map<string, { rates: number[], seen: number }>} */
  #byName = new Map();
  #turn = 0;

  /** @param {readonly { name: string, rate: number }[]} list */
  add(list) {
    this.#turn++;
    for (const { name, rate } of list) {
      let trail = this.#byName.get(name);
      if (trail === undefined) {
        trail = { rates: [], seen: 0 };
        this.#byName.set(name, trail);
      }
      trail.seen = this.#turn;
      trail.rates.push(rate);
      if (trail.rates.length > TRAIL_MOST) trail.rates.shift();
    }
    // who left the list may come back to it; of 5,000 those are kept that are shown
    for (const [name, { seen }] of this.#byName) {
      if (this.#turn - seen > TRAIL_MOST) this.#byName.delete(name);
    }
  }

  /**
   * @param {string} name
   * @returns {readonly number[]}
   */
  of(name) {
    return this.#byName.get(name)?.rates ?? [];
  }
}
