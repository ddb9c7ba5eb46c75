/**
 * Outboxes that have something new. They are set writing together, after all that came in one read has been handed out, so
 * that what belongs together leaves together.
 *
 * @module
 */

/** What can be set writing. */
export interface Flushable {
  ready(): void;
}

/** A list that is filled while a read is handled and emptied behind it. */
export class FlushList {
  #waiting: Flushable[] = [];
  #spare: Flushable[] = [];

  add(outbox: Flushable): void {
    this.#waiting.push(outbox);
  }

  /** Sets all that were added writing. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = this.#spare;
    for (let at = 0; at < waiting.length; at++) waiting[at]!.ready();
    waiting.length = 0;
    this.#spare = waiting;
  }
}
