/**
 * One listening socket and what it accepts.
 *
 * @module
 */
import { RunError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Port } from "./context.ts";

/** How long an accept that failed for want of file descriptors waits before the next, milliseconds. */
const ACCEPT_BACKOFF_LEAST_MS = 10;
const ACCEPT_BACKOFF_MOST_MS = 1000;

/** Where to listen. */
export interface ListenOptions {
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly kind: Port;
  /** The option a person would change the port with, for the error message. */
  readonly flag: string;
}

/** Listens, or says in one line why it cannot. */
export function listen(options: ListenOptions): Deno.TcpListener {
  const { hostname, port, flag } = options;
  try {
    return Deno.listen({ hostname, port });
  } catch (error) {
    const where = `${hostname}:${port}`;
    if (error instanceof Deno.errors.AddrInUse) {
      throw new RunError(
        `${where} is in use: stop the program that has it, or choose another port with ${flag} (0 takes a free one)`,
      );
    }
    if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
      throw new RunError(`may not listen on ${where}: choose a port from 1024 up with ${flag}`);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new RunError(
      `cannot listen on ${where} (${reason}): choose an address of this machine with --host`,
    );
  }
}

/** Accepts until the listener is closed. Failing to accept is survived: connections that are there go on. */
export async function acceptAll(
  listener: Deno.TcpListener,
  options: {
    readonly log: Log;
    readonly kind: Port;
    readonly onConnection: (connection: Deno.TcpConn) => void;
  },
): Promise<void> {
  const { log, kind, onConnection } = options;
  let backoff = ACCEPT_BACKOFF_LEAST_MS;
  for (;;) {
    try {
      onConnection(await listener.accept());
      backoff = ACCEPT_BACKOFF_LEAST_MS;
    } catch (error) {
      // closed by drain
      if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return;
      log.error("cannot accept", { port: kind, error: String(error), retryMs: backoff });
      await new Promise((resolve) => setTimeout(resolve, backoff));
      backoff = Math.min(2 * backoff, ACCEPT_BACKOFF_MOST_MS);
    }
  }
}
