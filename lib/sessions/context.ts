/**
 * What a handler sees of its session.
 *
 * @module
 */
import type { Engine } from "../engine/types.ts";
import type { Limits } from "../limits.ts";
import type { Lane } from "./lane.ts";
import type { Outbox } from "./outbox.ts";
import type { Ticket } from "./reply_queue.ts";
import type { Refusal } from "./refusal.ts";

/** Which of the two listeners a connection came in by: it says what may be asked on it. */
export type Port = "publishers" | "subscribers";

/** The state of one connection that requests read and change. */
export interface Context {
  readonly port: Port;
  readonly engine: Engine;
  readonly limits: Limits;
  /** Whether it speaks v2. */
  readonly upgraded: boolean;
  /** The wall clock, milliseconds since 1970. */
  now(): number;
  /** Where the messages of this connection's patterns go. */
  readonly outbox: Outbox;
  /** What this connection is subscribed to, in canonical form, and the lane each comes by. */
  readonly patterns: Map<string, Lane>;
  /** What follows the current request is v2. */
  upgrade(): void;
  /** No more requests are read after this one; what is queued still leaves. */
  quit(): void;
  /** The reply to the current request comes later, in its place. */
  hold(): Ticket;
  /** Answers a `ping`. */
  pong(): void;
}

/** The answer to one request: a refusal; `ok`, which the session counts and writes; or nothing, when it is answered already. */
export type Answer = Refusal | "ok" | "answered";
