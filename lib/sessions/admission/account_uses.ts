/**
 * What the connections of an account have in common while there are any.
 *
 * @module
 */
import type { AccountLimits } from "../../auth/account_limits.ts";
import type { Grant } from "../../auth/grant.ts";
import type { Limits } from "../../limits.ts";
import type { NewTopics } from "../../engine/types.ts";
import { PublishRate, RateGate } from "./publish_rate.ts";
import { TopicRate } from "./topic_rate.ts";

/** An account that has connections. */
interface InUse {
  connections: number;
  /** Undefined: it may publish as fast as it can. */
  rate: PublishRate | undefined;
  /** Undefined: topics begin with what it publishes as long as there are not too many. */
  topics: TopicRate | undefined;
}

/** One connection as one of its account's. */
export interface Use {
  /** Whether it came when there were as many as there may be. */
  readonly isTooMany: boolean;
  /** What it stands still at when its account publishes too fast; undefined: nothing. */
  readonly gate: RateGate | undefined;
  /** How many topics its account may begin; undefined: as many as anybody. */
  readonly newTopics: NewTopics | undefined;
}

/**
 * The accounts that have connections; what is left of one that has none is forgotten when it may do again all
 * that it might at first.
 */
export class AccountUses {
  readonly #inUse = new Map<string, InUse>();

  /** How many connections an account has. */
  connectionsOf(account: string): number {
    return this.#inUse.get(account)?.connections ?? 0;
  }

  /** One connection more has this grant; undefined: it is no account's. */
  enter({ account, limits = NO_LIMITS }: Grant): Use | undefined {
    if (account === undefined) return undefined;
    let inUse = this.#inUse.get(account);
    if (inUse === undefined) {
      this.#inUse.set(account, inUse = { connections: 0, rate: undefined, topics: undefined });
    }
    inUse.connections++;
    setRate(inUse, limits);
    const { connections, rate, topics } = inUse;
    return {
      newTopics: topics,
      isTooMany: connections > (limits.connections ?? Infinity),
      gate: rate === undefined ? undefined : new RateGate(rate),
    };
  }

  /** That connection is gone, or another's now. */
  leave({ account }: Grant, { gate }: Use): void {
    gate?.close();
    const inUse = account === undefined ? undefined : this.#inUse.get(account);
    if (inUse !== undefined) inUse.connections--;
  }

  /** Time has passed. What was published counts, whoever leaves and comes back. */
  tick(milliseconds: number): void {
    for (const [account, { connections, rate, topics }] of this.#inUse) {
      rate?.tick(milliseconds);
      topics?.tick(milliseconds);
      if (connections > 0 || rate?.isFull === false || topics?.isFull === false) continue;
      this.#inUse.delete(account);
    }
  }
}

/** The limits of a connection with a grant: none is more than the broker's own. */
export function limitsOf(own: Limits, grant: Grant | undefined): Limits {
  const { patterns, payload, outbox } = grant?.limits ?? NO_LIMITS;
  if (patterns === undefined && payload === undefined && outbox === undefined) return own;
  return {
    ...own,
    patterns: Math.min(own.patterns, patterns ?? Infinity),
    payload: Math.min(own.payload, payload ?? Infinity),
    outbox: Math.min(own.outbox, outbox ?? Infinity),
  };
}

const NO_LIMITS: AccountLimits = {};

function setRate(inUse: InUse, { messageRate, byteRate, newTopics }: AccountLimits): void {
  if (newTopics === undefined) inUse.topics = undefined;
  else if (inUse.topics === undefined) inUse.topics = new TopicRate(newTopics);
  else inUse.topics.most = newTopics;
  const rates = { messages: messageRate ?? Infinity, bytes: byteRate ?? Infinity };
  const free = rates.messages === Infinity && rates.bytes === Infinity;
  if (inUse.rate !== undefined) inUse.rate.rates = rates;
  else if (!free) inUse.rate = new PublishRate(rates);
}
