/**
 * The log as a reading looks at it: one state of it, that no commit changes while a call lasts.
 *
 * @module
 */

/** Where a batch is, without its bytes. */
export interface Place {
  readonly id: number;
  readonly topic: number;
  /** The sequence number of its first message. */
  readonly first: number;
  readonly count: number;
}

/** A batch whose checksum was right. */
export interface Batch extends Place {
  readonly time: number;
  readonly bytes: Uint8Array;
  /** When the first of its messages that has a time to live outlives it; undefined: none has. */
  readonly expires: number | undefined;
}

/** A topic in the log. */
export interface TopicRow {
  readonly id: number;
  readonly name: string;
  /** The smallest sequence number that is still there, or the next one where none is. */
  readonly floor: number;
}

/** What is stored is not what was: a checksum that does not match, a batch that is not there. The message is for a person. */
export class DamageError extends Error {
  override readonly name = "DamageError";
}

/** Reads. Every method may throw {@link DamageError}. */
export interface LogView {
  /** The newest batch that was ever committed; 0: none. */
  readonly last: number;
  /** How many topics there are. */
  readonly topics: number;
  /** Where earlier readings of this log stopped. */
  readonly scans: ScanMemory;
  topicNamed(name: string): TopicRow | undefined;
  /** The topics a pattern takes in, in the order of their ids. */
  matching(pattern: string): ReadonlyMap<number, string>;
  topicOf(id: number): TopicRow;
  /** Of a topic, the batch with the greatest first sequence number that is at most this. */
  holding(topic: number, sequence: number): Place | undefined;
  /** Of a topic, the batch with the smallest first sequence number that is at least this. */
  next(topic: number, sequence: number): Place | undefined;
  /** The batches behind one, in commit order, at most `limit`. */
  following(after: number, limit: number): readonly Place[];
  /** The time of the first batch at or behind an id, and its id. */
  timeAt(id: number): { readonly id: number; readonly time: number } | undefined;
  /** The batches behind one, in commit order, read and verified as they are asked for. */
  batchesFollowing(after: number): Iterable<Batch>;
  /** Reads a batch and verifies it. */
  load(place: Place): Batch;
  /** Of a topic, the batch that begins at or behind a sequence number, read and verified. */
  loadNext(topic: number, sequence: number): Batch | undefined;
}

/** By topic, the sequence number that comes next where a reading stopped. */
export type Expected = Map<number, number>;

/** Topics that are remembered of one reading, and readings of which they are. */
const EXPECTED_MOST = 10_000;
const SCANS_MOST = 64;

/** What readings knew when they stopped, so that the next does not have to find out again. */
export class ScanMemory {
  readonly #stops = new Map<string, Expected>();

  /** What the reading of a pattern knew that stopped behind a batch; it is then forgotten here. */
  take(pattern: string, after: number): Expected {
    const key = `${pattern} ${after}`;
    const expected = this.#stops.get(key);
    this.#stops.delete(key);
    return expected ?? new Map();
  }

  keep(expected: Expected, { pattern, after }: { readonly pattern: string; readonly after: number }): void {
    if (expected.size > EXPECTED_MOST) return;
    this.#stops.set(`${pattern} ${after}`, expected);
    const [oldest] = this.#stops.keys();
    if (this.#stops.size > SCANS_MOST && oldest !== undefined) this.#stops.delete(oldest);
  }
}

/** One past the last sequence number of a batch. */
export function endOf({ first, count }: Place): number {
  return first + count;
}
