/**
 * TLS over a socket of `node:net`.
 *
 * @module
 */
import { isIP, type Socket as NodeSocket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { HandshakeFailed } from "./handshake_failed.ts";
import type { ClientTls } from "./socket.ts";

/** Shakes hands. Rejects with HandshakeFailed, or with the signal's reason; the socket is closed then. */
export function startNodeTls(
  socket: NodeSocket,
  { tls, signal }: { readonly tls: ClientTls; readonly signal: AbortSignal },
): Promise<TLSSocket> {
  const { serverName, ca } = tls;
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const secured = connect({
    socket,
    host: serverName,
    // an address is no name that is asked for, and its certificate is checked all the same
    servername: isIP(serverName) === 0 ? serverName : "",
    // they take the place of the runtime's, which may be asked for only by who may do everything
    ...(ca.length === 0 ? {} : { ca: [...ca] }),
  });
  const fail = (error: unknown): void => {
    secured.destroy();
    reject(signal.aborted ? signal.reason : new HandshakeFailed(error));
  };
  const abort = (): void => fail(signal.reason);
  signal.addEventListener("abort", abort);
  secured.once("error", fail);
  // a failure behind it ends the socket, too
  secured.once("secureConnect", () => resolve(secured));
  return promise.finally(() => signal.removeEventListener("abort", abort));
}
