/**
 * The requests of a client that are not yet acknowledged, whatever becomes of its connections.
 *
 * @module
 */
import { refused } from "./refused.ts";
import type { Link } from "./link.ts";

/** One request and who waits for it. */
interface Entry {
  readonly bytes: Uint8Array;
  /** What it asks for: `publish to "#hello"`. */
  readonly what: string;
  /** Asked just before it would be sent: true acknowledges it without sending. */
  readonly needless: (() => boolean) | undefined;
  /** Told of the acknowledgement before the next request leaves. */
  readonly acknowledged: (() => void) | undefined;
  readonly settled: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Entries at the front that are done with before the array is cut. */
const CUT_AFTER = 1024;

/**
 * First in, first out, one on the wire at a time.
 *
 * - A request leaves the queue when it is acknowledged or refused. One that is on the wire when its link ends stays and
 *   is the first to be sent on the next link; the broker may have taken it already, so it may take effect twice.
 * - Promises from {@link add} are marked as looked after: a rejection nobody awaits does not end the process.
 */
export class RequestQueue {
  #entries: Entry[] = [];
  #first = 0;
  #link: Link | undefined;
  #sending: Link | undefined;

  /** How many are not yet acknowledged. */
  get size(): number {
    return this.#entries.length - this.#first;
  }

  /** Queues a request; resolves when it is acknowledged, rejects with RefusedError or what {@link failAll} is given. */
  add(
    bytes: Uint8Array,
    { what, needless, acknowledged }: {
      readonly what: string;
      readonly needless?: () => boolean;
      readonly acknowledged?: () => void;
    },
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#entries.push({ bytes, what, needless, acknowledged, settled: promise, resolve, reject });
    this.#send();
    return lookedAfter(promise);
  }

  /** Resolves when all that is queued now is acknowledged or has failed. */
  async drained(): Promise<void> {
    await this.#entries.at(-1)?.settled.catch(() => {}); // whose failure it is hears of it
  }

  /** Sends over this link from now on, over none with undefined. */
  use(link: Link | undefined): void {
    this.#link = link;
    this.#send();
  }

  /** Rejects all that is queued. */
  failAll(error: Error): void {
    const failed = this.#entries.slice(this.#first);
    this.#entries = [];
    this.#first = 0;
    for (const { reject } of failed) reject(error);
  }

  /** Rejects all that is queued but the request that is on the wire. */
  failUnsent(error: Error): void {
    if (this.#sending === undefined) return this.failAll(error);
    const failed = this.#entries.splice(this.#first + 1);
    for (const { reject } of failed) reject(error);
  }

  async #send(): Promise<void> {
    const link = this.#link;
    if (link === undefined || this.#sending === link) return;
    this.#sending = link;
    while (this.#link === link) {
      const entry = this.#entries[this.#first];
      if (entry === undefined) break;
      const reply = entry.needless?.() ? "OK" : await link.request(entry.bytes);
      if (reply === undefined) break;
      if (this.#entries[this.#first] !== entry) continue; // failAll came in between
      this.#shift();
      if (reply === "OK") {
        entry.acknowledged?.();
        entry.resolve();
      } else {
        entry.reject(refused(reply, entry.what));
      }
    }
    if (this.#sending === link) this.#sending = undefined;
  }

  #shift(): void {
    this.#first++;
    if (this.size === 0) {
      this.#entries = [];
      this.#first = 0;
    } else if (this.#first === CUT_AFTER) {
      this.#entries.splice(0, CUT_AFTER);
      this.#first = 0;
    }
  }
}

/** The same promise, whose rejection does not end the process when nobody awaits it: close() and `closed` tell of the loss. */
export function lookedAfter<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {}); // whoever cares awaits the promise itself
  return promise;
}
