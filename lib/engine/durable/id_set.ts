/**
 * A set of message ids that is small where publishers number what they send.
 *
 * @module
 */
import type { IdSpan } from "../../id_spans.ts";
import type { IdKey } from "./id_key.ts";
import { IdTable } from "./id_table.ts";

/** Of which kind an entry is; the rest of its owner is its topic's entry. */
const KINDS_SHIFT = 2;
const TOPIC = 0;
const WHOLE = 1;
/** Numbers of a block, or blocks that are full of a block of those. */
const BLOCK = 2;
const BLOCK_OF_BLOCKS = 3;

/** Numbers in a block. */
const BLOCK_SHIFT = 10;
const IN_BLOCK = 1 << BLOCK_SHIFT;
const LAST = IN_BLOCK - 1;
/** What belongs to a block: the first and the last of its numbers that are in the set, two bytes each; … */
const INTERVAL_BYTES = 4;
/** … or this in place of the first, how many there are, and a bit for each. */
const BITS = 0xffff;
const BITS_BYTES = INTERVAL_BYTES + IN_BLOCK / 8;

/**
 * Ids of topics. Numbers behind a prefix are kept by blocks of 1,024: one that has some of them that follow
 * each other is two numbers, another one has a bit for each; one that is full is such a number itself, in a
 * block of blocks. So what counts up takes some bytes for each million, and nothing that comes in whatever
 * order, or is taken out again, makes anybody look at many.
 */
export class IdSet {
  readonly #table = new IdTable();
  /** The topic that was asked for last, and its entry. */
  #topic: string | undefined;
  #topicEntry = 0;
  #topics = 0;
  /** Without them nobody need look for one. */
  #blocksOfBlocks = 0;

  /** Things it remembers: ids, those of a block as one. */
  get size(): number {
    return this.#table.size - this.#topics;
  }

  /** Bytes it takes. */
  get bytes(): number {
    return this.#table.bytes;
  }

  /**
   * Whether an id of the span may be in it: if not, none is. `key` has the span's topic and prefix, as in all
   * of these.
   */
  mayHave(key: IdKey, { first, count }: IdSpan): boolean {
    const topic = this.#topicOf(key);
    if (topic === 0) return false;
    if (first === undefined) return this.#hasWhole(key, topic);
    if (count === 1) return this.#hasNumber(key, topic, first);
    const last = first + count - 1;
    for (let block = blockOf(first); block <= blockOf(last); block++) {
      const [from, to] = withinBlock(block, first, last);
      const entry = this.#find(key, { topic, block, level: BLOCK });
      if (entry !== 0 && this.#mayHaveAny(entry, from, to)) return true;
      if (this.#isFull(key, topic, block)) return true;
    }
    return false;
  }

  /** Whether the id of the span's message at an offset is in it. */
  has(key: IdKey, { first }: IdSpan, offset: number): boolean {
    const topic = this.#topicOf(key);
    if (topic === 0) return false;
    return first === undefined ? this.#hasWhole(key, topic) : this.#hasNumber(key, topic, first + offset);
  }

  /** Adds ids none of which is in it: those of a span's messages at some offsets. */
  add(key: IdKey, { first }: IdSpan, { offset, count }: { offset: number; count: number }): void {
    const topic = this.#topicOf(key) || this.#addTopic(key);
    if (first === undefined) {
      key.whole();
      this.#table.add(key, ownerOf(topic, WHOLE), 0);
      return;
    }
    const from = first + offset;
    const last = from + count - 1;
    for (let block = blockOf(from); block <= blockOf(last); block++) {
      this.#addIn(key, { topic, block, level: BLOCK }, withinBlock(block, from, last));
    }
  }

  /** Takes the span's ids out, those that are in it. */
  delete(key: IdKey, { first, count }: IdSpan): void {
    const topic = this.#topicOf(key);
    if (topic === 0) return;
    if (first === undefined) {
      key.whole();
      const entry = this.#table.find(key, ownerOf(topic, WHOLE));
      if (entry !== 0) this.#table.remove(entry, 0);
      return;
    }
    for (let number = first; number < first + count; number++) this.#deleteNumber(key, topic, number);
  }

  #topicOf(key: IdKey): number {
    if (key.topic === this.#topic) return this.#topicEntry;
    const { topicBytes: bytes, topicHash: hash } = key;
    const entry = this.#table.find({ bytes, length: bytes.length, hash }, TOPIC);
    if (entry !== 0) this.#isAt(key, entry);
    return entry;
  }

  #addTopic(key: IdKey): number {
    const { topicBytes: bytes, topicHash: hash } = key;
    const entry = this.#table.add({ bytes, length: bytes.length, hash }, TOPIC, 0);
    this.#topics++;
    this.#isAt(key, entry);
    return entry;
  }

  #isAt({ topic }: IdKey, entry: number): void {
    this.#topic = topic;
    this.#topicEntry = entry;
  }

  #hasWhole(key: IdKey, topic: number): boolean {
    key.whole();
    return this.#table.find(key, ownerOf(topic, WHOLE)) !== 0;
  }

  #hasNumber(key: IdKey, topic: number, number: number): boolean {
    const block = blockOf(number);
    const entry = this.#find(key, { topic, block, level: BLOCK });
    if (entry !== 0) return this.#has(entry, number - block * IN_BLOCK);
    return this.#isFull(key, topic, block);
  }

  #isFull(key: IdKey, topic: number, block: number): boolean {
    if (this.#blocksOfBlocks === 0) return false;
    const above = blockOf(block);
    const entry = this.#find(key, { topic, block: above, level: BLOCK_OF_BLOCKS });
    return entry !== 0 && this.#has(entry, block - above * IN_BLOCK);
  }

  #find(key: IdKey, { topic, block, level }: Place): number {
    key.block(block, level);
    return this.#table.find(key, ownerOf(topic, level));
  }

  /** Whether a block has the number at a place in it. */
  #has(entry: number, at: number): boolean {
    const bytes = this.#table.bytesOf(entry);
    const start = this.#table.startOf(entry);
    const first = readPair(bytes, start);
    if (first !== BITS) return at >= first && at <= readPair(bytes, start + 2);
    return (bytes[start + INTERVAL_BYTES + (at >> 3)]! >> (at & 7) & 1) === 1;
  }

  #mayHaveAny(entry: number, from: number, to: number): boolean {
    const bytes = this.#table.bytesOf(entry);
    const start = this.#table.startOf(entry);
    const first = readPair(bytes, start);
    return first === BITS || (from <= readPair(bytes, start + 2) && to >= first);
  }

  /** Adds what is at some places of a block, and is not in it. */
  #addIn(key: IdKey, place: Place, [from, to]: Interval): void {
    let entry = this.#find(key, place);
    if (entry === 0) {
      if (to - from === LAST && place.level === BLOCK) return this.#addFull(key, place);
      entry = this.#table.add(key, ownerOf(place.topic, place.level), INTERVAL_BYTES);
      if (place.level === BLOCK_OF_BLOCKS) this.#blocksOfBlocks++;
      this.#putInterval(entry, from, to);
      return;
    }
    const bytes = this.#table.bytesOf(entry);
    const start = this.#table.startOf(entry);
    const [first, last] = [readPair(bytes, start), readPair(bytes, start + 2)];
    if (first === BITS) this.#setBits(entry, from, to);
    else if (from === last + 1) this.#putInterval(entry, first, to);
    else if (to === first - 1) this.#putInterval(entry, from, last);
    else {
      this.#makeBits(entry, first, last);
      this.#setBits(entry, from, to);
    }
    if (place.level === BLOCK && this.#count(entry) === IN_BLOCK) {
      this.#remove(entry, place.level);
      this.#addFull(key, place);
    }
  }

  #addFull(key: IdKey, { topic, block }: Place): void {
    const above = blockOf(block);
    const at = block - above * IN_BLOCK;
    this.#addIn(key, { topic, block: above, level: BLOCK_OF_BLOCKS }, [at, at]);
  }

  #deleteNumber(key: IdKey, topic: number, number: number): void {
    const block = blockOf(number);
    const at = number - block * IN_BLOCK;
    const place: Place = { topic, block, level: BLOCK };
    const entry = this.#find(key, place);
    if (entry !== 0) return this.#deleteIn(entry, BLOCK, at);
    if (!this.#isFull(key, topic, block)) return;
    const above = blockOf(block);
    const full = this.#find(key, { topic, block: above, level: BLOCK_OF_BLOCKS });
    this.#deleteIn(full, BLOCK_OF_BLOCKS, block - above * IN_BLOCK);
    key.block(block, BLOCK);
    const opened = this.#table.add(key, ownerOf(topic, BLOCK), INTERVAL_BYTES);
    this.#putInterval(opened, 0, LAST);
    this.#deleteIn(opened, BLOCK, at);
  }

  /** Takes out what is at a place of a block, if it is in it. */
  #deleteIn(entry: number, level: number, at: number): void {
    if (!this.#has(entry, at)) return;
    if (this.#count(entry) === 1) return this.#remove(entry, level);
    const bytes = this.#table.bytesOf(entry);
    const start = this.#table.startOf(entry);
    const [first, last] = [readPair(bytes, start), readPair(bytes, start + 2)];
    if (first !== BITS && at === first) return this.#putInterval(entry, at + 1, last);
    if (first !== BITS && at === last) return this.#putInterval(entry, first, at - 1);
    if (first !== BITS) this.#makeBits(entry, first, last);
    this.#clearBit(entry, at);
  }

  #remove(entry: number, level: number): void {
    const isBits = readPair(this.#table.bytesOf(entry), this.#table.startOf(entry)) === BITS;
    if (level === BLOCK_OF_BLOCKS) this.#blocksOfBlocks--;
    this.#table.remove(entry, isBits ? BITS_BYTES : INTERVAL_BYTES);
  }

  #count(entry: number): number {
    const bytes = this.#table.bytesOf(entry);
    const start = this.#table.startOf(entry);
    const [first, last] = [readPair(bytes, start), readPair(bytes, start + 2)];
    return first === BITS ? last : last - first + 1;
  }

  #putInterval(entry: number, first: number, last: number): void {
    const bytes = this.#table.bytesOf(entry);
    const start = this.#table.startOf(entry);
    writePair(bytes, start, first);
    writePair(bytes, start + 2, last);
  }

  /** Makes a block of an interval one of bits. */
  #makeBits(entry: number, first: number, last: number): void {
    this.#table.resize(entry, INTERVAL_BYTES, BITS_BYTES);
    const bytes = this.#table.bytesOf(entry);
    const start = this.#table.startOf(entry);
    bytes.fill(0, start, start + BITS_BYTES);
    writePair(bytes, start, BITS);
    this.#setBits(entry, first, last);
  }

  /** Sets bits none of which is set. */
  #setBits(entry: number, from: number, to: number): void {
    const bytes = this.#table.bytesOf(entry);
    const start = this.#table.startOf(entry);
    for (let at = from; at <= to; at++) bytes[start + INTERVAL_BYTES + (at >> 3)]! |= 1 << (at & 7);
    writePair(bytes, start + 2, readPair(bytes, start + 2) + to - from + 1);
  }

  /** Clears a bit that is set. */
  #clearBit(entry: number, at: number): void {
    const bytes = this.#table.bytesOf(entry);
    const start = this.#table.startOf(entry);
    bytes[start + INTERVAL_BYTES + (at >> 3)]! &= ~(1 << (at & 7));
    writePair(bytes, start + 2, readPair(bytes, start + 2) - 1);
  }
}

/** Where a block belongs. */
interface Place {
  readonly topic: number;
  readonly block: number;
  readonly level: typeof BLOCK | typeof BLOCK_OF_BLOCKS;
}

/** Places in a block, both counted in. */
type Interval = readonly [number, number];

function ownerOf(topic: number, kind: number): number {
  return (topic << KINDS_SHIFT | kind) >>> 0;
}

function blockOf(number: number): number {
  return Math.floor(number / IN_BLOCK);
}

/** Which places of a block are of the numbers from `first` to `last`. */
function withinBlock(block: number, first: number, last: number): Interval {
  const from = block * IN_BLOCK;
  return [Math.max(0, first - from), Math.min(LAST, last - from)];
}

function readPair(bytes: Uint8Array, at: number): number {
  return bytes[at]! | bytes[at + 1]! << 8;
}

function writePair(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}
