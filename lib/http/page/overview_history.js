// @ts-check
/**
 * What the broker said about itself in the last minutes, whatever view is shown. Pure.
 *
 * @module
 */
import { RECENT_MS } from "./findings.js";
import { History, Trails } from "./history.js";

/** Five minutes, asked for once a second. */
const POINTS = 300;
/** A hidden page asks seldom: that is no gap; a broker that was away is told by `interrupt`. */
const PAUSE_MS = 70_000;

/** Answers about connections that came in the last minute. */
const RECENT_ANSWERS = 30;

const PUBLISHED = 0;
const DELIVERED = 1;
const DROPPED = 2;
const REFUSED = 3;
const DEAD = 4;
const STALLED = 5;
const COMMITS = 6;
const COMMITTING = 7;

/** The counters of a broker over time, and the rates of what is listed. */
export class OverviewHistory {
  topics = new Trails();
  #dropped = new Trails();
  /** @type {unknown} */
  #seen;
  #counters = new History(8, { most: POINTS, pause: PAUSE_MS });

  /** @param {any} broker an answer of /api/broker */
  add({ time, totals, store }) {
    const commits = store?.commits ?? 0;
    this.#counters.add(Date.parse(time), [
      totals.published,
      totals.delivered,
      totals.dropped,
      totals.refused,
      totals.dead,
      totals.disconnects.stalled ?? 0,
      commits,
      commits * (store?.commit_ms ?? 0),
    ]);
  }

  /** It is not there: what is drawn is interrupted. */
  interrupt() {
    this.#counters.interrupt();
  }

  /** What the chart draws: seconds since 1970, messages in and out a second. */
  get chart() {
    return {
      times: this.#counters.times.map((time) => time / 1000),
      published: this.#counters.rates(PUBLISHED),
      delivered: this.#counters.rates(DELIVERED),
    };
  }

  /**
   * An answer about connections, whoever asked for it; each once.
   *
   * @param {{ connections: readonly any[] } | undefined} answer
   */
  see(answer) {
    if (answer === undefined || answer === this.#seen) return;
    this.#seen = answer;
    this.#dropped.add(
      answer.connections.map(({ number, dropped }) => ({ name: `${number}`, rate: dropped })),
    );
  }

  /**
   * Whether messages were left out for a connection in the last minute.
   *
   * @param {{ number: number, dropped: number }} connection
   * @returns {boolean}
   */
  misses({ number, dropped }) {
    const [before = 0] = this.#dropped.of(`${number}`).slice(-RECENT_ANSWERS);
    return dropped > before || (dropped > 0 && this.#dropped.of(`${number}`).length < RECENT_ANSWERS);
  }

  /** How far counters went up in the last minute. */
  get recent() {
    const grown = (/** @type {number} */ counter) => this.#counters.grown(counter, RECENT_MS);
    return {
      dropped: Math.round(grown(DROPPED)),
      refused: Math.round(grown(REFUSED)),
      dead: Math.round(grown(DEAD)),
      stalled: Math.round(grown(STALLED)),
      commits: Math.round(grown(COMMITS)),
      committing: grown(COMMITTING),
    };
  }
}
