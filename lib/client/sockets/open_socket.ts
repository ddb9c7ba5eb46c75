/**
 * A TCP connection to a broker: `Deno.connect`, or `node:net` where it has to leave from a given local port,
 * which `Deno.connect` cannot do. Both behind {@link Socket}, and which of them it is behind {@link Host}.
 *
 * @module
 */
import type { Host } from "../host.ts";
import { ConnectError, connectErrorOf } from "./connect_error.ts";
import type { Socket, SocketAddress } from "./socket.ts";

/**
 * Connects once. Rejects with ConnectError, or with the signal's reason. `within` is in milliseconds.
 */
export async function openSocket(
  to: SocketAddress,
  { host, within, signal }: { readonly host: Host; readonly within: number; readonly signal: AbortSignal },
): Promise<Socket> {
  signal.throwIfAborted();
  const attempt = new AbortController();
  const abort = (): void => attempt.abort(signal.reason);
  signal.addEventListener("abort", abort);
  const timer = host.clock.after(within, () => {
    attempt.abort(new ConnectError(`no answer within ${Math.round(within)} ms`));
  });
  try {
    return await host.connect(to, attempt.signal);
  } catch (error) {
    if (attempt.signal.aborted) throw attempt.signal.reason;
    throw connectErrorOf(error, to);
  } finally {
    host.clock.cancel(timer);
    signal.removeEventListener("abort", abort);
  }
}
