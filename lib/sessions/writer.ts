/**
 * Writes what an outbox has to one transport.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Histogram } from "../histogram.ts";
import type { Outbox } from "./outbox/outbox.ts";
import type { Listener } from "./listener.ts";
import type { Settings } from "./settings.ts";
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
  readonly #watch: WriteWatch | undefined;

  constructor(owner: WriterOwner, turns: Turns, watch: WriteWatch | undefined) {
    this.#owner = owner;
    this.#turns = turns;
    this.#watch = watch;
  }

  /** There is something to write, and nobody writes. */
  write(): void {
    const turns = this.#turns;
    this.#watch?.waits(this.#owner.outbox.queued);
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
      this.#watch?.wrote(outcome, this.#owner.outbox.queued);
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

/**
 * How long what waits in an outbox takes to be written, one sample after the other: from when something waits
 * until all of that is written. So a message costs nothing, and a write two looks at the clock.
 */
export class WriteWatch {
  readonly #times: Histogram;
  readonly #clock: Clock;
  /** Bytes of what waited that are not written yet; 0: nothing is looked at. */
  #left = 0;
  #since = 0;

  /** One for who subscribes; undefined: nobody looks. */
  static of(
    { writes, clock }: Pick<Settings, "writes" | "clock">,
    { roles }: Listener,
  ): WriteWatch | undefined {
    return writes === undefined || !roles.has("subscriber") ? undefined : new WriteWatch(writes, clock);
  }

  constructor(times: Histogram, clock: Clock) {
    this.#times = times;
    this.#clock = clock;
  }

  /** So many bytes wait. */
  waits(bytes: number): void {
    if (this.#left > 0 || bytes === 0) return;
    this.#left = bytes;
    this.#since = this.#clock.now();
  }

  /** So many were written, and so many wait now. */
  wrote(bytes: number, waiting: number): void {
    if (this.#left === 0) return;
    this.#left = waiting === 0 ? 0 : Math.max(0, this.#left - bytes);
    if (this.#left > 0) return;
    const now = this.#clock.now();
    this.#times.took(now - this.#since);
    this.#left = waiting;
    this.#since = now;
  }
}
