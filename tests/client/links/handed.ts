/**
 * What a link stands on, in memory: a socket whose bytes a test hands over, and a clock that it moves.
 *
 * @module
 */
import type { Clock, Timer } from "../../../lib/clock.ts";
import type { Socket } from "../../../lib/client/sockets/socket.ts";
import { within } from "../../support/within.ts";

/** Nothing comes and nothing ends but by the test. */
export class HandedSocket implements Socket {
  readonly localPort = 1;
  closed = false;
  /** What writing fails with from now on. */
  failure: Error | undefined;
  #said = "";
  #saidMore = Promise.withResolvers<void>();
  readonly #handed: (Uint8Array | null)[] = [];
  #reading: PromiseWithResolvers<Uint8Array | null> | undefined;

  /** This comes, in one read; null: the end. */
  come(text: string | null): void {
    this.#handed.push(text === null ? null : new TextEncoder().encode(text));
    this.#handOver();
  }

  /** All that was written since the last time, which has to be this. */
  async says(text: string): Promise<void> {
    while (this.#said.length < text.length) {
      const more = this.#saidMore.promise;
      await within(() => `${JSON.stringify(text)} (${JSON.stringify(this.#said)} was said)`, more);
    }
    const said = this.#said;
    this.#said = "";
    if (said !== text) throw new Error(`${JSON.stringify(said)} was said, not ${JSON.stringify(text)}`);
  }

  read(): Promise<Uint8Array | null> {
    this.#reading = Promise.withResolvers();
    const { promise } = this.#reading;
    this.#handOver();
    return promise;
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.#said += new TextDecoder().decode(bytes);
    this.#saidMore.resolve();
    this.#saidMore = Promise.withResolvers();
    return Promise.resolve();
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.closed = true;
    this.come(null);
  }

  #handOver(): void {
    if (this.#reading === undefined || this.#handed.length === 0) return;
    this.#reading.resolve(this.#handed.shift()!);
    this.#reading = undefined;
  }
}

/** Time passes when the test says so. */
export class HandedClock implements Clock {
  #now = 1000;
  #last = 0;
  readonly #timers = new Map<number, { readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): Timer {
    this.#timers.set(++this.#last, { at: this.#now + ms, callback });
    return this.#last;
  }

  every(): Timer {
    throw new TypeError("a link sets no such timer");
  }

  cancel(timer: Timer | undefined): void {
    this.#timers.delete(Number(timer));
  }

  /** In how many milliseconds each timer goes off that is set. */
  get set(): number[] {
    return [...this.#timers.values()].map(({ at }) => at - this.#now).sort((one, other) => one - other);
  }

  /** So much time passes, behind all that is under way. */
  async pass(ms: number): Promise<void> {
    await settled();
    const end = this.#now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end)
        .sort(([, one], [, other]) => one.at - other.at)[0];
      if (due === undefined) break;
      const [timer, { at, callback }] = due;
      this.#timers.delete(timer);
      this.#now = at;
      callback();
      await settled();
    }
    this.#now = end;
  }
}

/** Resolves behind all that follows from what has happened, as far as nothing outside is waited for. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
