/**
 * Where the segments of one queue lie: as they came, in chunks of somebody else's, or gathered in chunks of
 * the queue's own.
 *
 *     own chunk   ▐ #a ▐ #b ▐ #a #a ▐ ok ▐······▌  each segment is a range; the next is put at the dots
 *
 * @module
 */
import type { Chunk, ChunkPool, Slice } from "../../buffers.ts";
import {
  GATHER_BYTES,
  GATHER_LEAST,
  GATHER_SEGMENT_MOST,
  PINNED_MOST,
  PINNED_PART,
  READ_BUFFER_MOST,
} from "../../limits.ts";
import { Holding, NO_CHUNK, type Segment } from "./segment.ts";

/**
 * Guarantees: a chunk is held as long as a segment lies in it and no longer; own chunks are at most half as
 * long again as what lies in them, and {@link SLACK}, whatever is taken out in whichever order, as long as
 * {@link wasteful} is asked after that.
 */
export class SegmentMemory {
  readonly #pool: ChunkPool;
  /** The own chunk that is being filled. */
  #filling: Holding | undefined;
  /** The last of somebody else's that a segment lies in. */
  #pinning: Holding | undefined;
  /** Bytes of own chunks, and of the segments in them. */
  #own = 0;
  #ownUsed = 0;
  /** The same of somebody else's chunks. */
  #pinned = 0;
  #pinnedUsed = 0;

  constructor(pool: ChunkPool) {
    this.#pool = pool;
  }

  /** Bytes of others' chunks that are held beside those of the segments in them. */
  get surplus(): number {
    return this.#pinned - this.#pinnedUsed;
  }

  /** Whether so much of the own chunks is of no use any more that {@link move} is worth its while. */
  get wasteful(): boolean {
    const waste = this.#own - this.#ownUsed - this.#room();
    return 2 * waste > this.#ownUsed + 2 * SLACK;
  }

  /** Bytes more that are held when a slice waits here. */
  costOf(slice: Slice): number {
    const { chunk, start, end } = slice;
    if (!this.#isWorthPinning(chunk, end - start)) return end - start;
    return chunk === this.#pinning?.chunk ? 0 : chunk.bytes.length;
  }

  /** Keeps a segment that need not wait where it lies. False: that would hold much memory for little. */
  lend(segment: Segment): boolean {
    const { chunk, length } = segment;
    if (chunk.bytes.length > READ_BUFFER_MOST && PINNED_PART * length < chunk.bytes.length) return false;
    chunk.retain();
    return true;
  }

  /** Finds a segment that has to wait its place. */
  place(segment: Segment): void {
    if (segment.length === 0) segment.chunk.retain();
    else if (this.#isWorthPinning(segment.chunk, segment.length)) this.#pin(segment);
    else this.#gather(segment);
  }

  /** Whether the segment could be put right behind the tail; then it lies there now. */
  join(segment: Segment, tail: Segment): boolean {
    const { holding } = tail;
    const length = segment.end - segment.start;
    if (tail.chunk === segment.chunk && tail.end === segment.start) {
      if (holding !== undefined) this.#use(holding, length);
      return true;
    }
    if (holding === undefined || holding !== this.#filling || tail.end !== holding.filled) return false;
    const { bytes } = holding.chunk;
    const end = holding.filled + length;
    if (end > bytes.length || length >= GATHER_SEGMENT_MOST) return false;
    copy(segment, bytes, holding.filled);
    holding.filled = end;
    this.#ownUsed += length;
    return true;
  }

  /** Whether a segment lies right behind another, so that both can be written as one. */
  follows(segment: Segment, before: Segment): boolean {
    const { holding } = before;
    return holding !== undefined && segment.holding === holding && segment.start === before.end;
  }

  /** Of two, one right behind the other, the second is no segment any more: its bytes are the first's. */
  unite(before: Segment, second: Segment): void {
    before.end = second.end;
    before.slice = undefined;
    second.holding!.segments--;
    forgetPlace(second);
  }

  /** A segment is done with. */
  letGo(segment: Segment): void {
    const { holding, chunk, length } = segment;
    forgetPlace(segment);
    if (holding === undefined) return chunk.release();
    this.#use(holding, -length);
    if (--holding.segments === 0) this.#end(holding);
  }

  /** Puts a segment that lies in an own chunk into the newest. */
  move(segment: Segment): void {
    const from = segment.holding;
    if (from?.own !== true) return;
    this.#use(from, -segment.length);
    this.#gather(segment);
    if (--from.segments === 0) this.#end(from);
  }

  /** What is gathered from here on goes into a new chunk. */
  beginAnew(): void {
    this.#filling = undefined;
  }

  /** A slice that is much of its chunk holds it, and is one for all who wait for it. */
  #isWorthPinning(chunk: Chunk, length: number): boolean {
    if (length < GATHER_SEGMENT_MOST) return false;
    const whole = chunk.bytes.length;
    return PINNED_PART * length >= whole || chunk === this.#pinning?.chunk ||
      this.#pinned + whole <= PINNED_MOST;
  }

  #pin(segment: Segment): void {
    let holding = this.#pinning;
    if (holding?.chunk !== segment.chunk) {
      segment.chunk.retain();
      holding = this.#pinning = new Holding(segment.chunk, false);
      this.#pinned += holding.chunk.bytes.length;
    }
    segment.holding = holding;
    holding.segments++;
    this.#use(holding, segment.length);
  }

  #gather(segment: Segment): void {
    const { length } = segment;
    if (this.#filling === undefined || length > this.#room()) this.#takeChunk(length);
    const holding = this.#filling!;
    const start = holding.filled;
    this.#fill(segment, holding);
    segment.chunk = holding.chunk;
    segment.start = start;
    segment.end = start + length;
    segment.slice = undefined;
    segment.holding = holding;
    holding.segments++;
  }

  #takeChunk(length: number): void {
    const used = this.#ownUsed + length;
    const more = used >= GATHER_BYTES / 4 ? GATHER_BYTES : GATHER_BYTES / 4;
    const wanted = used >= GATHER_LEAST ? more : GATHER_LEAST;
    const chunk = this.#pool.take(Math.max(length, wanted));
    this.#filling = new Holding(chunk, true);
    this.#own += chunk.bytes.length;
  }

  #fill(segment: Segment, holding: Holding): void {
    const { length } = segment;
    copy(segment, holding.chunk.bytes, holding.filled);
    holding.filled += length;
    this.#use(holding, length);
  }

  #room(): number {
    const filling = this.#filling;
    return filling === undefined ? 0 : filling.chunk.bytes.length - filling.filled;
  }

  #use(holding: Holding, bytes: number): void {
    if (holding.own) this.#ownUsed += bytes;
    else this.#pinnedUsed += bytes;
  }

  #end(holding: Holding): void {
    const { chunk, own } = holding;
    if (own) this.#own -= chunk.bytes.length;
    else this.#pinned -= chunk.bytes.length;
    if (holding === this.#filling) this.#filling = undefined;
    if (holding === this.#pinning) this.#pinning = undefined;
    chunk.release();
  }
}

/** Who still has a list with a segment in it does not keep its chunk by that. */
function forgetPlace(segment: Segment): void {
  segment.holding = undefined;
  segment.chunk = NO_CHUNK;
  segment.slice = undefined;
}

/** A few bytes are copied faster than a view of them is made. */
const BYTEWISE_MOST = 32;

function copy(segment: Segment, to: Uint8Array, at: number): void {
  const { length } = segment;
  if (length > BYTEWISE_MOST) return to.set(segment.view(), at);
  const { bytes } = segment.chunk;
  for (let from = segment.start, end = segment.end; from < end; from++) to[at++] = bytes[from]!;
}

/** Bytes of own chunks that may be of no use. */
const SLACK = 2 * GATHER_BYTES;
