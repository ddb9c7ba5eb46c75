/**
 * What connections come in by: one listening socket and what it accepts.
 *
 * @module
 */
import { RunError } from "../errors.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Protocol } from "../protocols/types.ts";
import { ACCEPTED_A_ROUND, SELDOM_MS } from "../limits.ts";
import type { Role } from "./context.ts";
import { Seldom } from "../seldom.ts";
import { SpareDescriptor } from "./spare_descriptor.ts";
import type { TlsSource } from "./tls/types.ts";

/** What every connection that comes in by one way has in common. */
export interface Listener {
  /** As logs, snapshots and v2 clients are told. */
  readonly name: string;
  /** What may be done on it. */
  readonly roles: ReadonlySet<Role>;
  /**
   * What is spoken on it at first.
   *
   * @ignore
   */
  readonly protocol: Protocol;
}

/** A listening socket that is to be. */
export interface ListenSpec extends Listener {
  /** An address of this machine, or a name for one. */
  readonly hostname: string;
  /** TCP; 0 takes a free one. */
  readonly port: number;
  /** What a person would change the port with, for the error message: `-s`. */
  readonly flag?: string;
  /** Who connects speaks TLS and is shown this (plain text). */
  readonly tls?: TlsSource | undefined;
}

/** How long an accept that failed for want of file descriptors waits before the next, milliseconds. */
const ACCEPT_BACKOFF_LEAST_MS = 10;
const ACCEPT_BACKOFF_MOST_MS = 1000;

/** Listens. Throws RunError, which says in one line why it cannot. */
export function listen({ hostname, port, flag }: ListenSpec): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port });
  } catch (error) {
    const where = `${hostname}:${port}`;
    const by = flag === undefined ? "" : ` with ${flag}`;
    if (error instanceof Deno.errors.AddrInUse) {
      throw new RunError(
        `${where} is in use: stop the program that has it, or choose another port${by} (0 takes a free one)`,
      );
    }
    if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
      throw new RunError(`may not listen on ${where}: choose a port from 1024 up${by}`);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new RunError(
      `cannot listen on ${where} (${reason}): choose an address of this machine with --host`,
    );
  }
}

/**
 * Accepts until the socket is closed, a few at a time: `turned` resolves when others had their turn. Failing
 * to accept is survived: connections that are there go on, and for want of a descriptor who comes is turned
 * away by the one in reserve.
 */
export async function acceptAll(
  socket: Deno.TcpListener,
  options: {
    readonly log: Log;
    readonly clock: Clock;
    readonly name: string;
    readonly onConnection: (connection: Deno.TcpConn) => void;
    readonly turned: () => Promise<void>;
    /** There is no descriptor left to serve it: to be told so, and closed. */
    readonly turnAway: (connection: Deno.TcpConn) => Promise<void>;
    /** There is none left for who comes next, either. */
    readonly exhausted: () => void;
  },
): Promise<void> {
  const { log, clock, name, onConnection, turned, turnAway, exhausted } = options;
  const failures = new Seldom(SELDOM_MS);
  const spare = new SpareDescriptor();
  let backoff = ACCEPT_BACKOFF_LEAST_MS;
  const complain = (error: string): void => {
    failures.happened(clock.now(), (times) => {
      log.error("cannot accept", { listener: name, error, times });
    });
  };
  for (let accepted = 1;; accepted++) {
    try {
      const connection = await socket.accept();
      if (spare.take()) onConnection(connection);
      else {
        exhausted();
        complain("no file descriptor is left, who comes is turned away");
        await turnAway(connection);
        spare.take();
      }
      backoff = ACCEPT_BACKOFF_LEAST_MS;
      if (accepted % ACCEPTED_A_ROUND === 0) await turned();
    } catch (error) {
      // closed by drain
      if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) {
        spare.letGo();
        return;
      }
      if (spare.letGo()) continue;
      complain(String(error));
      await new Promise<void>((resolve) => clock.after(backoff, resolve));
      backoff = Math.min(2 * backoff, ACCEPT_BACKOFF_MOST_MS);
    }
  }
}
