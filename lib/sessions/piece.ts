/**
 * What an outbox queues.
 *
 * @module
 */
import { Chunk, type Slice } from "../buffers.ts";
import type { Route } from "../engine/types.ts";
import type { Lane } from "./lane.ts";

/** A part of a chunk to be written, and what has to be known of it while it waits. */
export class Piece {
  chunk: Chunk;
  start: number;
  end: number;
  /** Where it came from, as long as it is no more and no less than that. */
  slice: Slice | undefined;
  /** Messages in it; a reply has none. */
  count: number;
  /** Whose it is, where it may be taken out again or has a gap before it: it is merged only with its own lane's. */
  readonly lane: Lane | undefined;
  /** Its topic, where its lane keeps one message a topic: it is merged with nothing. */
  readonly route: Route | undefined;
  /** Not to be written from then on, milliseconds since 1970: it is merged only with what goes at the same time. */
  readonly expires: number | undefined;
  /** The chunk is the queue's own: more can be put behind `end`. */
  own = false;
  /** Messages of its lane that would have come right before it and were left out. */
  gap = 0;
  /** It waits no longer: it was taken to be written, or left out. */
  gone = false;

  constructor(
    slice: Slice,
    count: number,
    of?: {
      readonly lane?: Lane | undefined;
      readonly route?: Route | undefined;
      readonly expires?: number | undefined;
    },
  ) {
    this.chunk = slice.chunk;
    this.start = slice.start;
    this.end = slice.end;
    this.slice = slice;
    this.count = count;
    this.lane = of?.lane;
    this.route = of?.route;
    this.expires = of?.expires;
  }

  get isReply(): boolean {
    return this.count === 0;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** The bytes that are left to be written. */
  view(): Uint8Array<ArrayBuffer> {
    return this.slice === undefined ? this.chunk.bytes.subarray(this.start, this.end) : this.slice.view;
  }
}

/** Stands in the place of memory that was given back. */
export const NO_CHUNK: Chunk = new Chunk(new Uint8Array(0));
