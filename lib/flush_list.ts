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

/** A list that is filled while reads are handled and emptied behind them. */
export class FlushList {
  readonly #waiting: Flushable[] = [];
  #flushing = false;
  #held = false;

  add(flushable: Flushable): void {
    this.#waiting.push(flushable);
  }

  /**
   * Until {@link release} nothing is set going, for more is to be added by what is done now: what is given
   * to somebody may be taken back by the next request. Who releases it flushes behind that.
   */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
  }

  /**
   * Sets going all that were added, also those that are added meanwhile: replies are put into outboxes. Where
   * one throws the others are set going all the same, then it is thrown.
   */
  flush(): void {
    if (this.#flushing || this.#held) return;
    this.#flushing = true;
    let at = 0;
    try {
      while (at < this.#waiting.length) this.#waiting[at++]!.ready();
    } finally {
      this.#flushing = false;
      if (at < this.#waiting.length) {
        this.#waiting.splice(0, at);
        this.flush();
      } else {
        this.#waiting.length = 0;
      }
    }
  }
}
