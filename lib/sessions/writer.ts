/**
 * Writes what an outbox has to one transport.
 *
 * @module
 */
import type { Outbox } from "./outbox/outbox.ts";
import type { Transport } from "./transport.ts";
import type { Turns } from "./turns/turns.ts";

/** Whose outbox and transport these are. */
export interface WriterOwner {
  readonly outbox: Outbox;
  readonly transport: Transport;
  /** Nothing more can be written; the outbox has been told. */
  onWriteFailed(error: unknown): void;
}

/**
 * Guarantees: one write at a time, and the next when there is a place for it. No async function: a message
 * takes two writes, and each would make a promise more.
 */
export class Writer {
  readonly #owner: WriterOwner;
  readonly #turns: Turns;

  constructor(owner: WriterOwner, turns: Turns) {
    this.#owner = owner;
    this.#turns = turns;
  }

  /** There is something to write, and nobody writes. */
  write(): void {
    const turns = this.#turns;
    if (this.#owner.outbox.queued === 0 || turns.mayWrite) this.#next();
    else turns.whenWritable(() => this.#next());
  }

  #next(): void {
    const { outbox, transport } = this.#owner;
    try {
      const bytes = outbox.take();
      if (bytes !== undefined) transport.write(bytes).then(this.#onEnded, this.#onEnded);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** How many bytes, or why not: one function for both, since each connection has its own. */
  readonly #onEnded = (outcome: unknown): void => {
    if (typeof outcome !== "number") return this.#fail(outcome);
    try {
      this.#turns.wrote(outcome);
      this.#owner.outbox.wrote(outcome);
    } catch (error) {
      return this.#fail(error);
    }
    this.write();
  };

  #fail(error: unknown): void {
    this.#owner.outbox.abandon();
    this.#owner.onWriteFailed(error);
  }
}
