/**
 * Which errors of a socket are the other side's going away.
 *
 * @module
 */

/** The other side went away, or we closed under a read or a write: nothing to be alarmed about. */
export function isConnectionError(error: unknown): boolean {
  return CONNECTION_ERRORS.some((kind) => error instanceof kind);
}

const CONNECTION_ERRORS = [
  Deno.errors.ConnectionReset,
  Deno.errors.ConnectionAborted,
  Deno.errors.BrokenPipe,
  Deno.errors.NotConnected,
  Deno.errors.TimedOut,
  Deno.errors.UnexpectedEof,
  Deno.errors.Interrupted,
  Deno.errors.BadResource,
];
