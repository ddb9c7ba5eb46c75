/**
 * Puts batches together to a page as it is written to a subscriber.
 *
 * @module
 */
import { encodeText } from "../../wire/bytes.ts";
import { encodeBatchHeader } from "../../wire/batch.ts";
import { unexpired } from "../../wire/record_fields.ts";
import { RecordReader } from "../../wire/records.ts";
import { type Batch, DamageError, endOf } from "./view.ts";
import type { Page } from "../types.ts";

/** Which of a batch's messages are wanted: sequence numbers from `from` to before `end`. */
export interface Cut {
  readonly from: number;
  readonly end: number;
}

/** Everything. */
export const UNCUT: Cut = { from: 0, end: Infinity };

/** Collects pieces, then copies each once. What has outlived its time to live at `now` is left out. */
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

  /** Adds the wanted messages of a batch; nothing where none is. Throws DamageError where they cannot be told apart. */
  add(topic: string, batch: Batch, cut: Cut = UNCUT): void {
    const first = Math.max(batch.first, cut.from);
    const end = Math.min(endOf(batch), cut.end);
    if (first >= end) return;
    const bytes = first === batch.first && end === endOf(batch)
      ? batch.bytes
      : framesOf(batch, { topicBytes: encodeText(topic).length, first, end });
    const { time, expires } = batch;
    if (expires === undefined || this.#now < expires) {
      this.#put(bytes, { topic, first, count: end - first, time });
      return;
    }
    const frames = { bytes, start: 0, end: bytes.length, topicBytes: encodeText(topic).length };
    for (const { at, count, start, end: stop } of unexpired(frames, { time, now: this.#now })) {
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

function framesOf(
  batch: Batch,
  { topicBytes, first, end }: {
    readonly topicBytes: number;
    readonly first: number;
    readonly end: number;
  },
): Uint8Array {
  const { bytes } = batch;
  const reader = new RecordReader({ bytes, start: 0, end: bytes.length, topicBytes });
  const before = reader.skip(first - batch.first);
  const start = reader.end;
  if (!before || !reader.skip(end - first)) {
    throw new DamageError(`batch ${batch.id} does not hold the ${batch.count} messages it should`);
  }
  return bytes.subarray(start, reader.end);
}
