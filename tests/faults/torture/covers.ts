/**
 * Which messages a connection's subscriptions take in, and when a replay is over.
 *
 * @module
 */
import { type Connection, matches, type Message, type Policy, type Subscription } from "./history.ts";

export interface JudgeOptions {
  /** The broker leaves messages out for classic clients (`--slow-consumer drop`), which it cannot tell them. */
  readonly classicLoses?: boolean;
  /** Topics are durable. */
  readonly durable?: boolean;
  /** Old messages were deleted: what a replay asked for may be gone (it is told so). */
  readonly retained?: boolean;
  /** The broker has little memory: not even the newest has room always (V7). */
  readonly short?: boolean;
}

/** How far the clocks of two ends of one process may be apart, and a ttl from its timer, milliseconds. */
const SLACK_MS = 50;

/** What a replay says where it ends, or where the live messages begin (D4). */
export function endOf({ to }: Subscription): "live" | "end" {
  return to === undefined ? "live" : "end";
}

/** Whether a replay has said that it has come to its end. */
export function isOver(connection: Connection, subscription: Subscription): boolean {
  return overAt(connection, subscription) !== undefined;
}

/** When it did. */
function overAt({ happened }: Connection, subscription: Subscription): number | undefined {
  const { pattern, okAt = Infinity, goneAt = Infinity } = subscription;
  const want = endOf(subscription);
  return happened.find((event) =>
    event.is === want && event.pattern === pattern && event.at >= okAt && event.at < goneAt
  )?.at;
}

/** Replays of a connection that have still to say that they have come to their end. */
export function unfinished(connection: Connection): Subscription[] {
  if (connection.closedAt !== undefined) return [];
  return connection.subscriptions.filter((subscription) => {
    const { from, to, okAt, unsubAt } = subscription;
    if (from === undefined || okAt === undefined || unsubAt !== undefined) return false;
    // one that waits for a number or a time to come is not over
    return !/^\d{4}-|^\d+$/.test(to ?? from) && !isOver(connection, subscription);
  });
}

const LOSSY: ReadonlySet<Policy> = new Set(["drop-old", "drop-new", "latest"]);

/** It leaves messages out, or did so once. */
function mayLose({ policy, changed = [] }: Subscription): boolean {
  return [policy, ...changed].some((each) => LOSSY.has(each));
}

/** Two that were there at the same time. */
function meet(one: Subscription, other: Subscription): boolean {
  const begin = ({ okAt, sentAt }: Subscription): number => okAt ?? sentAt;
  const end = ({ goneAt = Infinity }: Subscription): number => goneAt;
  return one !== other && begin(one) < end(other) && begin(other) < end(one);
}

/** Which subscriptions take a message in, for certain or perhaps. */
export class Covers {
  readonly #connection: Connection;
  readonly #options: JudgeOptions;
  readonly #byTopic = new Map<string, readonly Subscription[]>();
  /** Replays that were still reading when their connection ended. */
  readonly #cutShort: ReadonlySet<Subscription>;
  readonly #overs = new Map<Subscription, number>();

  constructor(connection: Connection, options: JudgeOptions) {
    this.#connection = connection;
    this.#options = options;
    const { closedAt, subscriptions } = connection;
    this.#cutShort = new Set(
      closedAt === undefined
        ? []
        : subscriptions.filter((each) => each.from !== undefined && !isOver(connection, each)),
    );
  }

  of(topic: string): readonly Subscription[] {
    let found = this.#byTopic.get(topic);
    if (found === undefined) {
      found = this.#connection.subscriptions.filter(({ pattern }) => matches(pattern, topic));
      this.#byTopic.set(topic, found);
    }
    return found;
  }

  /** How many topics there were that a pattern takes in. */
  topics(pattern: string): number {
    let count = 0;
    for (const topic of this.#byTopic.keys()) if (matches(pattern, topic)) count++;
    return count;
  }

  /** It has to come, or be counted, before what came of its stream at `next`. */
  must(message: Message, next = Infinity): boolean {
    const { ackedAt, topic } = message;
    if (ackedAt === undefined) return false;
    return this.of(topic).some((subscription) => this.#surely(subscription, message, { ackedAt, next }));
  }

  may(message: Message): boolean {
    if (message.refused !== undefined) return false;
    const answered = message.ackedAt ?? Infinity;
    return this.of(message.topic).some(({ sentAt, goneAt = Infinity, from }) =>
      (sentAt <= answered || from !== undefined) && goneAt >= message.sentAt
    );
  }

  #surely(subscription: Subscription, message: Message, { ackedAt, next }: {
    readonly ackedAt: number;
    readonly next: number;
  }): boolean {
    const { okAt, unsubAt = Infinity, from, to } = subscription;
    if (okAt === undefined || unsubAt < ackedAt) return false;
    // what waits for a subscription that ends is not owed any more
    if (unsubAt !== Infinity && (unsubAt < next || from !== undefined)) return false;
    // nor what it had still to read when its connection ended: what is live comes ahead of that (D8)
    if (this.#cutShort.has(subscription) && this.mixed(message.topic)) return false;
    if (this.#expires(message, from === undefined ? next : Math.max(next, this.#over(subscription)))) {
      return false;
    }
    const stored = ackedAt < subscription.sentAt;
    // what comes later may be behind its end
    if (to !== undefined) {
      if (!stored || !/^\d+$/.test(to) || message.seq === undefined || message.seq > Number(to)) return false;
    }
    if (from !== undefined && /^\d+$/.test(from)) {
      if (message.seq === undefined || message.seq < Number(from)) return false;
      // what was stored before its beginning was found may be gone by then
      return okAt <= message.sentAt || (this.#options.durable === true && this.#options.retained !== true);
    }
    if (okAt <= message.sentAt) return to === undefined || from === "earliest";
    return stored && from === "earliest" && this.#options.durable === true && this.#options.retained !== true;
  }

  /** It may have outlived its ttl when it was due, by this moment. */
  #expires({ ttl, sentAt }: Message, due: number): boolean {
    return ttl !== undefined && sentAt + ttl * 1000 - SLACK_MS < due;
  }

  /** Until when a replay may have read what is stored, whatever came live beside it. */
  #over(subscription: Subscription): number {
    let at = this.#overs.get(subscription);
    if (at === undefined) {
      this.#overs.set(subscription, at = overAt(this.#connection, subscription) ?? Infinity);
    }
    return at;
  }

  /**
   * It may come twice: a subscription that loses messages does not pay for a replay beside it, and the last ones
   * of each topic come beside what another replay still reads.
   */
  twice({ topic }: Message): boolean {
    const all = this.of(topic);
    const replays = all.filter(({ from }) => from !== undefined);
    if (replays.length === 0) return false;
    if (replays.length > 1 && replays.some(({ from }) => /^latest$|^-\d+$/.test(from ?? ""))) return true;
    return all.some((one) => mayLose(one) && replays.some((other) => other !== one));
  }

  /** Some of what a pattern takes in comes by a replay as well. */
  mixes(pattern: string): boolean {
    for (const topic of this.#byTopic.keys()) if (matches(pattern, topic) && this.mixed(topic)) return true;
    return false;
  }

  /** It may come in another order than it was sent: what is stored comes beside what is live. */
  mixed(topic: string): boolean {
    const all = this.of(topic);
    return all.length > 1 && all.some(({ from }) => from !== undefined);
  }

  /** The same, of two that were there at a time: one that took another's place has an order of its own. */
  beside(topic: string): boolean {
    const all = this.of(topic);
    return this.mixed(topic) &&
      all.some((one) => one.from !== undefined && all.some((other) => meet(one, other)));
  }
}
