/**
 * What a seed decides: who there is, what they do, and what goes wrong. `drawing.ts` draws it.
 *
 * Who adds something that happens in worlds adds it here, draws it there from a stream of its own, lets
 * `shrink.ts` leave it out, and names the states it has to come to in `states.ts`.
 *
 * @module
 */
import type { RetentionRules } from "../../lib/store/types.ts";
import type { SlowPolicy } from "../../lib/slow_policy.ts";
import type { Rules } from "../support/accounts.ts";
import type { DiskWeather } from "./world/disk.ts";
import type { Weather } from "./world/network.ts";

/** What can go wrong. */
export const FAULTS = [
  "kill the broker",
  "drain the broker",
  "freeze the broker",
  "jump the clock",
  "reset a connection",
  "cut a cable",
  "stall a connection",
  "fill the disk",
  "hang the disk",
] as const;
export type FaultKind = typeof FAULTS[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Milliseconds from the beginning. */
  readonly at: number;
  readonly ms: number;
}

export interface PublisherPlan {
  readonly name: string;
  readonly protocol: "2" | "classic" | "auto";
  readonly topics: readonly string[];
  readonly messages: number;
  /** Milliseconds between two bursts, typically, and messages in one at most. */
  readonly every: number;
  readonly burst: number;
  readonly bytes: number;
  /** How many of them have a ttl, fields that travel with them, or the id of one before. */
  readonly ttl: number;
  readonly fields: number;
  readonly repeats: number;
  /** How many of those to stored topics are to come later. */
  readonly delays: number;
  /** How many keys they have between them; 0: none. */
  readonly keys: number;
}

export interface SubscriptionPlan {
  readonly pattern: string;
  readonly at: number;
  readonly from?: "earliest" | "latest" | `-${number}` | number;
  readonly to?: number;
  readonly slow?: SlowPolicy;
  /** When it is taken back. */
  readonly until?: number;
}

export interface SubscriberPlan {
  readonly name: string;
  readonly protocol: "2" | "classic" | "auto";
  readonly subscriptions: readonly SubscriptionPlan[];
  /** Milliseconds it thinks over a message, and when it stops reading for a while. */
  readonly thinks: number;
  readonly sleeps?: { readonly at: number; readonly ms: number };
}

/** A place in a group. */
export interface JoinPlan {
  readonly group: string;
  readonly pattern: string;
  readonly window: number;
  /** Of what is stored; undefined: auto. All members of a group have the same. */
  readonly ack?: "explicit";
  readonly from?: "earliest";
  /** As {@link ack}. */
  readonly by?: "key";
  /** Another window, so many milliseconds later. */
  readonly later?: { readonly ms: number; readonly window: number };
}

/** One process of a member. */
export interface LifePlan {
  readonly at: number;
  /** Milliseconds it lives; undefined: to the end. */
  readonly ms?: number;
  readonly ends: "leaves" | "closes" | "is killed";
}

export interface MemberPlan {
  readonly name: string;
  readonly joins: readonly JoinPlan[];
  readonly lives: readonly LifePlan[];
  /** How often it gives back what it has to settle, forgets it, or takes longer. */
  readonly worries: { readonly nack: number; readonly forgets: number; readonly late: number };
  /** As {@link SubscriberPlan}. */
  readonly thinks: number;
  readonly sleeps?: { readonly at: number; readonly ms: number };
}

/** What an account may do from then on. */
export interface RightsPlan {
  readonly at: number;
  readonly receive: Rules;
  readonly publish: Rules;
  /** There is no such account. */
  readonly gone: boolean;
}

/** Who has an account, whose rights change: what it may not do it asks for all the same. */
export interface GuestPlan {
  readonly name: string;
  readonly protocol: "2" | "classic";
  /** Those it begins with come first. */
  readonly rights: readonly RightsPlan[];
  readonly subscriptions: readonly SubscriptionPlan[];
  /** It is the only one in these. */
  readonly joins: readonly Pick<JoinPlan, "group" | "pattern" | "from">[];
  readonly publishes: PublisherPlan;
  /** Messages that its account may publish in a second; undefined: as many as it can. */
  readonly rate: number | undefined;
}

/** Those of `careless.ts` come first: what they are answered is known beforehand. */
export const HOSTILITIES = [
  "makes mistakes",
  "makes mistakes in classic",
  "subscribes with mistakes",
  "garbage",
  "never reads",
  "dribbles",
  "floods",
  "sub and unsub",
] as const;
export type Hostility = typeof HOSTILITIES[number];

export interface HostilePlan {
  readonly name: string;
  readonly kind: Hostility;
  readonly at: number;
}

/** What a world is about: so that what has to come together for something does so now and then. */
export type Theme =
  | "anything"
  | "ids"
  | "retention"
  | "replays"
  | "followers"
  | "outboxes"
  | "hostility"
  | "groups"
  | "queues";

/** All of it. */
export interface Plan {
  readonly theme: Theme;
  /** Milliseconds until everything is healed. */
  readonly length: number;
  readonly durable: boolean;
  /** It is the real SQL that stores, not a model of a log. */
  readonly sql: boolean;
  readonly retain: RetentionRules;
  readonly dedupWindow: number;
  readonly outbox: number;
  /** Bytes that all connections together may make the broker keep; undefined: as many as by default. */
  readonly memory: number | undefined;
  /** What happens to who is slow and chose nothing. */
  readonly slowConsumer: SlowPolicy;
  /** Bytes a payload may have, and a line. */
  readonly payload: number;
  readonly line: number;
  readonly stallTimeout: number;
  readonly ackTimeout: number;
  readonly maxAttempts: number;
  readonly weather: Weather;
  readonly disk: DiskWeather;
  readonly publishers: readonly PublisherPlan[];
  readonly subscribers: readonly SubscriberPlan[];
  readonly members: readonly MemberPlan[];
  readonly guests: readonly GuestPlan[];
  readonly hostile: readonly HostilePlan[];
  readonly faults: readonly Fault[];
}

/** Whether something that was stored may be deleted. */
export function isRetained({ retain: { age, bytes, overrides = [] } }: Plan): boolean {
  return age !== undefined || bytes !== undefined || overrides.length > 0;
}

/** Whether nothing goes wrong by itself. */
export function isCalm({ faults, disk, weather, memory }: Plan): boolean {
  return faults.length === 0 && disk.refusals + disk.losses + weather.refusals === 0 && memory === undefined;
}

/** Whether nobody sets the broker's clock. */
export function goesRight({ faults }: Plan): boolean {
  return !faults.some(({ kind }) => kind === "jump the clock");
}

/** Whether a commit may be refused. */
export function mayRefuse({ disk, faults }: Plan): boolean {
  return disk.refusals > 0 || faults.some(({ kind }) => kind === "fill the disk");
}
