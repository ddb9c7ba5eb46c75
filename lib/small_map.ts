/**
 * A map that mostly has one entry.
 *
 * @module
 */

/**
 * As a `Map`, without one until there is a second entry: an empty `Map` takes some 200 bytes, and there may
 * be one a connection. Entries come in no particular order.
 */
export class SmallMap<K, V> {
  #key: K | undefined;
  #value: V | undefined;
  #others: Map<K, V> | undefined;

  get size(): number {
    return (this.#key === undefined ? 0 : 1) + (this.#others?.size ?? 0);
  }

  get(key: K): V | undefined {
    return key === this.#key ? this.#value : this.#others?.get(key);
  }

  /** `key` is not undefined. */
  set(key: K, value: V): void {
    if (key === this.#key || (this.#key === undefined && this.#others?.has(key) !== true)) {
      this.#key = key;
      this.#value = value;
    } else {
      (this.#others ??= new Map()).set(key, value);
    }
  }

  delete(key: K): void {
    if (key === this.#key) this.#key = this.#value = undefined;
    else this.#others?.delete(key);
  }

  *[Symbol.iterator](): Generator<[K, V]> {
    if (this.#key !== undefined) yield [this.#key, this.#value as V];
    if (this.#others !== undefined) yield* this.#others;
  }
}
