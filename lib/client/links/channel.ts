/**
 * A socket in use: a loop that reads, writes one after another, and one end with one reason.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { reasonOf } from "../sockets/connect_error.ts";
import type { Incoming } from "../sockets/incoming.ts";
import type { Socket } from "../sockets/socket.ts";

/** How long what the broker may have said before it hung up is still read for, after a write has failed. */
const READ_AFTER_FAILURE_MS = 200;

/**
 * Who takes what comes. A promise: nothing more is read until it resolves. Throws RangeError for what cannot
 * be read.
 */
export type Receiver = (chunk: Uint8Array) => Promise<void> | undefined;

/**
 * Guarantees: {@link ended} resolves once, after everything that was read has been handed on; nothing here
 * rejects.
 */
export class Channel {
  /** Why it ended, a clause for a person. */
  readonly ended: Promise<string>;
  readonly #socket: Socket;
  readonly #clock: Clock;
  #writing: Promise<void> = Promise.resolve();
  #failure: string | undefined;
  #over = false;
  /** Since when a read waits; undefined while none does. */
  #waitsSince: number | undefined;

  constructor(
    socket: Socket,
    { clock, incoming, receive }: {
      readonly clock: Clock;
      readonly incoming: Incoming;
      readonly receive: Receiver;
    },
  ) {
    this.#socket = socket;
    this.#clock = clock;
    // the first read begins when who made this has set up what it needs
    this.ended = Promise.resolve().then(() => this.#readToTheEnd(incoming, receive));
  }

  get over(): boolean {
    return this.#over;
  }

  /** Milliseconds for which nothing has come although it was waited for. */
  get silence(): number {
    return this.#waitsSince === undefined ? 0 : this.#clock.now() - this.#waitsSince;
  }

  /** Writes after what is being written; resolves when it is done or never will be. */
  write(bytes: Uint8Array): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write(bytes));
    return this.#writing;
  }

  /** Ends it; `reason` is why, where the socket would not say. */
  close(reason?: string): void {
    this.#failure ??= reason;
    this.#socket.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#over || this.#failure !== undefined) return;
    try {
      await this.#socket.write(bytes);
    } catch (error) {
      if (this.#over) return;
      this.#failure ??= reasonOf(error);
      const timer = this.#clock.after(READ_AFTER_FAILURE_MS, () => this.#socket.close());
      this.ended.then(() => this.#clock.cancel(timer));
    }
  }

  async #readToTheEnd(incoming: Incoming, receive: Receiver): Promise<string> {
    const reason = await this.#read(incoming, receive);
    this.#over = true;
    this.#waitsSince = undefined;
    this.#socket.close();
    return this.#failure ?? reason;
  }

  async #read(incoming: Incoming, receive: Receiver): Promise<string> {
    try {
      for (;;) {
        this.#waitsSince = this.#clock.now();
        const chunk = await incoming.read();
        this.#waitsSince = undefined;
        if (chunk === null) return "the broker closed the connection";
        const held = receive(chunk);
        if (held !== undefined) await held;
      }
    } catch (error) {
      return error instanceof RangeError ? error.message : reasonOf(error);
    }
  }
}
