/**
 * What a link stands on: a socket in memory, whose bytes a test hands over.
 *
 * @module
 */
import type { Socket } from "../../../lib/client/sockets/socket.ts";
import { settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";

/** Nothing comes and nothing ends but by the test. */
export class HandedSocket implements Socket {
  readonly localPort: number;
  closed = false;
  /** Nothing more is said. */
  halfClosed = false;
  /** What writing fails with from now on. */
  failure: Error | undefined;
  #said = "";
  #saidMore = Promise.withResolvers<void>();
  readonly #handed: (Uint8Array | Error | null)[] = [];
  #reading: PromiseWithResolvers<Uint8Array | null> | undefined;

  constructor(localPort = 1) {
    this.localPort = localPort;
  }

  /** This comes, in one read; null: the end. */
  come(text: string | null): void {
    this.#handed.push(text === null ? null : new TextEncoder().encode(text));
    this.#handOver();
  }

  /** Reading fails with this from now on. */
  break(error: Error): void {
    this.#handed.push(error);
    this.#handOver();
  }

  /** All that was written since the last time, which has to be this; nothing: also when all has settled. */
  async says(text: string): Promise<void> {
    if (text === "") await settled();
    while (this.#said.length < text.length) {
      const more = this.#saidMore.promise;
      await within(() => `${JSON.stringify(text)} (${JSON.stringify(this.#said)} was said)`, more);
    }
    const said = this.#said;
    this.#said = "";
    if (said !== text) throw new Error(`${JSON.stringify(said)} was said, not ${JSON.stringify(text)}`);
  }

  read(): Promise<Uint8Array | null> {
    if (this.#reading !== undefined) return Promise.reject(new TypeError("one read at a time"));
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
    this.halfClosed = true;
    return Promise.resolve();
  }

  close(): void {
    this.closed = true;
    this.come(null);
  }

  #handOver(): void {
    if (this.#reading === undefined || this.#handed.length === 0) return;
    const next = this.#handed[0]!;
    // what has ended stays so
    if (next instanceof Uint8Array) this.#handed.shift();
    if (next instanceof Error) this.#reading.reject(next);
    else this.#reading.resolve(next);
    this.#reading = undefined;
  }
}
