/**
 * Bounds of what is on its way to or from JetStream.
 *
 * @module
 */

/** Bytes and messages that were published and are not acknowledged yet: beyond it publishers wait. */
export const SENT_BYTES_MOST = 4 * 1024 * 1024;
export const SENT_MOST = 8192;
/**
 * A message that has no answer is sent once more after so long in which none came, or only such as were sent
 * behind it; and refused after so long. Milliseconds.
 */
export const RESEND_MS = 5_000;
export const PATIENCE_MS = 15_000;
/** What NATS refuses for the moment is sent once more after so long, milliseconds. */
export const AGAIN_MS = 250;

/** Messages and bytes that are asked for at a time. */
export const ASK_MOST = 512;
export const ASK_BYTES = 1024 * 1024;

/** Milliseconds longer than a member may hold a message NATS waits: who holds it is told here first. */
export const ACK_WAIT_MORE_MS = 5_000;

/** What was asked of JetStream and could not be had is asked again after so long, milliseconds. */
export const RETRY_MS = 500;
