/**
 * A hash table that grows and shrinks by one bucket at a time.
 *
 * A `Map` does neither: it is built anew as a whole, which takes a tenth of a second at a million entries;
 * and until then what was deleted stays in its chains, so that who takes the same one in and out of a large
 * one makes each look at that cost as much as it was taken out: 0.2 ms after 10,000 times.
 *
 * @module
 */

/** What lies in one. */
export interface Linked<E> {
  /** Its hash: a whole number from 0 on, below 2^30. Others may have the same. */
  readonly key: number;
  /** The next one in its bucket. */
  next: E | undefined;
}

/**
 * Entries by their keys, as many buckets as entries or up to twice as many (linear hashing: Litwin, 1980): of
 * 2^n to 2^(n+1) buckets those before the one that is split next, and their other halves, go by n+1 bits of a
 * key, the rest by n.
 */
export class Chains<E extends Linked<E>> {
  readonly #buckets: Array<E | undefined> = [undefined];
  /** The wider of the two masks. */
  #mask = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** How many buckets there are: for tests. */
  get buckets(): number {
    return this.#buckets.length;
  }

  /** How many entries the fullest bucket has: for tests. */
  get longest(): number {
    let longest = 0;
    for (const first of this.#buckets) {
      let length = 0;
      for (let entry = first; entry !== undefined; entry = entry.next) length++;
      longest = Math.max(longest, length);
    }
    return longest;
  }

  /** The first entry of the bucket of a key; that and those behind it may have other keys. */
  first(key: number): E | undefined {
    return this.#buckets[this.#bucketOf(key)];
  }

  /** Takes in an entry that is in none. */
  add(entry: E): void {
    const bucket = this.#bucketOf(entry.key);
    entry.next = this.#buckets[bucket];
    this.#buckets[bucket] = entry;
    if (++this.#size > this.#buckets.length) this.#split();
  }

  /** Lets an entry go that is in it. */
  remove(entry: E): void {
    const bucket = this.#bucketOf(entry.key);
    let before = this.#buckets[bucket]!;
    if (before === entry) {
      this.#buckets[bucket] = entry.next;
    } else {
      while (before.next !== entry) before = before.next!;
      before.next = entry.next;
    }
    entry.next = undefined;
    this.#size--;
    // twice at most: what an entry less asks for is two buckets less
    while (2 * this.#size < this.#buckets.length && this.#buckets.length > 1) this.#unite();
  }

  #bucketOf(key: number): number {
    const bucket = key & this.#mask;
    return bucket < this.#buckets.length ? bucket : bucket & this.#mask >> 1;
  }

  /** A bucket more, for half of the entries of another. */
  #split(): void {
    const buckets = this.#buckets;
    const added = buckets.length;
    if (added > this.#mask) this.#mask = 2 * this.#mask + 1;
    const mask = this.#mask;
    let stay: E | undefined;
    let go: E | undefined;
    let entry = buckets[added & mask >> 1];
    while (entry !== undefined) {
      const { next } = entry;
      if ((entry.key & mask) === added) {
        entry.next = go;
        go = entry;
      } else {
        entry.next = stay;
        stay = entry;
      }
      entry = next;
    }
    buckets[added & mask >> 1] = stay;
    buckets.push(go);
  }

  /** The last bucket's entries go back to where they came from. */
  #unite(): void {
    const buckets = this.#buckets;
    let entry = buckets.pop();
    const last = buckets.length;
    const into = last & this.#mask >> 1;
    while (entry !== undefined) {
      const { next } = entry;
      entry.next = buckets[into];
      buckets[into] = entry;
      entry = next;
    }
    if (last === (this.#mask >> 1) + 1) this.#mask >>= 1;
  }
}
