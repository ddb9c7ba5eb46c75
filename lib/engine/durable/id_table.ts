/**
 * A hash table of ids that is no object for each of them, and never built anew.
 *
 * @module
 */
import { RECORD_LEAST, Records, within, Words } from "./id_memory.ts";

/** Numbers of an entry: the next one of its bucket; its hash; whose it is; its record. */
const ENTRY_SHIFT = 2;
const HASH = 1;
const OWNER = 2;
const RECORD = 3;
/** Bytes of an entry beside its record: those numbers, and as many buckets as entries. */
const ENTRY_BYTES = 4 * ((1 << ENTRY_SHIFT) + 1);
/** Bytes before a record's key: its length. */
const LENGTH_BYTES = 2;

/** What is looked for: some bytes, and their hash. */
export interface Key {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly hash: number;
}

/**
 * Entries by an owner, a small number, and some bytes, which are compared as they are. There are as many
 * buckets as there were entries at most, one more at a time (linear hashing, as in topics/chains.ts): who
 * adds one never waits for a table to be made anew, a tenth of a second at a million of them.
 *
 *     entry   ▐ next ▐ hash ▐ owner ▐ record ▐
 *     record  ▐ length of the key, 2 bytes ▐ key ▐ what belongs to it ▐
 */
export class IdTable {
  readonly #buckets = new Words();
  readonly #entries = new Words();
  readonly #records = new Records();
  /** The wider of the two masks of the buckets. */
  #mask = 0;
  #size = 0;
  #bytes = 0;
  /** The first entry that was let go; 0: none was. */
  #free = 0;

  constructor() {
    this.#buckets.grow(1);
    // there is no entry 0
    this.#entries.grow(1 << ENTRY_SHIFT);
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes that its entries take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The entry of an owner with this key; 0: there is none. */
  find({ bytes, length, hash }: Key, owner: number): number {
    const entries = this.#entries;
    const wanted = hash >>> 0;
    let entry = this.#buckets.get(this.#bucketOf(hash));
    while (entry !== 0) {
      const at = entry << ENTRY_SHIFT;
      if (entries.get(at + HASH) === wanted && entries.get(at + OWNER) === owner) {
        if (this.#isKey(entries.get(at + RECORD), bytes, length)) return entry;
      }
      entry = entries.get(at);
    }
    return 0;
  }

  /** Adds one that is not there, with so many bytes that belong to it, which are not cleared. */
  add({ bytes, length, hash }: Key, owner: number, extra: number): number {
    const record = this.#records.take(sizeOf(length, extra));
    const piece = this.#records.piece(record);
    const start = within(record);
    piece[start] = length;
    piece[start + 1] = length >>> 8;
    for (let at = 0; at < length; at++) piece[start + LENGTH_BYTES + at] = bytes[at]!;
    const entries = this.#entries;
    let entry = this.#free;
    if (entry === 0) entry = entries.grow(1 << ENTRY_SHIFT) >>> ENTRY_SHIFT;
    else this.#free = entries.get(entry << ENTRY_SHIFT);
    const at = entry << ENTRY_SHIFT;
    const bucket = this.#bucketOf(hash);
    entries.set(at, this.#buckets.get(bucket));
    entries.set(at + HASH, hash);
    entries.set(at + OWNER, owner);
    entries.set(at + RECORD, record);
    this.#buckets.set(bucket, entry);
    this.#bytes += ENTRY_BYTES + sizeOf(length, extra);
    if (++this.#size > this.#buckets.length) this.#split();
    return entry;
  }

  /** Lets an entry go that has so many bytes that belong to it. */
  remove(entry: number, extra: number): void {
    const entries = this.#entries;
    const at = entry << ENTRY_SHIFT;
    const bucket = this.#bucketOf(entries.get(at + HASH));
    const next = entries.get(at);
    let before = this.#buckets.get(bucket);
    if (before === entry) {
      this.#buckets.set(bucket, next);
    } else {
      while (entries.get(before << ENTRY_SHIFT) !== entry) before = entries.get(before << ENTRY_SHIFT);
      entries.set(before << ENTRY_SHIFT, next);
    }
    entries.set(at, this.#free);
    this.#free = entry;
    this.#size--;
    this.#bytes -= ENTRY_BYTES + this.#letGo(entries.get(at + RECORD), extra);
  }

  /** Gives an entry other room for what belongs to it, of which nothing is kept. */
  resize(entry: number, from: number, to: number): void {
    const records = this.#records;
    const at = (entry << ENTRY_SHIFT) + RECORD;
    const before = this.#entries.get(at);
    const length = this.#lengthOf(before);
    const record = records.take(sizeOf(length, to));
    const keyEnd = within(before) + LENGTH_BYTES + length;
    records.piece(record).set(records.piece(before).subarray(within(before), keyEnd), within(record));
    this.#entries.set(at, record);
    this.#bytes += sizeOf(length, to) - this.#letGo(before, from);
  }

  /** What belongs to an entry lies in these bytes, until the next one is added or resized, … */
  bytesOf(entry: number): Uint8Array {
    return this.#records.piece(this.#entries.get((entry << ENTRY_SHIFT) + RECORD));
  }

  /** … from here on. */
  startOf(entry: number): number {
    const record = this.#entries.get((entry << ENTRY_SHIFT) + RECORD);
    return within(record) + LENGTH_BYTES + this.#lengthOf(record);
  }

  #letGo(record: number, extra: number): number {
    const size = sizeOf(this.#lengthOf(record), extra);
    this.#records.letGo(record, size);
    return size;
  }

  #lengthOf(record: number): number {
    const piece = this.#records.piece(record);
    const start = within(record);
    return piece[start]! | piece[start + 1]! << 8;
  }

  #isKey(record: number, bytes: Uint8Array, length: number): boolean {
    const piece = this.#records.piece(record);
    const start = within(record);
    if ((piece[start]! | piece[start + 1]! << 8) !== length) return false;
    const from = start + LENGTH_BYTES;
    for (let at = 0; at < length; at++) if (piece[from + at] !== bytes[at]) return false;
    return true;
  }

  #bucketOf(hash: number): number {
    const bucket = hash & this.#mask;
    return bucket < this.#buckets.length ? bucket : bucket & this.#mask >> 1;
  }

  /** A bucket more, for half of the entries of another. */
  #split(): void {
    const entries = this.#entries;
    const buckets = this.#buckets;
    const added = buckets.grow(1);
    if (added > this.#mask) this.#mask = 2 * this.#mask + 1;
    const mask = this.#mask;
    const from = added & mask >> 1;
    let stay = 0;
    let go = 0;
    let entry = buckets.get(from);
    while (entry !== 0) {
      const at = entry << ENTRY_SHIFT;
      const next = entries.get(at);
      if ((entries.get(at + HASH) & mask) === added) {
        entries.set(at, go);
        go = entry;
      } else {
        entries.set(at, stay);
        stay = entry;
      }
      entry = next;
    }
    buckets.set(from, stay);
    buckets.set(added, go);
  }
}

/** What is let go holds a link. */
function sizeOf(length: number, extra: number): number {
  return Math.max(RECORD_LEAST, LENGTH_BYTES + length + extra);
}
