/**
 * What a session begins with, and how it ends.
 *
 * @module
 */
import type { Grant } from "../auth/grant.ts";
import type { Listener } from "./listener.ts";
import type { Outbox } from "./outbox/outbox.ts";

/** What a session begins with. */
export interface SessionOptions {
  /** What it comes in by. */
  readonly listener: Listener;
  readonly outbox: Outbox;
  /** Where it comes from, without a port. */
  readonly address: string;
  /** What it may do, where that is known before it says anything. */
  readonly grant?: Grant | undefined;
}

/** Why a session reads no more. */
export type SessionEnd = "quit" | "protocol error" | "not let in" | "TLS on a port without";
