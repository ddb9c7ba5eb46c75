/**
 * What comes out of a socket, for one reader after another.
 *
 * @module
 */
import type { Socket } from "./socket.ts";

/** Stands for "nothing came in time". */
export const QUIET = Symbol("quiet");

/**
 * Reads of a socket that can be waited for with patience: a read that took too long is not lost, the next one
 * gets what it brings. That is how who says hello hands the connection on to who uses it.
 */
export class Incoming {
  readonly #socket: Socket;
  #reading: Promise<Uint8Array | null> | undefined;
  #returned: Uint8Array | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
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
    const timer = setTimeout(() => resolve(QUIET), ms);
    try {
      const read = await Promise.race([reading, late]);
      if (read !== QUIET) return read;
      reading.catch(() => {}); // told to who reads next, if anyone does
      this.#reading = reading;
      return QUIET;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Gives bytes back: the next read gets them. */
  unread(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#returned = bytes;
  }
}
