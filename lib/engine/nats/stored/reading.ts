/**
 * One reader of the stream: it goes on where it stands.
 *
 * @module
 */
import type { NatsMessage } from "../port.ts";
import type { ConsumerStart } from "../streams_port.ts";
import type { Delivery } from "./delivery.ts";
import type { FeedParts } from "./feed.ts";
import { type Incoming, incomingOf } from "./incoming.ts";
import { Pull, pullParts, type Unanswered } from "./pull.ts";

/** What it works with. */
export type ReadingParts = Pick<FeedParts, "link" | "streams" | "subjects" | "inbox" | "onUnreadable">;

/** What a turn of reading brought. `through`: there was nothing behind it. */
export type Read =
  | { readonly kind: "read"; readonly through: boolean }
  /** The link was lost, or the reader: to be begun anew. */
  | { readonly kind: "lost" };

/** A turn. */
export interface ReadOrder {
  /** Messages at most; and bytes, about. */
  readonly most: number;
  readonly bytes: number;
  /** Given each message; false: no more, this one is not wanted yet. */
  readonly take: (message: Incoming) => boolean;
  /** Given the number of each message that cannot be read. */
  readonly skip: (sequence: number) => void;
  readonly done: (read: Read) => void;
}

/** Silence after which it is lost, milliseconds. */
const SILENCE_MOST_MS = 5_000;

/**
 * Guarantees: messages come in the order of the stream, each once; a turn is answered once. Behind a turn
 * that was broken off, or lost, it is over.
 */
export class Reading {
  readonly #parts: ReadingParts;
  #pull: Pull | undefined;
  #order: ReadOrder | undefined;
  #left = 0;
  #given = 0;
  #silence = 0;
  #over = false;
  /** Milliseconds that nobody has asked for anything. */
  idle = 0;

  constructor(parts: ReadingParts) {
    this.#parts = parts;
  }

  /** Nothing can be read with it any more. */
  get over(): boolean {
    return this.#over;
  }

  /** Makes its consumer; where that cannot be had it is over. */
  open(patterns: readonly string[], start: ConsumerStart, done: () => void): void {
    const { streams, subjects } = this.#parts;
    const filters = patterns.map((pattern) => subjects.stored(pattern));
    streams.addReader({ filters, start }, (asked) => {
      if (asked.kind !== "done") {
        this.#over = true;
        return done();
      }
      this.#pull = new Pull(asked.value, pullParts(this.#parts), {
        pulled: (message, delivery) => this.#pulled(message, delivery),
        unanswered: (why) => this.#unanswered(why),
      });
      done();
    });
  }

  read(order: ReadOrder): void {
    const { link } = this.#parts;
    this.idle = 0;
    if (this.#over || this.#pull === undefined || !link.up) {
      this.end();
      return order.done({ kind: "lost" });
    }
    this.#order = order;
    this.#silence = 0;
    this.#ask(Math.min(order.most, this.#pull.fitting(order.bytes)), order.bytes);
  }

  tick(passed: number): void {
    if (this.#order === undefined) this.idle += passed;
    else if ((this.#silence += passed) >= SILENCE_MOST_MS) this.end();
  }

  /** It is over; a turn that is under way is lost. */
  end(): void {
    this.#over = true;
    this.#drop();
    this.#finish({ kind: "lost" });
  }

  #pulled(message: NatsMessage, delivery: Delivery): void {
    this.#silence = 0;
    if (this.#order === undefined) return;
    if (delivery.given !== ++this.#given) return this.end();
    this.#left--;
    const incoming = incomingOf(message, delivery, this.#parts);
    if (incoming === undefined) this.#order.skip(delivery.sequence);
    else if (!this.#order.take(incoming)) {
      this.#over = true;
      this.#drop();
      return this.#finish({ kind: "read", through: false });
    }
    // where it asked for more NATS says that there is no more
    if (this.#left === 0) this.#finish({ kind: "read", through: delivery.pending === 0 });
  }

  #unanswered(why: Unanswered): void {
    if (this.#order === undefined) return;
    if (why === "too large") this.#ask(1, this.#order.bytes);
    else if (why === "gone") this.end();
    else this.#finish({ kind: "read", through: why === "no more" });
  }

  #ask(batch: number, bytes: number): void {
    this.#left = batch;
    this.#pull?.ask({ batch, bytes, noWait: true });
    this.#parts.link.flush(() => {});
  }

  #finish(read: Read): void {
    const order = this.#order;
    this.#order = undefined;
    order?.done(read);
  }

  #drop(): void {
    const pull = this.#pull;
    this.#pull = undefined;
    pull?.close();
    if (pull !== undefined && this.#parts.link.up) this.#parts.streams.remove(pull.consumer, () => {});
  }
}
