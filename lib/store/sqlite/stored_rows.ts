/**
 * Rows of `batch` and `topic` with their checksums. docs/store.md tells people how to verify one by hand.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { DamageError } from "../log/damage.ts";
import type { Batch, BatchRef, TopicRow } from "../log/view.ts";
import { blob, int, type Row, text } from "./rows.ts";

/** The checksum of a topic: CRC-32 of id, floor and name, a space between. */
export function topicCrc({ id, floor, name }: { id: number; floor: number; name: string }): number {
  return crc32(`${id} ${floor} ${name}`);
}

/** What of a batch its checksum covers beside its bytes. */
export interface BatchMark {
  readonly id: number;
  readonly topic: number;
  readonly first: number;
  readonly count: number;
  readonly time: number;
  /**
   * When the first of its messages that has a time to live outlives it; undefined: none has. Milliseconds
   * since 1970.
   */
  readonly expires?: number | undefined;
}

/**
 * The checksum of a batch: CRC-32 of id, topic, first, count, time and (where set) expires, a space between,
 * an LF, and the bytes.
 */
export function batchCrc({ id, topic, first, count, time, expires }: BatchMark, bytes: Uint8Array): number {
  const end = expires === undefined ? "" : ` ${expires}`;
  return crc32(bytes, crc32(`${id} ${topic} ${first} ${count} ${time}${end}\n`));
}

/** A row of `batch`, verified. */
export function batchFrom(row: Row): Batch {
  const batch: Batch = {
    id: int(row, "id"),
    topic: int(row, "topic"),
    first: int(row, "first"),
    count: int(row, "count"),
    time: int(row, "time"),
    bytes: blob(row, "bytes"),
    // a store of format 1 has no such column
    expires: (row["expires"] ?? null) === null ? undefined : int(row, "expires"),
  };
  if (batchCrc(batch, batch.bytes) !== int(row, "crc")) {
    throw new DamageError("it does not match its checksum");
  }
  return batch;
}

/** A row of `topic`, verified. */
export function topicFrom(row: Row): TopicRow {
  const topic = { id: int(row, "id"), name: text(row, "name"), floor: int(row, "floor") };
  if (topicCrc(topic) !== int(row, "crc")) {
    throw new DamageError(`the topic ${topic.id} does not match its checksum`);
  }
  return topic;
}

/** A row of `batch` without its bytes. */
export function batchRefFrom(row: Row): BatchRef {
  return { id: int(row, "id"), topic: int(row, "topic"), first: int(row, "first"), count: int(row, "count") };
}
