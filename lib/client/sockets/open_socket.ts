/**
 * A TCP connection to a broker: `Deno.connect`, or `node:net` where it has to leave from a given local port,
 * which `Deno.connect` cannot do. Both behind {@link Socket}.
 *
 * @module
 */
import { connectFromAnyPort } from "./any_port_socket.ts";
import { ConnectError, connectErrorOf } from "./connect_error.ts";
import { connectFromPort } from "./fixed_port_socket.ts";
import type { Socket, SocketAddress } from "./socket.ts";

/**
 * Connects once. Rejects with ConnectError, or with the signal's reason. `within` is in milliseconds.
 */
export async function openSocket(
  to: SocketAddress,
  { within, signal }: { readonly within: number; readonly signal: AbortSignal },
): Promise<Socket> {
  signal.throwIfAborted();
  const attempt = new AbortController();
  const abort = (): void => attempt.abort(signal.reason);
  signal.addEventListener("abort", abort);
  const timer = setTimeout(() => {
    attempt.abort(new ConnectError(`no answer within ${Math.round(within)} ms`));
  }, within);
  try {
    return to.localPort === undefined
      ? await connectFromAnyPort(to, attempt.signal)
      : await connectFromPort(to, { localPort: to.localPort, signal: attempt.signal });
  } catch (error) {
    if (attempt.signal.aborted) throw attempt.signal.reason;
    throw connectErrorOf(error, to);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
