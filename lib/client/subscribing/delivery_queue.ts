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
 * - In the order of {@link add} and {@link putBack}, each once. A gap is given out in its place to a reader
 *   that wants gaps; either way it is told once, when the reader has had all before it, and so is a notice.
 * - {@link held} is a promise while too much waits; whoever adds stops until it resolves.
 * - After {@link end} or {@link fail} nothing is taken in but with {@link putBack}; what is there is still
 *   given out, then the end or the error.
 * - The reader is left with its `return`, with the end and with the error, and then another may come.
 */
export class DeliveryQueue {
  readonly #items = new Fifo<Item>();
  readonly #what: string;
  readonly #onReached: (item: Gap | QueuedNotice) => void;
  readonly #onLeft: () => void;
  #bytes = 0;
  #waiting: PromiseWithResolvers<IteratorResult<Given, undefined>>[] = [];
  #room: PromiseWithResolvers<void> | undefined;
  #over = false;
  #holdsBack = true;
  #error: Error | undefined;
  #reader: AsyncIterator<Given, undefined> | undefined;
  #wantsGaps = false;

  /**
   * `what` is read from it, for a person: `this subscriber`. `onReached` is told of each gap and notice,
   * `onLeft` when the reader has been left.
   */
  constructor(
    what: string,
    { onReached, onLeft = (): void => {} }: {
      readonly onReached: (item: Gap | QueuedNotice) => void;
      readonly onLeft?: () => void;
    },
  ) {
    this.#what = what;
    this.#onReached = onReached;
    this.#onLeft = onLeft;
  }

  add(item: Item): void {
    if (!this.#over) this.putBack(item);
  }

  /** As {@link add}, of what had come before the end. */
  putBack(item: Item): void {
    if (this.#waiting.length > 0) {
      if (this.#isFor(item)) this.#waiting.shift()?.resolve({ done: false, value: item });
      return;
    }
    this.#items.push(item);
    this.#bytes += weightOf(item);
  }

  /** Takes out what is chosen of what waits, in order; asks once for each, from the front. */
  takeOut(isChosen: (item: Item) => boolean): Item[] {
    const chosen: Item[] = [];
    for (const item of this.#items.takeFrom(0)) {
      if (isChosen(item)) chosen.push(item);
      else this.#items.push(item);
    }
    for (const item of chosen) this.#bytes -= weightOf(item);
    if (!this.#isFull) this.#makeRoom();
    return chosen;
  }

  /** Whether {@link held} may say so (true); else more is taken in than there is room for. */
  holdBack(holds: boolean): void {
    this.#holdsBack = holds;
    if (!holds) this.#makeRoom();
  }

  /** Undefined, or a promise that resolves when there is room again. */
  held(): Promise<void> | undefined {
    if (this.#over || !this.#holdsBack || !this.#isFull) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  end(): void {
    this.#over = true;
    this.#makeRoom();
    if (this.#waiting.length > 0) this.#leave();
  }

  /** Ends with an error, which one call of the reader gets. */
  fail(error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#makeRoom();
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      this.#error = error;
    } else {
      waiting.reject(error);
      this.#leave();
    }
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
        `${this.#what} is being iterated already: one consumer at a time, hand messages on from there`,
      );
    }
    const reader: AsyncIterator<Given, undefined> = {
      next: () => this.#reader === reader ? this.#next() : Promise.resolve({ done: true, value: undefined }),
      return: () => {
        if (this.#reader === reader) this.#leave();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
    this.#reader = reader;
    this.#wantsGaps = wantsGaps;
    return reader;
  }

  #next(): Promise<IteratorResult<Given, undefined>> {
    for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) {
      this.#bytes -= weightOf(item);
      if (this.#bytes <= LOW_BYTES && this.#items.size <= LOW_MESSAGES) this.#makeRoom();
      if (this.#isFor(item)) return Promise.resolve({ done: false, value: item });
    }
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      this.#leave();
      return Promise.reject(error);
    }
    if (this.#over) {
      this.#leave();
      return Promise.resolve({ done: true, value: undefined });
    }
    const waiting = Promise.withResolvers<IteratorResult<Given, undefined>>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  #leave(): void {
    this.#reader = undefined;
    for (const { resolve } of this.#waiting.splice(0)) resolve({ done: true, value: undefined });
    this.#onLeft();
  }

  get #isFull(): boolean {
    return this.#bytes >= HIGH_BYTES || this.#items.size >= HIGH_MESSAGES;
  }

  /** Whether the reader gets it, which is not what others get meanwhile (G9); tells of gaps and notices. */
  #isFor(item: Item): item is Given {
    if (item instanceof Delivery) return !item.lapsed;
    this.#onReached(item);
    return item instanceof Gap && this.#wantsGaps;
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}

/** Bytes that wait with it: a topic, a field and the pattern of a gap may be as long as a line. */
function weightOf(item: Item): number {
  if (item instanceof Delivery) return item.weight;
  return item instanceof Gap ? item.pattern.length : item.notice.pattern.length + item.notice.reason.length;
}

/** What waits. */
export type Item = Given | QueuedNotice;
/** What of it a reader is given. */
export type Given = Delivery | Gap;
