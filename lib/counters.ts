/**
 * What is counted from the start of a broker on.
 *
 * @module
 */

/** Totals. */
export interface Totals {
  /** Messages accepted from publishers. */
  readonly published: number;
  /** Messages given to the operating system for a subscriber, counted for each subscriber. */
  readonly delivered: number;
  /** Messages left out for subscribers that were too slow. */
  readonly dropped: number;
  /** Messages whose time to live was over while they waited for a subscriber. */
  readonly expired: number;
  /** Messages that waited for a subscriber whose connection ended. */
  readonly unsent: number;
  /** Requests answered with an error. */
  readonly refused: number;
  /** Connections that were not let in, with credentials that were wrong or without any. */
  readonly loginsRefused: number;
}

/**
 * The one place where anything is counted; engine and sessions of a broker share one. Totals only ever go up.
 */
export class Counters {
  #published = 0;
  #delivered = 0;
  #dropped = 0;
  #expired = 0;
  #unsent = 0;
  #refused = 0;
  #loginsRefused = 0;

  published(messages: number): void {
    this.#published += messages;
  }
  delivered(messages: number): void {
    this.#delivered += messages;
  }
  dropped(messages: number): void {
    this.#dropped += messages;
  }
  expired(messages: number): void {
    this.#expired += messages;
  }
  unsent(messages: number): void {
    this.#unsent += messages;
  }
  refused(requests: number): void {
    this.#refused += requests;
  }
  loginsRefused(connections: number): void {
    this.#loginsRefused += connections;
  }

  /** As they are now. */
  get totals(): Totals {
    return {
      published: this.#published,
      delivered: this.#delivered,
      dropped: this.#dropped,
      expired: this.#expired,
      unsent: this.#unsent,
      refused: this.#refused,
      loginsRefused: this.#loginsRefused,
    };
  }
}
