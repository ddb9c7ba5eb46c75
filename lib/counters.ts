/**
 * What is counted from the start of a broker on.
 *
 * @module
 */

/** Totals. */
export interface Totals {
  /** Messages accepted from publishers. */
  readonly published: number;
  /** Bytes of those, as they came: topic and fields with them. */
  readonly publishedBytes: number;
  /** Messages given to the operating system for a subscriber, counted for each subscriber. */
  readonly delivered: number;
  /** Bytes of those, as they were given. */
  readonly deliveredBytes: number;
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
  /** Messages that groups gave out once more. */
  readonly redelivered: number;
  /** Messages that became dead letters. */
  readonly dead: number;
}

/**
 * The one place where anything is counted; engine and sessions of a broker share one. Totals only ever go up.
 */
export class Counters {
  #published = 0;
  #publishedBytes = 0;
  #delivered = 0;
  #deliveredBytes = 0;
  #dropped = 0;
  #expired = 0;
  #unsent = 0;
  #refused = 0;
  #loginsRefused = 0;
  #redelivered = 0;
  #dead = 0;
  readonly #ended = new Map<string, number>();

  published(messages: number, bytes: number): void {
    this.#published += messages;
    this.#publishedBytes += bytes;
  }
  delivered(messages: number, bytes: number): void {
    this.#delivered += messages;
    this.#deliveredBytes += bytes;
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
  redelivered(messages: number): void {
    this.#redelivered += messages;
  }
  dead(messages: number): void {
    this.#dead += messages;
  }
  ended(reason: string): void {
    this.#ended.set(reason, (this.#ended.get(reason) ?? 0) + 1);
  }

  /** As they are now. */
  get totals(): Totals {
    return {
      published: this.#published,
      publishedBytes: this.#publishedBytes,
      delivered: this.#delivered,
      deliveredBytes: this.#deliveredBytes,
      dropped: this.#dropped,
      expired: this.#expired,
      unsent: this.#unsent,
      refused: this.#refused,
      loginsRefused: this.#loginsRefused,
      redelivered: this.#redelivered,
      dead: this.#dead,
    };
  }

  /** Connections that ended, by why they did. */
  get endings(): ReadonlyMap<string, number> {
    return new Map(this.#ended);
  }
}
