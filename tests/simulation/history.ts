/**
 * What was sent and what came of it, as those who sent and got it saw it.
 *
 * @module
 */
import type { SubscriptionPlan } from "./plan.ts";

/** A message on its way. */
export interface Sent {
  readonly publisher: string;
  readonly number: number;
  readonly topic: string;
  readonly text: string;
  readonly at: number;
  readonly ttl: number | undefined;
  /** Its id is that of another message, which may have been stored in its place. */
  readonly repeats: Sent | undefined;
  /** How often its publisher had lost its connection by then. */
  readonly losses: number;
  ackedAt?: number;
  seq?: number;
  level?: string;
  subs?: number;
  /** What it was refused with, or why it was given up. */
  failed?: string;
}

/** What a subscriber was given, or told. */
export type Got =
  | {
    readonly is: "message";
    readonly at: number;
    readonly topic: string;
    readonly text: string;
    readonly seq: number | undefined;
  }
  | { readonly is: "gap"; readonly at: number; readonly pattern: string; readonly missed: number }
  | { readonly is: "lost" | "restored"; readonly at: number }
  | { readonly is: "live" | "end" | "failed" | "trimmed"; readonly at: number; readonly pattern: string };

export interface SubscriptionRecord {
  readonly plan: SubscriptionPlan;
  readonly askedAt: number;
  okAt?: number;
  refused?: string;
  endedAt?: number;
}

export interface SubscriberRecord {
  readonly name: string;
  readonly protocol: string;
  readonly got: Got[];
  readonly subscriptions: SubscriptionRecord[];
  over?: string;
}

/** One stored message, as a reader found it. */
export interface Found {
  readonly topic: string;
  readonly seq: number;
  readonly text: string;
}

export interface PublisherRecord {
  readonly name: string;
  readonly protocol: string;
  readonly sent: Sent[];
  losses: number;
  over?: string;
}

export class History {
  readonly publishers: PublisherRecord[] = [];
  readonly subscribers: SubscriberRecord[] = [];
  /** By text. */
  readonly byText = new Map<string, Sent>();
  /** What was stored when all was over, in the order of the commits. */
  stored: readonly Found[] = [];
  /** When brokers began to be there. */
  readonly starts: number[] = [];
  /** Clients of which a broker gave up a connection that took nothing, by name. */
  readonly stalled = new Set<string>();
}
