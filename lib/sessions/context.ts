/**
 * What a handler sees of its session.
 *
 * @module
 */
import type { Grant } from "../auth/grant.ts";
import type { Engine } from "../engine/types.ts";
import type { Entrance } from "./admission/entrance.ts";
import type { Limits } from "../limits.ts";
import type { Protocol, Refusal } from "../protocols/types.ts";
import type { Memberships } from "./memberships.ts";
import type { Ticket } from "./ticket.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** What a connection may be used for: it depends on the listener it came in by. */
export type Role = "publisher" | "subscriber";

/** The state of one connection that requests read and change. */
export interface Context {
  readonly roles: ReadonlySet<Role>;
  /** Whether that is publishing, which is asked with each message. */
  readonly publishes: boolean;
  /** What it may do; undefined: it has not been let in. */
  readonly grant: Grant | undefined;
  /** Its way in; undefined: it needs none. */
  readonly entrance: Entrance | undefined;
  readonly engine: Engine;
  readonly limits: Limits;
  /** What it speaks. */
  readonly protocol: Protocol;
  readonly subscriptions: Subscriptions;
  readonly memberships: Memberships;
  /** The wall clock, milliseconds since 1970. */
  now(): number;
  /** What follows the current request is in another protocol. */
  speak(protocol: Protocol): void;
  /** No more requests are read after this one; what is queued still leaves. */
  quit(): void;
  /** The reply to this request takes work and comes later, in its place. */
  ask(): Ticket;
  /** As {@link ask}, of a request that begins in what is stored: those are answered in their order. */
  begin(): Ticket;
  /** The reply to so many requests comes later, in its place. */
  hold(count: number): Ticket;
  /** Answers a `ping`. */
  pong(): void;
}

/**
 * The answer to one request: a refusal; `ok`, which the session counts and writes; or nothing, when it is
 * answered already.
 */
export type Answer = Refusal | "ok" | "answered";
