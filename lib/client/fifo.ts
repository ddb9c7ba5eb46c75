/**
 * First in, first out.
 *
 * @module
 */

/** Taken items at the front before the array is cut. */
const CUT_AFTER = 1024;

/** A queue whose front costs nothing to take. */
export class Fifo<T> {
  #items: T[] = [];
  #first = 0;

  get size(): number {
    return this.#items.length - this.#first;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The item so many places behind the front. */
  at(index: number): T | undefined {
    return this.#items[this.#first + index];
  }

  shift(): T | undefined {
    const item = this.#items[this.#first];
    if (item === undefined) return undefined;
    this.#first++;
    if (this.#first === this.#items.length) {
      this.#items = [];
      this.#first = 0;
    } else if (this.#first >= CUT_AFTER && 2 * this.#first >= this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  /** Takes out everything but the first so many. */
  takeFrom(index: number): T[] {
    return this.#items.splice(this.#first + index);
  }
}
