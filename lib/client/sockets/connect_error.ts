/**
 * Why there is no connection, and what went wrong with one, in words.
 *
 * @module
 */
import { quote } from "../../text.ts";
import { HandshakeFailed, wordsOf } from "./handshake_failed.ts";
import type { SocketAddress } from "./socket.ts";

/** Why there is no connection. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
  /**
   * Whether another try in the next seconds could only give the same: a host that does not exist, a local
   * port taken.
   */
  readonly permanent: boolean;
  /** Whether somebody accepted a connection and did not serve it; what was said instead, if anything. */
  readonly accepted: boolean;
  readonly turnedAway: string | undefined;

  constructor(
    reason: string,
    { permanent = false, accepted = false, turnedAway }: {
      readonly permanent?: boolean;
      readonly accepted?: boolean;
      readonly turnedAway?: string;
    } = {},
  ) {
    super(reason);
    this.permanent = permanent;
    this.accepted = accepted || turnedAway !== undefined;
    this.turnedAway = turnedAway;
  }
}

/** The error for what was thrown where a socket was to be opened. */
export function connectErrorOf(
  error: unknown,
  to: Pick<SocketAddress, "host" | "localPort" | "tls">,
): ConnectError {
  if (error instanceof ConnectError) return error;
  if (error instanceof HandshakeFailed && to.tls !== undefined) {
    const { reason, permanent } = wordsOf(error, to.tls);
    return new ConnectError(reason, { permanent, accepted: !permanent });
  }
  const { code, message } = facts(error);
  if (to.localPort !== undefined && (code === "EADDRINUSE" || code === "EADDRNOTAVAIL")) {
    return new ConnectError(
      `local port ${to.localPort} is in use, or was a minute ago: choose another or leave it out`,
      { permanent: true },
    );
  }
  if (to.localPort !== undefined && (code === "EACCES" || code === "EPERM")) {
    return new ConnectError(
      `local port ${to.localPort} may not be used by this user: choose one above 1023, or leave it out`,
      { permanent: true },
    );
  }
  if (code === "EAI_AGAIN" || message.includes("Temporary failure in name resolution")) {
    return new ConnectError(`the name ${quote(to.host)} cannot be looked up now`);
  }
  if (code === "ENOTFOUND" || message.includes("lookup address")) {
    return new ConnectError(`no host is called ${quote(to.host)}: check its name`, { permanent: true });
  }
  return new ConnectError(reasonOf(error));
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  ECONNABORTED: "connection aborted",
  EPIPE: "connection reset",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  EADDRNOTAVAIL: "no local port is free",
};

/** The last of them: inside TLS, a connection that ends without a word that it does. */
const RESETS = [Deno.errors.ConnectionReset, Deno.errors.BrokenPipe, Deno.errors.UnexpectedEof];

/** What went wrong with a socket, as a clause for a person. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.ConnectionRefused) return "connection refused";
  if (RESETS.some((type) => error instanceof type)) return "connection reset";
  const { code, message } = facts(error);
  return REASONS[code] ?? message.replace(/ \(os error \d+\)$/, "");
}

function facts(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: "", message: String(error) };
  return { code: "code" in error ? String(error.code) : "", message: error.message };
}
