/**
 * What comes out of a socket, for one reader after another.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { Socket } from "./socket.ts";

/** Stands for "nothing came in time". */
export const QUIET = Symbol("quiet");

/**
 * Reads of a socket that can be waited for with patience: a read that took too long is not lost, the next one
 * gets what it brings. That is how who says hello hands the connection on to who uses it.
 */
export class Incoming {
  readonly #socket: Socket;
  readonly #clock: Clock;
  #reading: Promise<Uint8Array | null> | undefined;
  #returned: Uint8Array | undefined;

  constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  /** The next bytes; null at the end. */
  read(): Promise<Uint8Array | null> {
    const returned = this.#returned;
    if (returned !== undefined) {
      this.#returned = undefined;
      return Promise.resolve(returned);
    }
    const reading = this.#reading;
    this.#reading = undefined;
    return reading ?? this.#socket.read();
  }

  /** The next bytes, if they come within so many milliseconds; `Infinity`: whenever they come. */
  async readWithin(ms: number): Promise<Uint8Array | null | typeof QUIET> {
    const reading = this.read();
    if (ms === Infinity) return await reading;
    const { promise: late, resolve } = Promise.withResolvers<typeof QUIET>();
    const timer = this.#clock.after(ms, () => resolve(QUIET));
    try {
      const read = await Promise.race([reading, late]);
      if (read !== QUIET) return read;
      reading.catch(() => {}); // told to who reads next, if anyone does
      this.#reading = reading;
      return QUIET;
    } finally {
      this.#clock.cancel(timer);
    }
  }

  /** Gives bytes back: the next read gets them. */
  unread(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#returned = bytes;
  }
}
