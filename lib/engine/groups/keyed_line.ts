/**
 * Messages of one key that wait, in the order in which they came.
 *
 * @module
 */
import { isMostlyGone } from "./mostly_gone.ts";

/** What has a place in an order. */
export interface Ordered {
  readonly order: number;
}

/** Guarantees: the least comes first; adding the greatest, or the least, costs nothing that grows. */
export class KeyedLine<T extends Ordered> {
  #items: T[] = [];
  #head = 0;

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  add(item: T): void {
    const last = this.#items.at(-1);
    if (this.#head === this.#items.length || last!.order <= item.order) return void this.#items.push(item);
    const at = this.#placeOf(item.order);
    if (at === this.#head && at > 0) this.#items[--this.#head] = item;
    else this.#items.splice(at, 0, item);
  }

  shift(): void {
    this.#head++;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (isMostlyGone(this.#head, this.#items.length)) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Takes those out that are of a kind, and gives them. */
  take(isTaken: (item: T) => boolean): T[] {
    const items = this.#items.slice(this.#head);
    this.#items = items.filter((item) => !isTaken(item));
    this.#head = 0;
    return items.filter(isTaken);
  }

  /** Where the first stands that comes behind an order. */
  #placeOf(order: number): number {
    let low = this.#head;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#items[middle]!.order > order) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
