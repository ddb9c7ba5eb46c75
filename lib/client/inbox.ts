/**
 * Messages between the socket and the consumer.
 *
 * @module
 */
import type { Message } from "./types.ts";

/** Bytes and messages that may wait before reading stops, and those at which it goes on. */
const HIGH_BYTES = 1024 * 1024;
const LOW_BYTES = 256 * 1024;
const HIGH_MESSAGES = 16 * 1024;
const LOW_MESSAGES = 4 * 1024;
/** Taken messages at the front of the array before it is cut. */
const CUT_AFTER = 1024;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

class Delivery implements Message {
  readonly topic: string;
  readonly payload: Uint8Array;
  #text: string | undefined;

  constructor(topic: string, payload: Uint8Array) {
    this.topic = topic;
    this.payload = payload;
  }

  get text(): string {
    this.#text ??= decoder.decode(this.payload);
    return this.#text;
  }
}

/**
 * A queue with one reader.
 *
 * - In the order of {@link add}, each message once.
 * - {@link held} is a promise while too much waits; whoever adds stops until it resolves.
 * - After {@link end} or {@link fail} nothing is taken in; what is there is still given out, then the end or the error.
 */
export class Inbox {
  #messages: Message[] = [];
  #first = 0;
  #bytes = 0;
  #waiting: PromiseWithResolvers<IteratorResult<Message, undefined>>[] = [];
  #room: PromiseWithResolvers<void> | undefined;
  #over = false;
  #error: Error | undefined;
  #reader: AsyncIterator<Message, undefined> | undefined;

  add(topic: string, payload: Uint8Array): void {
    if (this.#over) return;
    const message = new Delivery(topic, payload);
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return waiting.resolve({ done: false, value: message });
    this.#messages.push(message);
    this.#bytes += payload.length;
  }

  /** Undefined, or a promise that resolves when there is room again. */
  held(): Promise<void> | undefined {
    if (this.#over || (this.#bytes < HIGH_BYTES && this.#size < HIGH_MESSAGES)) return undefined;
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

  /** The one reader; throws while there is another. Its `return` makes place for the next. */
  reader(): AsyncIterator<Message, undefined> {
    if (this.#reader !== undefined) {
      throw new TypeError(
        "this subscriber is being iterated already: one consumer at a time, hand messages on from there",
      );
    }
    const reader: AsyncIterator<Message, undefined> = {
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
    return reader;
  }

  get #size(): number {
    return this.#messages.length - this.#first;
  }

  #next(): Promise<IteratorResult<Message, undefined>> {
    const message = this.#messages[this.#first];
    if (message !== undefined) {
      this.#take(message);
      return Promise.resolve({ done: false, value: message });
    }
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#over) return Promise.resolve({ done: true, value: undefined });
    const waiting = Promise.withResolvers<IteratorResult<Message, undefined>>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  #take(message: Message): void {
    this.#first++;
    this.#bytes -= message.payload.length;
    if (this.#first === this.#messages.length) {
      this.#messages = [];
      this.#first = 0;
    } else if (this.#first === CUT_AFTER) {
      this.#messages.splice(0, CUT_AFTER);
      this.#first = 0;
    }
    if (this.#bytes <= LOW_BYTES && this.#size <= LOW_MESSAGES) this.#makeRoom();
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }
}
