/**
 * One generation of a topic table: a hash table by bytes that only grows.
 *
 * @module
 */

const SLOTS_LEAST = 256;
const NAMES_LEAST = 4096;
const FNV_OFFSET = 0x811c9dc5;
/** What an entry takes beside its name: two slots, a hash, where its name ends, its value. */
const ENTRY_BYTES = 24;

/** The hash of a name in `bytes`: as FNV-1a of 32 bits, but by a factor of one's own (`factorOf`). */
export function hashOf(
  bytes: Uint8Array,
  start: number,
  { end, factor }: { readonly end: number; readonly factor: number },
): number {
  let hash = FNV_OFFSET;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, factor);
  return hash ^ (hash >>> 15);
}

/**
 * Names in one piece of memory, one behind the other, and what belongs to them by their number: so an entry
 * is no object, and a look at one touches few lines of the cache. Open addressing, at most half full.
 */
export class Generation<V> {
  /** Per slot: the number of an entry and one, or 0. */
  #slots = new Int32Array(SLOTS_LEAST);
  #hashes = new Int32Array(SLOTS_LEAST / 2);
  /** Where the name of each entry ends; it begins where the one before does. */
  #ends = new Int32Array(SLOTS_LEAST / 2);
  #names = new Uint8Array(NAMES_LEAST);
  readonly #values: V[] = [];

  get size(): number {
    return this.#values.length;
  }

  /** Bytes that the names and their places take, with what is not used of them yet. */
  get bytes(): number {
    return this.#names.length + this.#hashes.length * ENTRY_BYTES;
  }

  find(bytes: Uint8Array, start: number, { end, hash }: { end: number; hash: number }): V | undefined {
    const slots = this.#slots;
    const hashes = this.#hashes;
    const mask = slots.length - 1;
    for (let slot = hash & mask;; slot = (slot + 1) & mask) {
      const entry = slots[slot]! - 1;
      if (entry < 0) return undefined;
      if (hashes[entry] === hash && this.#isNamed(entry, bytes, { start, end })) return this.#values[entry];
    }
  }

  /** For a name that is not there. */
  add(bytes: Uint8Array, start: number, { end, hash, value }: { end: number; hash: number; value: V }): void {
    const entry = this.#values.length;
    if (entry === this.#hashes.length) this.#grow();
    const from = entry === 0 ? 0 : this.#ends[entry - 1]!;
    const to = from + end - start;
    if (to > this.#names.length) {
      const names = new Uint8Array(Math.max(2 * this.#names.length, to));
      names.set(this.#names);
      this.#names = names;
    }
    for (let at = start; at < end; at++) this.#names[from + at - start] = bytes[at]!;
    this.#ends[entry] = to;
    this.#hashes[entry] = hash;
    this.#values.push(value);
    this.#put(entry, hash);
  }

  #put(entry: number, hash: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = entry + 1;
  }

  #grow(): void {
    const hashes = new Int32Array(2 * this.#hashes.length);
    hashes.set(this.#hashes);
    const ends = new Int32Array(2 * this.#ends.length);
    ends.set(this.#ends);
    this.#slots = new Int32Array(2 * this.#slots.length);
    this.#hashes = hashes;
    this.#ends = ends;
    for (let entry = 0; entry < this.size; entry++) this.#put(entry, hashes[entry]!);
  }

  #isNamed(entry: number, bytes: Uint8Array, { start, end }: { start: number; end: number }): boolean {
    const names = this.#names;
    const from = entry === 0 ? 0 : this.#ends[entry - 1]!;
    const length = this.#ends[entry]! - from;
    if (length !== end - start) return false;
    for (let at = 0; at < length; at++) if (names[from + at] !== bytes[start + at]) return false;
    return true;
  }
}
