/**
 * The stored part of what a subscriber prints: whether all of it has come, and how its printing is paced.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import type { ConnectionEvent } from "../client/notices.ts";
import { pause } from "../process/pause.ts";

/** Which subscriptions have not yet given all that is stored. */
export class Replays {
  readonly #pending = new Set<string>();
  readonly #over = Promise.withResolvers<void>();
  #complete = false;
  #failure: RunError | undefined;

  constructor() {
    this.#over.promise.catch(() => {}); // told to who waits for the end
  }

  /** Resolves at the end of all that is stored; rejects with RunError when it could not be read so far. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Whether stored messages still come. */
  get replaying(): boolean {
    return this.#pending.size > 0;
  }

  /** Whether {@link over} has resolved or rejected. */
  get ended(): boolean {
    return this.#complete && !this.replaying;
  }

  /** A replay is being asked for. */
  add(pattern: string): void {
    this.#pending.add(pattern);
  }

  /** It was refused, or taken back. */
  drop(pattern: string): void {
    this.#pending.delete(pattern);
    this.#tellWhenOver();
  }

  /** No more are asked for. */
  complete(): void {
    this.#complete = true;
    this.#tellWhenOver();
  }

  /** For the client library's `onEvent`. */
  readonly onEvent = (event: ConnectionEvent): void => {
    if (event.type !== "live" && event.type !== "end" && event.type !== "failed") return;
    if (event.type === "failed") {
      this.#failure ??= new RunError(`what is stored of ${event.pattern} cannot be read: ${event.reason}`);
    }
    this.drop(event.pattern);
  };

  #tellWhenOver(): void {
    if (!this.ended) return;
    if (this.#failure === undefined) this.#over.resolve();
    else this.#over.reject(this.#failure);
  }
}

/** Keeps the pauses there were between stored messages, divided by a number. */
export class Pace {
  readonly #speed: number;
  #first: { readonly stored: number; readonly printed: number } | undefined;

  constructor(speed: number) {
    this.#speed = speed;
  }

  /** How long a message stored then has to wait, milliseconds. */
  wait(stored: number, now: number): number {
    this.#first ??= { stored, printed: now };
    return this.#first.printed + (stored - this.#first.stored) / this.#speed - now;
  }

  /** Waits for its turn; false as soon as the signal is aborted. */
  async keep(stored: number, signal: AbortSignal): Promise<boolean> {
    const wait = this.wait(stored, performance.now());
    return wait <= 0 ? !signal.aborted : await pause(wait, signal);
  }
}
