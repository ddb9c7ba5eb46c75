/**
 * A connection as plain data.
 *
 * @module
 */
import type { MembershipSnapshot } from "./memberships.ts";
import type { SubscriptionSnapshot } from "./subscriptions.ts";

/** A connection as plain data. */
export interface ConnectionSnapshot {
  /** Counts connections, from 1. */
  readonly number: number;
  /** The name of what it came in by. */
  readonly listener: string;
  /** As it calls itself; empty before its first request. */
  readonly id: string;
  /** Whose it is; undefined: nobody's that is known, or there are no accounts. */
  readonly account: string | undefined;
  /** Where it comes from. */
  readonly address: string;
  /** What it speaks. */
  readonly protocol: string;
  /** Bytes that wait to be written to it. */
  readonly queued: number;
  /** Bytes that it takes to keep those: what --max-outbox bounds. */
  readonly held: number;
  /** Messages that were left out for it. */
  readonly dropped: number;
  /** Whether its outbox is full: what is published to it waits, is left out, or ends it. */
  readonly full: boolean;
  /**
   * Whether it is not read from, since a subscriber of what it publishes is full, or too much of what it
   * asked is unanswered or unread.
   */
  readonly waits: boolean;
  /** What it is subscribed to. */
  readonly subscriptions: readonly SubscriptionSnapshot[];
  /** Whose messages it shares with others. */
  readonly groups: readonly MembershipSnapshot[];
}

/** What is shown of one that has said nothing yet, and was told nothing. */
export function snapshotOfSilent(
  { number, address, listener: { name, protocol } }: {
    readonly number: number;
    readonly address: string;
    readonly listener: { readonly name: string; readonly protocol: { readonly name: string } };
  },
): ConnectionSnapshot {
  return {
    number,
    listener: name,
    id: "",
    account: undefined,
    address,
    protocol: protocol.name,
    queued: 0,
    held: 0,
    dropped: 0,
    full: false,
    waits: false,
    subscriptions: [],
    groups: [],
  };
}

/** What is shown of one. */
export function snapshotOf(
  { number, address, session, outbox }: {
    readonly number: number;
    readonly address: string;
    readonly session: Pick<ConnectionSnapshot, "id"> & {
      readonly listener: { readonly name: string };
      readonly protocol: { readonly name: string };
      readonly grant: { readonly account: string | undefined } | undefined;
      /** For whom it stands still. */
      readonly waitsFor: object | undefined;
      snapshot(): Pick<ConnectionSnapshot, "subscriptions" | "groups">;
    };
    readonly outbox: Pick<ConnectionSnapshot, "queued" | "held" | "dropped"> & {
      readonly aboveHighWater: boolean;
    };
  },
): ConnectionSnapshot {
  return {
    number,
    listener: session.listener.name,
    id: session.id,
    account: session.grant?.account,
    address,
    protocol: session.protocol.name,
    queued: outbox.queued,
    held: outbox.held,
    dropped: outbox.dropped,
    full: outbox.aboveHighWater,
    waits: session.waitsFor !== undefined || outbox.aboveHighWater,
    ...session.snapshot(),
  };
}
