/**
 * Finding out that the other end is gone although nothing says so: a cable pulled, a machine asleep.
 *
 * @module
 */
import type { Clock, Timer } from "../../clock.ts";
import { TIMER_MOST_MS } from "../../limits.ts";

/** What a heartbeat is told about a connection, and what it does to it. */
export interface WatchedConnection {
  /** Milliseconds for which nothing has come although it was waited for. */
  readonly silence: number;
  /** Milliseconds an answer to {@link ping} may take now. */
  readonly patience: number;
  ping(): void;
  /** There was no answer. */
  lost(silence: number): void;
}

/** Asks after so many milliseconds of silence, and gives up when nothing at all comes for `patience` more. */
export class Heartbeat {
  readonly #connection: WatchedConnection;
  readonly #askAfter: number;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  /** When it was asked; undefined: something has come since. */
  #asked: number | undefined;

  constructor(
    connection: WatchedConnection,
    { clock, askAfter }: { readonly clock: Clock; readonly askAfter: number },
  ) {
    this.#connection = connection;
    this.#clock = clock;
    this.#askAfter = askAfter;
    this.#wait(askAfter);
  }

  stop(): void {
    this.#clock.cancel(this.#timer);
  }

  #beat(): void {
    const { silence, patience } = this.#connection;
    const now = this.#clock.now();
    if (this.#asked !== undefined && silence <= now - this.#asked) this.#asked = undefined;
    if (silence < this.#askAfter) return this.#wait(this.#askAfter - silence);
    if (this.#asked === undefined) {
      this.#asked = now;
      this.#connection.ping();
      return this.#wait(patience);
    }
    const left = this.#asked + patience - now;
    if (left > 0) return this.#wait(left);
    this.#connection.lost(silence);
  }

  /** A time that is longer than any timer is waited for in parts. */
  #wait(ms: number): void {
    this.#timer = this.#clock.after(Math.min(Math.max(1, Math.ceil(ms)), TIMER_MOST_MS), () => this.#beat());
  }
}
