/**
 * From a topic's bytes, as they stand in a read buffer,
 * to what is kept for that topic: without making a string.
 *
 * @module
 */

const SHARP = 0x23;
const FIRST_SLOTS = 256;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

interface Entry<V> {
  readonly hash: number;
  /** The name in UTF-8 without its `#`. */
  readonly bytes: Uint8Array;
  readonly value: V;
}

/**
 * A hash table by bytes (FNV-1a, 32 bit, open addressing, at most half full). `#hello` and `hello` are the
 * same key. Bounded: when `most` entries are in it, the next one empties it first; what is kept here can be
 * made anew.
 */
export class TopicTable<V> {
  readonly #most: number;
  readonly #seed: number;
  #slots: Array<Entry<V> | undefined> = new Array(FIRST_SLOTS).fill(undefined);
  #size = 0;

  /** `seed`: a number peers cannot guess, so that they cannot choose topics that collide. */
  constructor(most: number, seed = 0) {
    this.#most = most;
    this.#seed = (FNV_OFFSET ^ seed) | 0;
  }

  get size(): number {
    return this.#size;
  }

  /** What is kept for the topic that stands in `bytes` from `start` to `end`. */
  find(bytes: Uint8Array, start: number, end: number): V | undefined {
    const from = bytes[start] === SHARP ? start + 1 : start;
    const hash = hashOf(bytes, this.#seed, { from, end });
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask;; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot];
      if (entry === undefined) return undefined;
      if (entry.hash === hash && isSame(entry.bytes, bytes, { from, end })) return entry.value;
    }
  }

  /** Keeps `value` for a topic that {@link find} did not find. `name` is its UTF-8, with `#` or without. */
  add(name: Uint8Array, value: V): void {
    if (this.#size >= this.#most) this.clear();
    if (2 * (this.#size + 1) > this.#slots.length) this.#grow();
    const bytes = name.slice(name[0] === SHARP ? 1 : 0);
    this.#put({ hash: hashOf(bytes, this.#seed, { from: 0, end: bytes.length }), bytes, value });
    this.#size++;
  }

  clear(): void {
    this.#slots = new Array(FIRST_SLOTS).fill(undefined);
    this.#size = 0;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Array(2 * old.length).fill(undefined);
    for (const entry of old) if (entry !== undefined) this.#put(entry);
  }

  #put(entry: Entry<V>): void {
    const mask = this.#slots.length - 1;
    let slot = entry.hash & mask;
    while (this.#slots[slot] !== undefined) slot = (slot + 1) & mask;
    this.#slots[slot] = entry;
  }
}

/** FNV-1a (Fowler, Noll, Vo; the 32-bit variant of draft-eastlake-fnv), begun with a seed. */
function hashOf(bytes: Uint8Array, seed: number, range: { from: number; end: number }): number {
  let hash = seed;
  for (let at = range.from; at < range.end; at++) hash = Math.imul(hash ^ bytes[at]!, FNV_PRIME);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function isSame(known: Uint8Array, bytes: Uint8Array, range: { from: number; end: number }): boolean {
  const { from, end } = range;
  if (known.length !== end - from) return false;
  for (let at = 0; at < known.length; at++) if (known[at] !== bytes[from + at]) return false;
  return true;
}
