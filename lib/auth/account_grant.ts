/**
 * What an account's holder may do.
 *
 * @module
 */
import type { Account } from "./accounts.ts";
import type { Grant } from "./grant.ts";
import { withId } from "./placeholders.ts";
import { ReceivingRules, type RulePatterns, Rules } from "./rules.ts";

/** How somebody was let in. */
export type Entrance = "secret" | "classic";

/** A grant that is of an account, for all who come by it or, where the id is filled in, for one. */
export class AccountGrant implements Grant {
  readonly account: string;
  readonly administrator: boolean;
  readonly limits: Account["limits"];
  /** What it is made from. */
  readonly of: Account;
  readonly reception: Grant["reception"];
  readonly entrance: Entrance;
  readonly #publish: Rules;
  readonly #subscribe: ReceivingRules;

  constructor(
    account: Account,
    { publish, subscribe, entrance }: {
      readonly publish: RulePatterns;
      readonly subscribe: RulePatterns;
      readonly entrance: Entrance;
    },
  ) {
    this.account = account.name;
    this.administrator = account.administrator;
    this.limits = account.limits;
    this.of = account;
    this.entrance = entrance;
    this.#publish = new Rules(publish);
    this.#subscribe = new ReceivingRules(subscribe);
    this.reception = this.#subscribe.reception;
  }

  mayPublish(topic: string): boolean {
    return this.#publish.may(topic);
  }

  maySubscribe(pattern: string): boolean {
    return this.#subscribe.some(pattern);
  }

  mayShare(pattern: string): boolean {
    return this.#subscribe.all(pattern);
  }

  mayReceive(topic: string): boolean {
    return this.#subscribe.may(topic);
  }
}

/**
 * The grant of an account for who calls itself so; undefined: the account's patterns have a place for the id,
 * and this one does not fit there.
 */
export function grantOf(
  account: Account,
  { id, entrance, topicMost }: {
    readonly id: string;
    readonly entrance: Entrance;
    readonly topicMost: number;
  },
): AccountGrant | undefined {
  const filled = (rules: RulePatterns): RulePatterns | undefined => {
    const allow = withId(rules.allow, id, topicMost);
    const deny = withId(rules.deny, id, topicMost);
    return allow === undefined || deny === undefined ? undefined : { allow, deny };
  };
  const publish = filled(account.publish);
  const subscribe = filled(account.subscribe);
  if (publish === undefined || subscribe === undefined) return undefined;
  return new AccountGrant(account, { publish, subscribe, entrance });
}
