/**
 * The numbers of a publisher's messages.
 *
 * @module
 */

const NONE: readonly number[] = [];

/**
 * Counts messages from 1 in the order in which they were given, and tells which of them wait. Messages are
 * done with from the front; one that was withdrawn leaves a hole that is stepped over. Where there is no
 * hole, everything is a subtraction.
 */
export class MessageNumbers {
  #last = 0;
  #done = 0;
  /** Holes among those that wait, from the smallest on; the first one that waits is never one. */
  #withdrawn: number[] = [];
  /** Holes that the last {@link advance} stepped over. */
  #passed = NONE;

  /** The number of the message that was given last; 0: there is none. */
  get last(): number {
    return this.#last;
  }

  /** All up to this number are done with or withdrawn, and the next one waits, if there is one. */
  get done(): number {
    return this.#done;
  }

  /** The number of one more. */
  next(): number {
    return ++this.#last;
  }

  /** The place among those that wait of one that does, the first being 1. */
  placeOf(number: number): number {
    return number - this.#done - upTo(this.#withdrawn, number);
  }

  /** One that waits does no longer. */
  withdraw(number: number): void {
    const holes = this.#withdrawn;
    holes.splice(upTo(holes, number), 0, number);
    this.advance(0);
  }

  /** The first so many are done with. */
  advance(count: number): void {
    if (this.#withdrawn.length === 0) {
      this.#done += count;
      this.#passed = NONE;
      return;
    }
    const holes = this.#withdrawn;
    let passed = 0;
    for (let left = count; left > 0 || holes[passed] === this.#done + 1;) {
      this.#done++;
      if (holes[passed] === this.#done) passed++;
      else left--;
    }
    this.#passed = holes.splice(0, passed);
  }

  /** How many of those that the last {@link advance} was told of came behind this one of them. */
  behind(number: number): number {
    const passed = this.#passed;
    return this.#done - number - (passed.length - upTo(passed, number));
  }

  /** Nothing waits any more. */
  clear(): void {
    this.#done = this.#last;
    this.#withdrawn = [];
  }
}

/** How many of these are not larger than that number. */
function upTo(sorted: readonly number[], number: number): number {
  let low = 0;
  for (let high = sorted.length; low < high;) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? Infinity) <= number) low = middle + 1;
    else high = middle;
  }
  return low;
}
