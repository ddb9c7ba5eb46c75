/**
 * Messages between the socket and the consumer.
 *
 * @module
 */
import { Fifo } from "../fifo.ts";
import { Gap } from "../gap.ts";
import { Delivery } from "../links/delivery.ts";
import type { QueuedNotice } from "./queued_notice.ts";

/** Bytes and messages that may wait before reading stops, and those at which it goes on. */
const HIGH_BYTES = 1024 * 1024;
const LOW_BYTES = 256 * 1024;
const HIGH_MESSAGES = 16 * 1024;
const LOW_MESSAGES = 4 * 1024;

/**
 * A queue with one reader.
 *
 * - In the order of {@link add}, each message once. A gap is given out in its place to a reader that wants
 *   gaps; either way it is told once, when the reader has had all before it, and so is a notice.
 * - {@link held} is a promise while too much waits; whoever adds stops until it resolves.
 * - After {@link end} or {@link fail} nothing is taken in; what is there is still given out, then the end or
 *   the error.
 */
export class DeliveryQueue {
  readonly #items = new Fifo<Item>();
  readonly #onReached: (item: Gap | QueuedNotice) => void;
  #bytes = 0;
  #waiting: PromiseWithResolvers<IteratorResult<Given, undefined>>[] = [];
  #room: PromiseWithResolvers<void> | undefined;
  #over = false;
  #error: Error | undefined;
  #reader: AsyncIterator<Given, undefined> | undefined;
  #wantsGaps = false;

  /** `onReached` is told of each gap and notice. */
  constructor(onReached: (item: Gap | QueuedNotice) => void) {
    this.#onReached = onReached;
  }

  add(item: Item): void {
    if (this.#over) return;
    if (this.#waiting.length > 0) {
      if (this.#isFor(item)) this.#waiting.shift()?.resolve({ done: false, value: item });
      return;
    }
    this.#items.push(item);
    if (item instanceof Delivery) this.#bytes += item.length;
  }

  /** Undefined, or a promise that resolves when there is room again. */
  held(): Promise<void> | undefined {
    if (this.#over || (this.#bytes < HIGH_BYTES && this.#items.size < HIGH_MESSAGES)) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  end(): void {
    this.#over = true;
    this.#makeRoom();
    for (const { resolve } of this.#waiting.splice(0)) resolve({ done: true, value: undefined });
  }

  /** Ends with an error, which one call of the reader gets. */
  fail(error: Error): void {
    if (this.#over) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting.reject(error);
    else this.#error = error;
    this.end();
  }

  /** The one reader, of messages; throws while there is another. Its `return` lets the next one in. */
  reader(): AsyncIterator<Delivery, undefined> {
    // a reader that wants no gaps is given none: see #isFor
    return this.#open(false) as AsyncIterator<Delivery, undefined>;
  }

  /** As {@link reader}, of messages and gaps. */
  gapReader(): AsyncIterator<Given, undefined> {
    return this.#open(true);
  }

  #open(wantsGaps: boolean): AsyncIterator<Given, undefined> {
    if (this.#reader !== undefined) {
      throw new TypeError(
        "this subscriber is being iterated already: one consumer at a time, hand messages on from there",
      );
    }
    const reader: AsyncIterator<Given, undefined> = {
      next: () => this.#reader === reader ? this.#next() : Promise.resolve({ done: true, value: undefined }),
      return: () => {
        if (this.#reader === reader) {
          this.#reader = undefined;
          for (const { resolve } of this.#waiting.splice(0)) resolve({ done: true, value: undefined });
        }
        return Promise.resolve({ done: true, value: undefined });
      },
    };
    this.#reader = reader;
    this.#wantsGaps = wantsGaps;
    return reader;
  }

  #next(): Promise<IteratorResult<Given, undefined>> {
    for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) {
      if (item instanceof Delivery) this.#bytes -= item.length;
      if (this.#bytes <= LOW_BYTES && this.#items.size <= LOW_MESSAGES) this.#makeRoom();
      if (this.#isFor(item)) return Promise.resolve({ done: false, value: item });
    }
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#over) return Promise.resolve({ done: true, value: undefined });
    const waiting = Promise.withResolvers<IteratorResult<Given, undefined>>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  /** Whether the reader gets it; tells of gaps and notices. */
  #isFor(item: Item): item is Given {
    if (item instanceof Delivery) return true;
    this.#onReached(item);
    return item instanceof Gap && this.#wantsGaps;
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}

/** What waits, and what of it a reader is given. */
type Item = Given | QueuedNotice;
type Given = Delivery | Gap;
