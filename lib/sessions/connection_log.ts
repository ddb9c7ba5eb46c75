/**
 * What a connection has logged.
 *
 * @module
 */
import type { Log, LogFields } from "../log.ts";
import { type CloseReason, closingEvent } from "./close_reason.ts";
import { isConnectionError } from "./connection_errors.ts";
import type { Outbox } from "./outbox/outbox.ts";
import type { Session } from "./session.ts";

/** Of whom something is logged. */
export interface Logged {
  readonly number: number;
  readonly address: string;
  readonly session: Pick<Session, "id" | "listener">;
  readonly outbox: Outbox;
}

/** It is over. */
export function logClosed(log: Log, connection: Logged, reason: CloseReason): void {
  const [level, event] = closingEvent(reason);
  log[level](event, { ...fieldsOf(connection), reason, dropped: connection.outbox.dropped });
}

/** One is over that has said nothing. */
export function logSilentClosed(
  log: Log,
  { number, address, listener }: Pick<Logged, "number" | "address"> & Pick<Session, "listener">,
  reason: CloseReason,
): void {
  const [level, event] = closingEvent(reason);
  log[level](event, { ...fieldsOf({ number, address, session: { id: "", listener } }), reason, dropped: 0 });
}

/** Messages begin to be left out for it, or fit again. */
export function logDropping(log: Log, connection: Logged, dropping: boolean): void {
  const { dropped, queued, held } = connection.outbox;
  const fields = { ...fieldsOf(connection), dropped, queued, held };
  if (dropping) log.warn("slow consumer: messages are left out", fields);
  else log.info("slow consumer caught up", fields);
}

/** What ended it, and what that is called. */
export function logFailed(
  log: Log,
  { number }: Logged,
  error: unknown,
): "connection lost" | "internal error" {
  if (isConnectionError(error)) {
    log.debug("connection error", { connection: number, error: String(error) });
    return "connection lost";
  }
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  log.error("internal error", { connection: number, error: text });
  return "internal error";
}

function fieldsOf({ number, address, session }: Omit<Logged, "outbox">): LogFields {
  return { connection: number, listener: session.listener.name, id: session.id, address };
}
