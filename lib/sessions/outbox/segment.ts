/**
 * What an outbox queues.
 *
 * @module
 */
import { Chunk, Slice } from "../../buffers.ts";

/** Whose a segment is: told when it leaves, since it keeps count of what waits. */
export interface SegmentOwner {
  /** What has to be said before the segment about messages that were left out; it is said once. */
  takeGap(segment: Segment): Slice | undefined;
  /** It waits no longer. */
  left(segment: Segment): void;
  /**
   * It waits no longer and is not sent: whether its owner takes its messages back. Left out: it does not, and
   * they are lost.
   */
  takeBack?(segment: Segment): boolean;
  /** It is not sent, for it has outlived its time (V10); told behind {@link left}. Left out: nobody asks. */
  outlived?(segment: Segment): void;
}

/** What is known of a segment besides where it lies. */
export interface SegmentOptions {
  readonly owner?: SegmentOwner | undefined;
  readonly topic?: string | undefined;
  readonly expires?: number | undefined;
}

/** A chunk that segments of one queue lie in, and that is held once for all of them. */
export class Holding {
  readonly chunk: Chunk;
  /** It is the queue's own, to be filled from `filled` on. */
  readonly own: boolean;
  filled = 0;
  /** How many lie in it. */
  segments = 0;

  constructor(chunk: Chunk, own: boolean) {
    this.chunk = chunk;
    this.own = own;
  }
}

/** A part of a chunk to be written, and what has to be known of it while it waits. */
export class Segment {
  chunk: Chunk;
  start: number;
  end: number;
  /** Where it came from, as long as it is no more and no less than that. */
  slice: Slice | undefined;
  /** Messages in it; a reply has none. */
  count: number;
  /**
   * Whose it is, where it may be taken out again or has a gap before it: it is merged only with what is its
   * owner's.
   */
  readonly owner: SegmentOwner | undefined;
  /** Its topic, where its owner keeps one message a topic: it is merged with nothing. */
  readonly topic: string | undefined;
  /**
   * Not to be written from then on, milliseconds since 1970: it is merged only with what goes at the same
   * time.
   */
  readonly expires: number | undefined;
  /** What the queue knows of its chunk; undefined: it was put where nothing waited, as it lies. */
  holding: Holding | undefined = undefined;
  /** Messages of its owner that would have come right before it and were left out. */
  gap = 0;
  /** Of these, such as are told no later than here when it is left out itself. */
  others = 0;
  /** It waits no longer: it was taken to be written, or left out. */
  gone = false;

  constructor(slice: Slice, count: number, of?: SegmentOptions) {
    this.chunk = slice.chunk;
    this.start = slice.start;
    this.end = slice.end;
    this.slice = slice;
    this.count = count;
    this.owner = of?.owner;
    this.topic = of?.topic;
    this.expires = of?.expires;
  }

  get isReply(): boolean {
    return this.count === 0;
  }

  get length(): number {
    return this.end - this.start;
  }

  /** Its bytes. */
  view(): Uint8Array<ArrayBuffer> {
    return this.slice === undefined ? this.chunk.bytes.subarray(this.start, this.end) : this.slice.view;
  }
}

/** Stands where memory was given back. */
export const NO_CHUNK: Chunk = new Chunk(new Uint8Array(0));
/** Stands in a list where a segment was, so that the list does not keep it. */
export const GONE: Segment = new Segment(new Slice(NO_CHUNK), 0);
GONE.gone = true;

/** Takes what is gone out of a list, in place; what lies before `from` is not looked at. */
export function closeUp(segments: Segment[], from: number): void {
  let to = 0;
  for (let at = from; at < segments.length; at++) {
    const segment = segments[at]!;
    if (!segment.gone) segments[to++] = segment;
  }
  segments.length = to;
}
