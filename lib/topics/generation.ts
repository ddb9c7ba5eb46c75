/**
 * One generation of a topic table: a hash table by bytes that only grows.
 *
 * @module
 */

const SLOTS_LEAST = 256;
const NAMES_LEAST = 4096;
const FNV_OFFSET = 0x811c9dc5;
const SLOT_SHIFT = 2;
/** Numbers in a slot: an entry's number and one, or 0; its hash; where its name begins; its length. */
const SLOT_NUMBERS = 1 << SLOT_SHIFT;
const SLOT_BYTES = 4 * SLOT_NUMBERS;
/** What an entry takes beside its name and its slot: its value. */
const VALUE_BYTES = 8;

/**
 * The hash of a name in `bytes`: as FNV-1a of 32 bits, but by a factor of one's own (`factorOf`), and two
 * bytes at a time: each multiplication waits for the one before it, and names that differ in their first
 * bytes only fall together less often.
 */
export function hashOf(
  bytes: Uint8Array,
  start: number,
  { end, factor }: { readonly end: number; readonly factor: number },
): number {
  let hash = FNV_OFFSET;
  let at = start;
  for (; at + 1 < end; at += 2) hash = Math.imul(hash ^ (bytes[at]! | bytes[at + 1]! << 8), factor);
  if (at < end) hash = Math.imul(hash ^ bytes[at]!, factor);
  return hash ^ (hash >>> 15);
}

/**
 * Names in one piece of memory, one behind the other, and what belongs to them by their number: so an entry
 * is no object. Open addressing, at most four fifths full.
 *
 *     slot  ▐ entry ▐ hash ▐ start ▐ length ▐   in one line of the cache: of many topics in no order what a
 *                                               look at one costs is the lines that it has to wait for
 */
export class Generation<V> {
  #slots = new Int32Array(SLOT_NUMBERS * SLOTS_LEAST);
  #names = new Uint8Array(NAMES_LEAST);
  #namesEnd = 0;
  readonly #values: V[] = [];

  get size(): number {
    return this.#values.length;
  }

  /** Bytes that the names and their places take, with what is not used of them yet. */
  get bytes(): number {
    return this.#names.length + this.#count * (SLOT_BYTES + VALUE_BYTES);
  }

  /** What belongs to the names, in the order in which they came. */
  get values(): readonly V[] {
    return this.#values;
  }

  find(bytes: Uint8Array, start: number, { end, hash }: { end: number; hash: number }): V | undefined {
    const slots = this.#slots;
    const last = slots.length - SLOT_NUMBERS;
    for (let slot = hash << SLOT_SHIFT & last;; slot = slot + SLOT_NUMBERS & last) {
      const entry = slots[slot]! - 1;
      if (entry < 0) return undefined;
      if (slots[slot + 1] !== hash || slots[slot + 3] !== end - start) continue;
      if (this.#isNamed(slots[slot + 2]!, bytes, { start, end })) return this.#values[entry];
    }
  }

  /** For a name that is not there. */
  add(bytes: Uint8Array, start: number, { end, hash, value }: { end: number; hash: number; value: V }): void {
    if (5 * this.size >= 4 * this.#count) this.#grow();
    const from = this.#namesEnd;
    const to = from + end - start;
    if (to > this.#names.length) {
      const names = new Uint8Array(Math.max(2 * this.#names.length, to));
      names.set(this.#names);
      this.#names = names;
    }
    for (let at = start; at < end; at++) this.#names[from + at - start] = bytes[at]!;
    this.#namesEnd = to;
    this.#values.push(value);
    const slots = this.#slots;
    const slot = freeSlot(slots, hash);
    slots[slot] = this.size;
    slots[slot + 1] = hash;
    slots[slot + 2] = from;
    slots[slot + 3] = end - start;
  }

  /** Slots there are. */
  get #count(): number {
    return this.#slots.length / SLOT_NUMBERS;
  }

  #grow(): void {
    const before = this.#slots;
    const slots = new Int32Array(2 * before.length);
    for (let at = 0; at < before.length; at += SLOT_NUMBERS) {
      if (before[at] === 0) continue;
      const slot = freeSlot(slots, before[at + 1]!);
      for (let number = 0; number < SLOT_NUMBERS; number++) slots[slot + number] = before[at + number]!;
    }
    this.#slots = slots;
  }

  #isNamed(from: number, bytes: Uint8Array, { start, end }: { start: number; end: number }): boolean {
    const names = this.#names;
    for (let at = start; at < end; at++) if (names[from + at - start] !== bytes[at]) return false;
    return true;
  }
}

/** Where an entry with such a hash goes. */
function freeSlot(slots: Int32Array, hash: number): number {
  const last = slots.length - SLOT_NUMBERS;
  let slot = hash << SLOT_SHIFT & last;
  while (slots[slot] !== 0) slot = slot + SLOT_NUMBERS & last;
  return slot;
}
