/**
 * What has something to do once the read that is being handled has been handled: outboxes that have something
 * to write, a log that has something to store. It is done together then, so that what belongs together leaves
 * together.
 *
 * @module
 */

/** What can be set going. */
export interface Flushable {
  /** Called once after each {@link FlushList.add}. */
  ready(): void;
}

/** A list that is filled while a read is handled and emptied behind it. */
export class FlushList {
  #waiting: Flushable[] = [];
  #spare: Flushable[] = [];
  #flushing = false;

  add(flushable: Flushable): void {
    this.#waiting.push(flushable);
  }

  /** Sets going all that were added, also those that are added meanwhile: replies are put into outboxes. */
  flush(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    try {
      while (this.#waiting.length > 0) {
        const waiting = this.#waiting;
        this.#waiting = this.#spare;
        for (let at = 0; at < waiting.length; at++) waiting[at]!.ready();
        waiting.length = 0;
        this.#spare = waiting;
      }
    } finally {
      this.#flushing = false;
    }
  }
}
