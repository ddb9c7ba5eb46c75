/**
 * The log as a replay sees it: one state of it, that no commit changes while a call lasts.
 *
 * @module
 */
import type { Matching } from "./matching.ts";
import type { ReplayMemory } from "./replay_memory.ts";

/** A batch without its bytes. */
export interface BatchRef {
  readonly id: number;
  readonly topic: number;
  /** The sequence number of its first message. */
  readonly first: number;
  readonly count: number;
}

/** A batch whose checksum was right. */
export interface Batch extends BatchRef {
  readonly time: number;
  /** Its records. */
  readonly bytes: Uint8Array;
  /** When the first of its messages that has a time to live outlives it by the clock; undefined: none has. */
  readonly expires: number | undefined;
}

/** A topic in the log. */
export interface TopicRow {
  readonly id: number;
  readonly name: string;
  /** The smallest sequence number that is still there, or the next one where none is. */
  readonly floor: number;
}

/** Reads. Every method may throw DamageError. */
export interface LogView {
  /** The newest batch that was ever committed; 0: none. */
  readonly last: number;
  /** How many batches were ever deleted. */
  readonly deleted: number;
  /** How many topics there are. */
  readonly topics: number;
  /** What earlier replays of this log knew where they stopped. */
  readonly replays: ReplayMemory;
  topicNamed(name: string): TopicRow | undefined;
  /** The topics behind a name, in the order of the bytes of their UTF-8, at most `limit`. */
  namesAfter(name: string, limit: number): readonly TopicRow[];
  /** The topics a pattern takes in. */
  matching(pattern: string): Matching;
  topicOf(id: number): TopicRow;
  /** Of a topic, the batch with the greatest first sequence number that is at most this. */
  holding(topic: number, sequence: number): BatchRef | undefined;
  /** Of a topic, the batch with the smallest first sequence number that is at least this. */
  next(topic: number, sequence: number): BatchRef | undefined;
  /** The batches behind one, in commit order, at most `limit`. */
  refsAfter(id: number, limit: number): readonly BatchRef[];
  /** The time of the first batch at or behind an id, and its id. */
  timeAt(id: number): { readonly id: number; readonly time: number } | undefined;
  /** The batches behind one, in commit order, read and verified as they are asked for. */
  batchesAfter(id: number): Iterable<Batch>;
  /** Reads a batch and verifies it. */
  load(ref: BatchRef): Batch;
  /** Of a topic, the batch that begins at or behind a sequence number, read and verified. */
  loadNext(topic: number, sequence: number): Batch | undefined;
}

/** One past the last sequence number of a batch. */
export function endOf({ first, count }: BatchRef): number {
  return first + count;
}
