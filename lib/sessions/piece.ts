/**
 * What an outbox queues.
 *
 * @module
 */
import { Chunk } from "../buffers.ts";
import type { Route } from "../engine/types.ts";
import type { Lane } from "./lane.ts";

/** A part of a chunk to be written, and what has to be known of it while it waits. */
export interface Piece {
  chunk: Chunk;
  start: number;
  end: number;
  /** The chunk is this outbox's own: more can be put behind `end`. */
  readonly own: boolean;
  readonly reply: boolean;
  /** Whose it is, where it may be taken out again or has a gap before it. */
  readonly lane: Lane | undefined;
  /** Its topic, where its lane keeps one message a topic. */
  readonly route: Route | undefined;
  /** Messages in it. */
  count: number;
  /** Messages of its lane that would have come right before it and were left out. */
  gap: number;
  /** It waits no longer: it was taken to be written, or left out. */
  gone: boolean;
}

/** Stands in the place of memory that was given back. */
export const NO_CHUNK: Chunk = new Chunk(new Uint8Array(0));
