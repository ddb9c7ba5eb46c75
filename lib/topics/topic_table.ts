/**
 * From a topic's bytes, as they stand in a read buffer,
 * to what is kept for that topic: without making a string.
 *
 * @module
 */
import type { HeldMemory } from "../held_memory.ts";
import { factorOf } from "./mixing.ts";
import { Generation, hashOf } from "./generation.ts";
import { SeenBefore } from "./seen_before.ts";

const SHARP = 0x23;
/** What is kept is told in steps of so many bytes. */
const TELL_BYTES = 64 * 1024;

/** How much may be remembered, and who is told. */
export interface TopicTableOptions<V> {
  /** A number peers cannot guess, so that they cannot choose topics that collide. */
  readonly seed?: number;
  /** Entries of one generation. */
  readonly most: number;
  /** Bytes of one generation. */
  readonly mostBytes?: number;
  /** Bytes that a value takes beside its name. */
  readonly weigh?: (value: V) => number;
  readonly memory?: HeldMemory;
}

/**
 * Two generations of a hash table by bytes. `#hello` and `hello` are the same key. What is asked for is
 * brought over to the younger; when that is full it becomes the older, and what nobody has asked for since it
 * was that is forgotten: what is kept here can be made anew. So who names ever new topics makes those be
 * forgotten that nobody uses, and of the others none.
 */
export class TopicTable<V> {
  readonly #factor: number;
  readonly #most: number;
  readonly #mostBytes: number;
  readonly #weigh: (value: V) => number;
  readonly #memory: HeldMemory | undefined;
  /** What was named to {@link addIfSeen}: takes the same whatever that was, so it is not counted. */
  readonly #seen = new SeenBefore();
  #young = new Generation<V>();
  #old = new Generation<V>();
  /** Bytes of the values in each, and what was told of it in all. */
  #youngValues = 0;
  #oldValues = 0;
  #told = 0;
  /** Entries that are in both. */
  #both = 0;

  constructor(options: TopicTableOptions<V>) {
    const { seed = 0, most, mostBytes = Infinity, weigh = (): number => 0, memory } = options;
    this.#factor = factorOf(seed);
    this.#most = most;
    this.#mostBytes = mostBytes;
    this.#weigh = weigh;
    this.#memory = memory;
  }

  /** How many topics are remembered. */
  get size(): number {
    return this.#young.size + this.#old.size - this.#both;
  }

  /** Bytes of both generations. */
  get bytes(): number {
    return this.#young.bytes + this.#youngValues + this.#old.bytes + this.#oldValues;
  }

  /** What is kept for all topics, in two lists; some are in both. */
  values(): readonly (readonly V[])[] {
    return [this.#young.values, this.#old.values];
  }

  /** What is kept for the topic that stands in `bytes` from `start` to `end`. */
  find(bytes: Uint8Array, start: number, end: number): V | undefined {
    const from = bytes[start] === SHARP ? start + 1 : start;
    const hash = hashOf(bytes, from, { end, factor: this.#factor });
    const found = this.#young.find(bytes, from, { end, hash });
    if (found !== undefined || this.#old.size === 0) return found;
    const before = this.#old.find(bytes, from, { end, hash });
    if (before === undefined) return undefined;
    const old = this.#old;
    this.#put(bytes, from, { end, hash, value: before });
    if (this.#old === old) this.#both++;
    return before;
  }

  /** Keeps `value` for a topic that {@link find} did not find. `name` is its UTF-8, with `#` or without. */
  add(name: Uint8Array, value: V): void {
    const from = name[0] === SHARP ? 1 : 0;
    const end = name.length;
    this.#put(name, from, { end, hash: hashOf(name, from, { end, factor: this.#factor }), value });
  }

  /** The same, but only for a topic that has been named here before, and whether it has (or so it seems). */
  addIfSeen(name: Uint8Array, value: V): boolean {
    const from = name[0] === SHARP ? 1 : 0;
    const end = name.length;
    const hash = hashOf(name, from, { end, factor: this.#factor });
    if (!this.#seen.mark(hash)) return false;
    this.#put(name, from, { end, hash, value });
    return true;
  }

  /** A value takes so many bytes more, or less. */
  grew(bytes: number): void {
    this.#youngValues = Math.max(0, this.#youngValues + bytes);
    this.#tell();
  }

  /** The younger generation becomes the older, and the older is forgotten. */
  age(): void {
    this.#old = this.#young;
    this.#oldValues = this.#youngValues;
    this.#young = new Generation();
    this.#youngValues = 0;
    this.#both = 0;
    this.#tell();
  }

  #put(bytes: Uint8Array, start: number, entry: { end: number; hash: number; value: V }): void {
    if (this.#young.size >= this.#most) this.age();
    this.#young.add(bytes, start, entry);
    this.#youngValues += this.#weigh(entry.value);
    this.#tell();
  }

  #tell(): void {
    const more = this.bytes - this.#told;
    if (more < TELL_BYTES && more > -TELL_BYTES) return;
    const { bytes } = this;
    this.#memory?.hold(bytes - this.#told);
    this.#told = bytes;
    if (more < 0) return;
    // as for all who keep something: no more than what is still free
    const most = Math.min(this.#mostBytes, (this.#memory?.share ?? Infinity) / 2);
    if (this.#young.bytes + this.#youngValues > most) this.age();
  }
}
