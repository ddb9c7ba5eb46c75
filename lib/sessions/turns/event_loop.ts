/**
 * The event loop of this process, for {@link import("./turns.ts").Turns}.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { OwnedLoop } from "./turns.ts";

/**
 * Tells when the runtime has looked at its sockets. An immediate does not: the runtime looks at them when it
 * has nothing to do, or at last each 61st time (Tokio's event interval), and a loop that gives itself an
 * immediate always has something to do. A byte that goes through a socket to ourselves comes back with the
 * events of all that were ready before it, for some 15 microseconds; so many immediates, which stand in for
 * it until it is connected and where it cannot be, are five times as much.
 */
export class ProcessLoop implements OwnedLoop {
  readonly #byte = new Uint8Array(1);
  #there: Deno.TcpConn | undefined;
  #back: Deno.TcpConn | undefined;
  #closed = false;

  now(): number {
    return performance.now();
  }

  later(callback: () => void): void {
    const there = this.#there;
    const back = this.#back;
    if (there === undefined || back === undefined) return afterImmediates(callback);
    Promise.all([back.read(this.#byte), there.write(this.#byte)]).then(callback, () => {
      this.#drop();
      afterImmediates(callback);
    });
  }

  /** Connects the socket to itself; it keeps no process alive. */
  async open(): Promise<void> {
    if (this.#there !== undefined) return;
    try {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const [there, back] = await Promise.all([
        Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
        listener.accept(),
      ]);
      this.#there = there;
      this.#back = back;
      // somebody else may have been first
      if (back.remoteAddr.port !== there.localAddr.port || this.#closed) return this.#drop();
      there.setNoDelay(true);
      back.unref();
    } catch {
      // no loopback, or no descriptor left: immediates do
      this.#drop();
    }
  }

  close(): void {
    this.#closed = true;
    this.#drop();
  }

  #drop(): void {
    for (const end of [this.#there, this.#back]) {
      try {
        end?.close();
      } catch {
        // it is closed
      }
    }
    this.#there = this.#back = undefined;
  }
}

/** So many that the runtime has looked at its sockets in between. */
function afterImmediates(callback: () => void, left = TOKIO_EVENT_INTERVAL): void {
  setImmediate(left === 0 ? callback : () => afterImmediates(callback, left - 1));
}

const TOKIO_EVENT_INTERVAL = 61;
