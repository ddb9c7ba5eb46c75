/**
 * Puts batches together to a page as it is written to a subscriber.
 *
 * @module
 */
import { encodeBatchHeader } from "../../wire/batch.ts";
import { encodeText } from "../../wire/bytes.ts";
import { leastTtl, unexpired } from "../../wire/record_fields.ts";
import { RecordReader, type Records } from "../../wire/records.ts";
import type { Page, ReadOutcome } from "../types.ts";
import type { SequenceBounds } from "./bounds.ts";
import { DamageError } from "./damage.ts";
import { type Batch, endOf } from "./view.ts";

/** What was read. */
export type PageRead = Extract<ReadOutcome, { kind: "page" }>;

/** What of the log goes into a page. */
export interface HowMuch {
  /** About so many bytes, and one batch at least. */
  readonly most: number;
  /** What has outlived its time to live by then is left out. Milliseconds since 1970. */
  readonly now: number;
}

/** Collects pieces, then copies each once. What has outlived its time to live at `now` is left out (V10). */
export class PageBuilder {
  readonly #now: number;
  readonly #pieces: Uint8Array[] = [];
  #messages = 0;
  #length = 0;

  /** `now`: milliseconds since 1970. */
  constructor(now: number) {
    this.#now = now;
  }

  get length(): number {
    return this.#length;
  }
  get messages(): number {
    return this.#messages;
  }

  /**
   * Adds the messages of a batch that are wanted; nothing where none is. Throws DamageError where they cannot
   * be told apart.
   */
  add(topic: string, batch: Batch, bounds: SequenceBounds): void {
    const first = Math.max(batch.first, bounds.from);
    const end = Math.min(endOf(batch), bounds.end);
    if (first >= end) return;
    const topicBytes = encodeText(topic).length;
    const bytes = first === batch.first && end === endOf(batch)
      ? batch.bytes
      : recordsOf(batch, { topicBytes, first, end });
    const { time, expires } = batch;
    if (expires === undefined || this.#now < expires) {
      this.#put(bytes, { topic, first, count: end - first, time });
      return;
    }
    // by the clock as it stood then: the batch's time is a later one where that was set back
    const least = leastTtl(recordsIn(batch.bytes, topicBytes)) ?? 0;
    const stored = { time: expires - least, now: this.#now };
    for (const { at, count, start, end: stop } of unexpired(recordsIn(bytes, topicBytes), stored)) {
      this.#put(bytes.subarray(start, stop), { topic, first: first + at, count, time });
    }
  }

  #put(bytes: Uint8Array, of: { topic: string; first: number; count: number; time: number }): void {
    const header = encodeBatchHeader({ ...of, length: bytes.length });
    this.#pieces.push(header, bytes);
    this.#length += header.length + bytes.length;
    this.#messages += of.count;
  }

  build(): Page {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return { bytes, messages: this.#messages };
  }
}

function recordsIn(bytes: Uint8Array, topicBytes: number): Records {
  return { bytes, start: 0, end: bytes.length, topicBytes };
}

function recordsOf(
  batch: Batch,
  { topicBytes, first, end }: {
    readonly topicBytes: number;
    readonly first: number;
    readonly end: number;
  },
): Uint8Array {
  const { bytes } = batch;
  const reader = new RecordReader(recordsIn(bytes, topicBytes));
  const before = reader.skip(first - batch.first);
  const start = reader.end;
  if (!before || !reader.skip(end - first)) {
    throw new DamageError(`batch ${batch.id} does not hold the ${batch.count} messages it should`);
  }
  return bytes.subarray(start, reader.end);
}
