/**
 * The stored part of what a subscriber prints: whether all of it has come, what of it has not, and how its
 * printing is paced.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { secondsHint, type Start } from "../options/position.ts";
import type { ConnectionEvent } from "../client/notices.ts";
import { pause } from "../process/pause.ts";

/** Which subscriptions have not yet given all that is stored, and how much was left out of any. */
export class Replays {
  readonly #pending = new Set<string>();
  readonly #asked = new Map<string, Start>();
  readonly #ahead = new Map<string, string>();
  #missed = 0;
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

  /** Messages that were left out so far, stored or not (slow consumer). */
  get missed(): number {
    return this.#missed;
  }

  /** A replay is being asked for. */
  add(pattern: string, from: Start): void {
    this.#pending.add(pattern);
    this.#asked.set(pattern, from);
    this.#ahead.delete(pattern);
  }

  /** Once it is acknowledged: why it would wait for long, as it begins beyond what is stored. */
  ahead(pattern: string): string | undefined {
    return this.#ahead.get(pattern);
  }

  /** It was refused, or taken back. */
  drop(pattern: string): void {
    this.#asked.delete(pattern);
    this.#ahead.delete(pattern);
    this.#cameToItsEnd(pattern);
  }

  /** No more are asked for. */
  complete(): void {
    this.#complete = true;
    this.#tellWhenOver();
  }

  /** For the client library's `onEvent`. */
  readonly onEvent = (event: ConnectionEvent): void => {
    switch (event.type) {
      case "gap":
        this.#missed += event.missed;
        return;
      case "ahead": {
        const from = this.#asked.get(event.pattern);
        if (from !== undefined) this.#ahead.set(event.pattern, aheadText(event, from));
        return;
      }
      case "failed":
        if (event.group !== undefined) return; // a group is no replay of this subscriber's
        this.#failure ??= new RunError(`what is stored of ${event.pattern} cannot be read: ${event.reason}`);
        return this.#cameToItsEnd(event.pattern);
      case "ended":
        if (event.group !== undefined || !this.#pending.has(event.pattern)) return;
        this.#failure ??= new RunError(`${event.pattern} has not come to its end: ${event.reason}`);
        return this.#cameToItsEnd(event.pattern);
      case "live":
      case "end":
        return this.#cameToItsEnd(event.pattern);
    }
  };

  #cameToItsEnd(pattern: string): void {
    this.#pending.delete(pattern);
    this.#tellWhenOver();
  }

  #tellWhenOver(): void {
    if (!this.ended) return;
    if (this.#failure === undefined) this.#over.resolve();
    else this.#over.reject(this.#failure);
  }
}

function aheadText({ pattern, last }: Extract<ConnectionEvent, { type: "ahead" }>, from: Start): string {
  const stored = last === 0 ? "none is stored there" : `the last one there is ${last}`;
  return `there is no message ${from} of ${quote(pattern)}: ${stored}${secondsHint(from)}`;
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
  keep(stored: number, signal: AbortSignal): Promise<boolean> {
    return pause(this.wait(stored, performance.now()), signal);
  }
}
