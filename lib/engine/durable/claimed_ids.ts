/**
 * Which piece brings a message whose id was claimed and that is not stored yet.
 *
 * @module
 */
import type { IdSpan } from "../../id_spans.ts";
import { IdKey } from "./id_key.ts";
import { Words } from "./id_memory.ts";
import type { Piece } from "./piece.ts";

/** A section with so many spans takes no more pieces. */
const SECTION_SPANS = 4096;
/** Numbers behind a prefix are found by blocks of so many. */
const BLOCK = 64;
/** What tells the numbers' hashes from those of whole ids. */
const NUMBERED = 1;
/** Numbers of an entry: the one before it in its bucket; its hash; its piece; its span in that. */
const ENTRY_SHIFT = 2;
const HASH = 1;
const SLOT = 2;
const SPAN = 3;
/** A power of two. */
const BUCKETS_LEAST = 1 << 6;

/**
 * Spans of pieces by their hashes: of each block of numbers that a span has part in, an entry. What an entry
 * is of is compared with the piece itself.
 */
class Index {
  #buckets = new Uint32Array(BUCKETS_LEAST);
  readonly #entries = new Words();

  constructor() {
    // there is no entry 0
    this.#entries.grow(1 << ENTRY_SHIFT);
  }

  add(hash: number, slot: number, span: number): void {
    const entries = this.#entries;
    const at = entries.grow(1 << ENTRY_SHIFT);
    entries.set(at + HASH, hash);
    entries.set(at + SLOT, slot);
    entries.set(at + SPAN, span);
    if (at >>> ENTRY_SHIFT > this.#buckets.length) this.#widen();
    else this.#link(at);
  }

  /** Asks for each entry with this hash, the newest first, until one is what is wanted. */
  some(hash: number, isWanted: (slot: number, span: number) => boolean): boolean {
    const entries = this.#entries;
    const wanted = hash >>> 0;
    for (let at = this.#buckets[this.#bucketOf(hash)]!; at !== 0; at = entries.get(at)) {
      if (entries.get(at + HASH) !== wanted) continue;
      if (isWanted(entries.get(at + SLOT), entries.get(at + SPAN))) return true;
    }
    return false;
  }

  #widen(): void {
    this.#buckets = new Uint32Array(this.#buckets.length << 2);
    for (let at = 1 << ENTRY_SHIFT; at < this.#entries.length; at += 1 << ENTRY_SHIFT) this.#link(at);
  }

  #link(at: number): void {
    const bucket = this.#bucketOf(this.#entries.get(at + HASH));
    this.#entries.set(at, this.#buckets[bucket]!);
    this.#buckets[bucket] = at;
  }

  #bucketOf(hash: number): number {
    return hash & (this.#buckets.length - 1);
  }
}

/** Pieces that came one after the other: they mostly leave together, and what is known of them with them. */
class Section {
  /** Where the first of them is among all. */
  readonly first: number;
  /** Pieces that have not left. */
  live = 0;
  spans = 0;
  readonly #pieces: (Piece | undefined)[] = [];
  #index: Index | undefined;
  #indexed = 0;

  constructor(first: number) {
    this.first = first;
  }

  /** Where the next piece would be. */
  get end(): number {
    return this.first + this.#pieces.length;
  }

  add(piece: Piece, spans: number): void {
    this.#pieces.push(piece);
    this.live++;
    this.spans += spans;
  }

  delete(claim: number): void {
    this.#pieces[claim - this.first] = undefined;
    this.live--;
  }

  /** Looks at the pieces that came since it was asked for one. */
  index(key: IdKey): void {
    const index = this.#index ??= new Index();
    for (; this.#indexed < this.#pieces.length; this.#indexed++) {
      const part = this.#pieces[this.#indexed]?.part;
      if (part === undefined) continue;
      key.ofTopic(part.route.topic);
      for (const [at, { prefix, first, count }] of part.ids.entries()) {
        key.ofText(prefix);
        if (first === undefined) {
          key.whole();
          index.add(key.hash, this.#indexed, at);
          continue;
        }
        for (let block = blockOf(first); block <= blockOf(first + count - 1); block++) {
          key.block(block, NUMBERED);
          index.add(key.hash, this.#indexed, at);
        }
      }
    }
  }

  /** The newest that brings an id; it has been indexed. */
  find({ hash, topic }: IdKey, { prefix, number }: Id): Piece | undefined {
    let found: Piece | undefined;
    this.#index?.some(hash, (slot, at) => {
      const piece = this.#pieces[slot];
      if (piece?.part === undefined || piece.part.route.topic !== topic) return false;
      const span = piece.part.ids[at]!;
      if (span.prefix !== prefix || !isWithin(number, span)) return false;
      found = piece;
      return true;
    });
    return found;
  }
}

/** An id: its text, and the number behind it, if it ends in one. */
interface Id {
  readonly prefix: string;
  readonly number: number | undefined;
}

/**
 * The pieces that bring messages with ids. They are only written down until somebody asks: that is when an id
 * comes again, which it mostly does not. What it takes is counted with each piece.
 */
export class ClaimedIds {
  readonly #key: IdKey;
  /** The oldest first. */
  #sections: Section[] = [];
  #next = 0;

  /** `seed`: a number peers cannot guess, so that they cannot choose ids that collide. */
  constructor(seed: number) {
    this.#key = new IdKey(seed);
  }

  /** How many pieces it keeps. */
  get size(): number {
    let size = 0;
    for (const { live } of this.#sections) size += live;
    return size;
  }

  /** Places of pieces that it keeps, also of those that left before others of their section: for tests. */
  get places(): number {
    let places = 0;
    for (const { first, end } of this.#sections) places += end - first;
    return places;
  }

  /** A piece brings its messages. */
  add(piece: Piece): void {
    const spans = piece.part?.ids.length ?? 0;
    if (spans === 0) return;
    let section = this.#sections.at(-1);
    if (section === undefined || section.spans >= SECTION_SPANS) {
      this.#sections.push(section = new Section(this.#next));
    }
    piece.claim = this.#next++;
    section.add(piece, spans);
  }

  /** It has been answered. */
  delete(piece: Piece): void {
    const { claim } = piece;
    if (claim === undefined) return;
    piece.claim = undefined;
    const sections = this.#sections;
    let at = 0;
    // they leave in the order they came in, or nearly so
    while (claim >= sections[at]!.end) at++;
    const section = sections[at]!;
    section.delete(claim);
    if (section.live === 0) sections.splice(at, 1);
  }

  /**
   * Tells who brings the message at a position, of those with ids in these spans; undefined: it is stored, as
   * far as it is known. Positions rise from call to call.
   */
  finder(topic: string, spans: readonly IdSpan[]): (position: number) => Piece | undefined {
    let next = 0;
    return (position) => {
      while (next < spans.length && spans[next]!.at + spans[next]!.count <= position) next++;
      const span = spans[next];
      if (span === undefined || span.at > position) return undefined;
      const { at, prefix, first } = span;
      return this.#find(topic, { prefix, number: first === undefined ? undefined : first + position - at });
    };
  }

  #find(topic: string, id: Id): Piece | undefined {
    const key = this.#key;
    // what stands before it in its own run may bring it
    for (const section of this.#sections) section.index(key);
    key.ofTopic(topic);
    key.ofText(id.prefix);
    if (id.number === undefined) key.whole();
    else key.block(blockOf(id.number), NUMBERED);
    const sections = this.#sections;
    for (let at = sections.length - 1; at >= 0; at--) {
      const found = sections[at]!.find(key, id);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function isWithin(number: number | undefined, { first, count }: IdSpan): boolean {
  if (number === undefined || first === undefined) return number === first;
  return number >= first && number < first + count;
}

function blockOf(number: number): number {
  return Math.floor(number / BLOCK);
}
