/**
 * What the log says of messages that are not stored.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { SELDOM_MS } from "../limits.ts";
import type { Log } from "../log.ts";
import { Seldom } from "../seldom.ts";

/** Milliseconds between two lines of the log that say that messages could not be stored. */
const REFUSED_LOG_MS = 1000;

/** A full disk refuses thousands a second, and may be the one the log goes to: each kind is told seldom. */
export class StoreComplaints {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #refused = new Seldom(REFUSED_LOG_MS);
  readonly #unbegun = new Seldom(SELDOM_MS);

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** A commit was refused. */
  refused(reason: string): void {
    this.#refused.happened(this.#clock.now(), () => {
      this.#log.error("messages could not be stored", { reason });
    });
  }

  /** A topic did not begin. */
  unbegun(reason: string): void {
    this.#unbegun.happened(this.#clock.now(), (times) => {
      this.#log.warn("a topic did not begin", { reason, times });
    });
  }
}
