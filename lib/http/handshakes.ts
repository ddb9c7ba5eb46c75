/**
 * Handshakes of TLS with the port that come to nothing, as the log tells them.
 *
 * @module
 */
import type { Socket } from "node:net";
import { SELDOM_MS } from "../limits.ts";
import type { Log, LogFields } from "../log.ts";
import { Seldom } from "../seldom.ts";

/** What Node says of bytes that are no TLS. */
const PLAIN: ReadonlySet<string | undefined> = new Set([
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_HTTP_REQUEST",
]);

/** Guarantee: of those that go wrong alike one is told at once, then at most one each {@link SELDOM_MS}. */
export class FailedHandshakes {
  readonly #log: Log;
  readonly #plain = new Seldom(SELDOM_MS);
  readonly #failures = new Seldom(SELDOM_MS);

  constructor(log: Log) {
    this.#log = log;
  }

  /** One came to nothing; nobody hears an answer. */
  failed(error: Error & { readonly code?: string }, socket: Socket): void {
    const fields: LogFields = { listener: "http", address: addressOf(socket) };
    const now = performance.now();
    if (error.code === "ECONNRESET") {
      // what looks whether a port is open does that all day
      this.#log.debug("TLS: gone before the handshake", fields);
    } else if (PLAIN.has(error.code)) {
      this.#plain.happened(now, (times) => {
        this.#log.warn("plain text on a port with TLS: connect with https", { ...fields, times });
      });
    } else {
      this.#failures.happened(now, (times) => {
        this.#log.warn("TLS handshake failed", { ...fields, reason: error.message, times });
      });
    }
    socket.destroy();
  }
}

/** Where it comes from; by now its own socket does not say so any more, but what that was made of does. */
function addressOf(socket: Socket & { readonly _parent?: Socket }): string | undefined {
  const { remoteAddress, remotePort } = socket._parent ?? socket;
  return remoteAddress === undefined ? undefined : `${remoteAddress}:${remotePort}`;
}
