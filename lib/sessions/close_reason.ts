/**
 * How connections end.
 *
 * @module
 */
import type { LobbyEnd } from "./admission/lobby.ts";
import type { Eviction } from "./outbox/outbox.ts";
import type { SessionEnd } from "./session_options.ts";

/** Every way a connection ends. */
export type CloseReason =
  | SessionEnd
  | "end of input"
  | "connection lost"
  | "drained"
  | "drain timeout"
  | "closed"
  | "internal error"
  | "unfinished request"
  | LobbyEnd
  | "account full"
  | "made room"
  | "account gone"
  | "disconnected"
  | Eviction;

/** The log's level and event for it. */
export function closingEvent(reason: CloseReason): ["warn" | "debug", string] {
  if (reason === "stalled" || reason === "outbox full") return ["warn", "slow consumer disconnected"];
  return [reason === "drain timeout" ? "warn" : "debug", "connection closed"];
}
