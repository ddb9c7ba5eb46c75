/**
 * Segments in the order in which they leave.
 *
 * @module
 */
import type { ChunkPool, Slice } from "../../buffers.ts";
import type { HeldMemory } from "../../held_memory.ts";
import { GATHER_BYTES, JOIN_REPLIES_FROM, SEGMENT_BYTES } from "../../limits.ts";
import { closeUp, GONE, type Segment, type SegmentOwner } from "./segment.ts";
import { SegmentMemory } from "./segment_memory.ts";

/** What a queue takes its memory from, and who is told of it. */
export interface QueueMemory {
  readonly pool: ChunkPool;
  readonly memory: HeldMemory;
}

/**
 * Guarantees: what is put in comes out in that order, except for what is removed. A segment that is much of
 * its chunk stays where it lies and holds that; others that have to wait are copied together. Whoever shifted
 * one calls {@link letGo} when it is written.
 */
export class SegmentQueue {
  readonly #memory: HeldMemory;
  readonly #places: SegmentMemory;
  readonly #segments: Segment[] = [];
  #head = 0;
  /** Removed segments that still have a place in the list. */
  #holes = 0;
  #bytes = 0;
  /** Segments that wait, and for how many of them memory was told: by the hundred, or it would cost time. */
  #count = 0;
  #told = 0;

  constructor({ pool, memory }: QueueMemory) {
    this.#memory = memory;
    this.#places = new SegmentMemory(pool);
  }

  /** Bytes in it. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes it takes to keep those. */
  get held(): number {
    return this.#bytes + this.#places.surplus + this.#count * SEGMENT_BYTES;
  }

  /** Bytes more that it takes to keep a slice. */
  costOf(slice: Slice): number {
    return this.#places.costOf(slice) + SEGMENT_BYTES;
  }

  /**
   * Puts a segment in; `idle`: nothing is being written, so that it need not be copied. Returns the segment
   * it is in, which may be the one before it.
   */
  put(segment: Segment, idle: boolean): Segment {
    const { length } = segment;
    const tail = this.#tail();
    this.#bytes += length;
    if (tail !== undefined && this.#mayJoin(segment, tail) && this.#places.join(segment, tail)) {
      tail.end += length;
      tail.count += segment.count;
      tail.slice = undefined;
      return tail;
    }
    if (!idle || tail !== undefined || !this.#places.lend(segment)) this.#places.place(segment);
    this.#segments.push(segment);
    this.#count++;
    if (this.#count >= this.#told + TOLD_STEP) this.#tell(TOLD_STEP);
    return segment;
  }

  /** The first segment without taking it. */
  peek(): Segment | undefined {
    for (;;) {
      const segment = this.#segments[this.#head];
      if (segment === undefined || !segment.gone) return segment;
      this.#holes--;
      this.#advance();
    }
  }

  /** Takes the first segment out. */
  shift(): Segment | undefined {
    const segment = this.peek();
    if (segment === undefined) return undefined;
    this.#advance();
    this.#forget(segment);
    return segment;
  }

  /**
   * Whether the first segment lies right behind one that was taken, and may leave with it in one write (C9);
   * {@link unite} makes that one.
   */
  goesWith(taken: Segment): boolean {
    const next = this.peek();
    if (next === undefined || next.gap > 0 || next.topic !== undefined || taken.topic !== undefined) {
      return false;
    }
    if (next.isReply !== taken.isReply && this.#bytes < JOIN_REPLIES_FROM) return false;
    return taken.length + next.length <= GATHER_BYTES && this.#places.follows(next, taken);
  }

  /** What was taken last leaves with what was taken before it. */
  unite(taken: Segment, next: Segment): void {
    this.#places.unite(taken, next);
  }

  /** A segment that was taken is done with. */
  letGo(segment: Segment): void {
    this.#places.letGo(segment);
  }

  /** Takes a segment out of the middle. */
  remove(segment: Segment): void {
    if (segment.gone) return;
    this.#forget(segment);
    this.#places.letGo(segment);
    this.#holes++;
    if (this.#places.wasteful) this.#moveTogether();
    else if (this.#holes > 64 && 2 * this.#holes > this.#count) this.#close();
  }

  /** Gives what is an owner's back to it. */
  recall(owner: SegmentOwner): void {
    for (const segment of this.#segments.slice(this.#head)) {
      if (segment.owner !== owner || segment.gone) continue;
      if (owner.takeBack?.(segment) === true) this.remove(segment);
    }
  }

  /** Lets go of everything; how many messages that were, but for those that their owners take back. */
  clear(): number {
    let count = 0;
    for (let segment = this.shift(); segment !== undefined; segment = this.shift()) {
      if (segment.owner?.takeBack?.(segment) !== true) count += segment.count;
      this.letGo(segment);
    }
    return count;
  }

  #tail(): Segment | undefined {
    const last = this.#segments.length > this.#head ? this.#segments[this.#segments.length - 1] : undefined;
    return last?.gone === true ? undefined : last;
  }

  #mayJoin(segment: Segment, tail: Segment): boolean {
    if (
      tail.owner !== segment.owner || tail.expires !== segment.expires || segment.gap > 0 ||
      segment.topic !== undefined || tail.topic !== undefined || tail.length === 0 || segment.length === 0
    ) {
      return false;
    }
    return tail.isReply === segment.isReply || this.#bytes >= JOIN_REPLIES_FROM;
  }

  #forget(segment: Segment): void {
    segment.gone = true;
    this.#bytes -= segment.length;
    this.#count--;
    if (this.#count + TOLD_STEP <= this.#told) this.#tell(-TOLD_STEP);
  }

  #tell(segments: number): void {
    this.#told += segments;
    this.#memory.hold(segments * SEGMENT_BYTES);
  }

  #advance(): void {
    this.#segments[this.#head++] = GONE;
    if (this.#head === this.#segments.length) {
      this.#segments.length = 0;
      this.#head = 0;
    } else if (this.#head >= 1024 && 2 * this.#head >= this.#segments.length) {
      this.#close();
    }
  }

  /** Closes the holes. */
  #close(): void {
    closeUp(this.#segments, this.#head);
    this.#head = 0;
    this.#holes = 0;
  }

  /** Own chunks in which little is left are given back. */
  #moveTogether(): void {
    this.#close();
    this.#places.beginAnew();
    for (const segment of this.#segments) this.#places.move(segment);
  }
}

/** Segments that come or go before it is told. */
const TOLD_STEP = 128;
