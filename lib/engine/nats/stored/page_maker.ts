/**
 * Messages of the stream as a page: batches one after the other, as they are written to a v2 subscriber.
 *
 * @module
 */
import type { Page } from "../../../store/types.ts";
import { encodeBatchHeader } from "../../../wire/batch.ts";
import { type Incoming, RecordBytes } from "./incoming.ts";

/** Guarantee: the messages come in the order in which they were added, each with its number and its time. */
export class PageMaker {
  readonly #records = new RecordBytes();
  readonly #batches = new RecordBytes();
  #first: Incoming | undefined;
  #count = 0;
  #messages = 0;

  /** Bytes so far, about. */
  get length(): number {
    return this.#records.length + this.#batches.length;
  }

  add(message: Incoming): void {
    const first = this.#first;
    const follows = first !== undefined && message.topic === first.topic && message.time === first.time &&
      message.sequence === first.sequence + this.#count;
    if (!follows) this.#end();
    this.#first ??= message;
    this.#count++;
    this.#messages++;
    this.#records.addRecord(message);
  }

  take(): Page {
    this.#end();
    const messages = this.#messages;
    this.#messages = 0;
    return { bytes: this.#batches.take().slice(), messages };
  }

  #end(): void {
    if (this.#first === undefined) return;
    const { topic, sequence: first, time } = this.#first;
    const records = this.#records.take();
    this.#batches.add(
      encodeBatchHeader({ topic, count: this.#count, length: records.length, first, time }),
      records,
    );
    this.#first = undefined;
    this.#count = 0;
  }
}
