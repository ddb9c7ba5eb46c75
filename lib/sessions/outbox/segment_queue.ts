/**
 * Segments in the order in which they leave.
 *
 * @module
 */
import type { Chunk, ChunkPool } from "../../buffers.ts";
import {
  GATHER_BYTES,
  GATHER_LEAST,
  GATHER_SEGMENT_MOST,
  JOIN_REPLIES_FROM,
  PINNED_MOST,
} from "../../limits.ts";
import { NO_CHUNK, type Segment } from "./segment.ts";

/**
 * Guarantees: what is put in comes out in that order, except for what is removed. Large segments stay where
 * they lie and hold their chunk; small ones that have to wait are copied together, and so are large ones once
 * they pin {@link PINNED_MOST}.
 */
export class SegmentQueue {
  readonly #pool: ChunkPool;
  #segments: Segment[] = [];
  #head = 0;
  /** Removed segments that still have a place in the list. */
  #holes = 0;
  #bytes = 0;
  /**
   * Bytes of the chunks that segments here keep from being used again; one that several segments lie in
   * counts for each.
   */
  #pinned = 0;

  constructor(pool: ChunkPool) {
    this.#pool = pool;
  }

  /** Bytes in it. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Puts a segment in; `idle`: nothing is being written, so that it need not be copied. Returns the segment
   * it is in, which may be the one before it.
   */
  put(segment: Segment, idle: boolean): Segment {
    const { length, route } = segment;
    const tail = this.#tail();
    this.#bytes += length;
    if (tail !== undefined && this.#joins(segment, tail)) {
      tail.end += length;
      tail.count += segment.count;
      tail.slice = undefined;
      return tail;
    }
    const large = length >= GATHER_SEGMENT_MOST && this.#pinned + segment.chunk.bytes.length <= PINNED_MOST;
    if (large || length === 0 || (idle && tail === undefined)) {
      segment.chunk.retain();
      this.#pinned += segment.chunk.bytes.length;
    } else {
      // a segment that stays alone needs no room for others
      const room = route !== undefined ? 0 : this.#bytes >= JOIN_REPLIES_FROM ? GATHER_BYTES : GATHER_LEAST;
      const own = this.#pool.take(Math.max(length, room));
      copy(segment, own, 0);
      segment.chunk = own;
      segment.start = 0;
      segment.end = length;
      segment.own = true;
      segment.slice = undefined;
    }
    this.#segments.push(segment);
    return segment;
  }

  /** The first segment without taking it. */
  peek(): Segment | undefined {
    for (;;) {
      const segment = this.#segments[this.#head];
      if (segment === undefined || !segment.gone) return segment;
      this.#advance();
      this.#holes--;
    }
  }

  /** Takes the first segment out; its chunk is the caller's to release. */
  shift(): Segment | undefined {
    const segment = this.peek();
    if (segment === undefined) return undefined;
    this.#advance();
    this.#forget(segment);
    return segment;
  }

  /** Takes a segment out of the middle. */
  remove(segment: Segment): void {
    if (segment.gone) return;
    this.#forget(segment);
    segment.chunk.release();
    segment.chunk = NO_CHUNK;
    this.#holes++;
    if (this.#holes > 64 && 2 * this.#holes > this.#segments.length - this.#head) this.#close();
  }

  /** Lets go of everything; how many messages that were. */
  clear(): number {
    let count = 0;
    for (let segment = this.shift(); segment !== undefined; segment = this.shift()) {
      segment.chunk.release();
      count += segment.count;
    }
    return count;
  }

  #tail(): Segment | undefined {
    const last = this.#segments.length > this.#head ? this.#segments[this.#segments.length - 1] : undefined;
    return last?.gone === true ? undefined : last;
  }

  /** Whether the segment could be put behind the tail, and if so its bytes are there now. */
  #joins(segment: Segment, tail: Segment): boolean {
    const { length } = segment;
    if (
      tail.owner !== segment.owner || segment.gap > 0 || segment.route !== undefined ||
      tail.route !== undefined
    ) {
      return false;
    }
    if (tail.expires !== segment.expires) return false;
    const alike = tail.isReply === segment.isReply;
    if (tail.chunk === segment.chunk && tail.end === segment.start && alike) return true;
    if (!tail.own || tail.end + length > tail.chunk.bytes.length) return false;
    if (!alike && this.#bytes < JOIN_REPLIES_FROM) return false;
    if (length >= GATHER_SEGMENT_MOST) return false;
    copy(segment, tail.chunk, tail.end);
    return true;
  }

  #forget(segment: Segment): void {
    segment.gone = true;
    this.#bytes -= segment.length;
    if (!segment.own) this.#pinned -= segment.chunk.bytes.length;
  }

  #advance(): void {
    this.#head++;
    if (this.#head === this.#segments.length) {
      this.#segments.length = 0;
      this.#head = 0;
    } else if (this.#head >= 1024) {
      this.#close();
    }
  }

  /** Closes the holes. */
  #close(): void {
    this.#segments = this.#segments.slice(this.#head).filter((segment) => !segment.gone);
    this.#head = 0;
    this.#holes = 0;
  }
}

function copy(segment: Segment, to: Chunk, at: number): void {
  to.bytes.set(segment.view(), at);
}
