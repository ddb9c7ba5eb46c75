/**
 * What was sent and what came of it, as those who sent and got it saw it.
 *
 * @module
 */
import type { JoinPlan, SubscriptionPlan } from "./plan.ts";

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
  /** Its id, if it was given one. */
  readonly id: string | undefined;
  /** Its key, where it surely has one or none. */
  readonly key?: string | undefined;
  /** It is to come so many milliseconds behind its coming to the broker, or at a time of the world. */
  readonly later?: { readonly delay: number } | { readonly at: number } | undefined;
  /** What travels with it, as {@link fieldsOf} has it. */
  readonly fields: string;
  /** When it was acknowledged, and when that or something else was said about it. */
  ackedAt?: number;
  answeredAt?: number;
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

/** A member of groups, as long as one process of it lived. */
export interface MemberRecord {
  readonly name: string;
  readonly joins: {
    readonly plan: JoinPlan;
    readonly askedAt: number;
    okAt?: number;
    refused?: string;
    /** When it said that it leaves, or could say nothing any more. */
    endedAt?: number;
  }[];
  readonly got: SharedGot[];
  /** Its connections, as they were listened on. */
  readonly lines: Line[];
  /** When something that it had been given may have been lost with it. */
  readonly losses: { readonly at: number; readonly how: "lost" | "closes" | "is killed" }[];
  over?: string;
}

/** One connection of a member. */
export interface Line {
  readonly member: string;
  readonly beganAt: number;
  endedAt?: number;
  /** Nothing was read from it for a while, though it was there. */
  slow?: boolean;
  /** Stored messages that came over it. */
  readonly given: Delivery[];
  /** What it has asked to be in, and to be in no more. */
  readonly entered: Asked[];
  readonly left: Asked[];
}

/** A subscription, or its end, that was asked for. */
export interface Asked {
  readonly at: number;
  /** Undefined: it is of no group. */
  readonly group: string | undefined;
  readonly pattern: string;
  /** As that of {@link Said}. */
  answer?: string;
  answeredAt?: number;
}

/** A stored message, as it came to a member. */
export interface Delivery {
  readonly line: Line;
  /** Which of those that came over it. */
  readonly number: number;
  readonly at: number;
  readonly group: string;
  readonly topic: string;
  readonly seq: number;
  readonly attempt: number;
  /** When, by the broker's clock: two commits may have the same. */
  readonly stored: number;
  /** Its key, as it is written. */
  key?: string;
  /** What was said of it, in its order. */
  readonly said: Said[];
}

/** What a member says of messages that it holds. */
export interface Said {
  readonly verb: "ack" | "nack" | "extend";
  readonly at: number;
  /** Milliseconds. */
  readonly delay: number;
  /** As if it had never been given out. */
  readonly unused: boolean;
  /** "ok" or a code; undefined: the connection ended first. */
  answer?: string;
  answeredAt?: number;
}

/** A dead letter, as a reader found it. */
export interface DeadLetter extends Found {
  readonly group: string;
  readonly of: string;
  readonly ofSeq: number;
  readonly attempts: number;
  readonly reason: string;
}

/** What a member was given. */
export interface SharedGot {
  readonly at: number;
  readonly group: string;
  readonly topic: string;
  readonly text: string;
  readonly seq: number | undefined;
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
  /** When it lost its connection. */
  readonly lostAt: number[];
  over?: string;
}

/** What a subscriber's end of a connection had cost it when all was over, as the broker says. */
export interface Left {
  readonly id: string;
  readonly dropped: number;
}

/** A broker that was told to end, and what it left behind. */
export interface Drain {
  readonly from: number;
  readonly to: number;
  /** Milliseconds it had. */
  readonly ms: number;
  /** Connections it cut off. */
  readonly cut: number;
}

export class History {
  readonly publishers: PublisherRecord[] = [];
  readonly subscribers: SubscriberRecord[] = [];
  readonly members: MemberRecord[] = [];
  /** By text; {@link add} adds. */
  readonly byText = new Map<string, Sent>();
  /** By what a classic subscriber gets of it, where that is something else (V5). */
  readonly #byLine = new Map<string, Sent>();
  /** What was stored when all was over, in the order of the commits. */
  stored: readonly Found[] = [];
  /** Those that were stored when all was over. */
  dead: readonly DeadLetter[] = [];
  /** When its members began to leave for good. */
  over = Infinity;
  /** When brokers began to be there. */
  readonly starts: number[] = [];
  /** Those that came to their end. */
  readonly drains: Drain[] = [];
  /** When a broker had given up a connection that took nothing, for the first time; by its client's name. */
  readonly stalled = new Map<string, number>();
  /** When a connection had ended for its broker, for the first time; by its client's name. */
  readonly closed = new Map<string, number>();
  /** Who was still connected before the subscribers left. */
  left: readonly Left[] = [];

  add(sent: Sent): void {
    const { text } = sent;
    this.byText.set(text, sent);
    if (text.includes("\n")) this.#byLine.set(text.replaceAll("\n", "\\n"), sent);
  }

  /** What was sent so that this came. */
  find(text: string): Sent | undefined {
    return this.byText.get(text) ?? this.#byLine.get(text);
  }
}

/** What travels with a message, to be compared. */
export function fieldsOf(
  { key, reply, headers = [] }: {
    readonly key?: string | undefined;
    readonly reply?: string | undefined;
    readonly headers?: Iterable<readonly [string, string]> | undefined;
  },
): string {
  const all = [...headers];
  return key === undefined && reply === undefined && all.length === 0
    ? ""
    : JSON.stringify([key ?? null, reply ?? null, all]);
}

/** Whether it is of a topic that is stored. */
export function isDurable(topic: string): boolean {
  return topic.startsWith("#d.");
}

/** Whether it is of a topic of dead letters. */
export function isDead(topic: string): boolean {
  return topic.startsWith("#dead.");
}

/** A message, for a person. */
export function nameOf({ publisher, number, topic }: Sent): string {
  return `${publisher}.${number} of ${topic}`;
}

/** Whether a member has lost its connection, and has none yet to be in its groups again. */
export function isAway({ joins, lines, over }: MemberRecord): boolean {
  const last = lines.at(-1);
  if (last === undefined || over !== undefined) return false;
  return joins.some(({ plan, okAt, refused, endedAt }) =>
    okAt !== undefined && refused === undefined && endedAt === undefined &&
    !last.entered.some(({ group, pattern, answer }) =>
      last.endedAt === undefined && group === plan.group && pattern === plan.pattern && answer !== undefined
    )
  );
}
