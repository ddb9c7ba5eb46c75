/**
 * Accounts without files and secrets, and the reference of what they may do: found by trying every topic of
 * a small alphabet, by regular expressions.
 *
 * @module
 */
import { AccountGrant } from "../../lib/auth/account_grant.ts";
import type { AccountLimits } from "../../lib/auth/account_limits.ts";
import type { Account as AuthAccount } from "../../lib/auth/accounts.ts";
import type { Admission, Gatekeeper, Grant } from "../../lib/broker/mod.ts";

/** Patterns: what one denies is denied. */
export interface Rules {
  readonly allow: readonly string[];
  readonly deny?: readonly string[];
}

/** What an account may do. */
export interface Account {
  readonly publish?: Rules;
  readonly receive?: Rules;
  readonly administrator?: boolean;
  readonly limits?: AccountLimits;
}

const SEGMENTS = ["a", "b", "c"];
const TOPICS = SEGMENTS.flatMap((one) => [
  `#${one}`,
  ...SEGMENTS.flatMap((two) => [`#${one}.${two}`, ...SEGMENTS.map((three) => `#${one}.${two}.${three}`)]),
]);
/** Every topic that there is, of so many kinds as matter. */
const ALL = [
  ...TOPICS,
  "#_reply.one.1",
  ...["g", ...SEGMENTS].flatMap((group) => [
    `#dead.${group}`,
    ...TOPICS.map((topic) => `#dead.${group}.${topic.slice(1)}`),
  ]),
];
const NONE: Rules = { allow: [] };

/** Whether a pattern takes a topic in. */
export function takesIn(pattern: string, topic: string): boolean {
  const source = pattern.slice(1).split(".").map((segment) =>
    segment === "*" ? "[^.]+" : segment === ">" ? ".+" : RegExp.escape(segment)
  );
  return new RegExp(`^#${source.join("\\.")}$`).test(topic);
}

/** Whether rules let a topic through. */
export function permits({ allow, deny = [] }: Rules, topic: string): boolean {
  return allow.some((pattern) => takesIn(pattern, topic)) &&
    !deny.some((pattern) => takesIn(pattern, topic));
}

/**
 * Whether it may be received: of a dead letter the topic it was published to as well and, where its name does
 * not say which, everything.
 */
export function mayReceive(rules: Rules, topic: string): boolean {
  const letter = /^#dead\.[^.]+(?:\.(.+))?$/.exec(topic);
  if (!permits(rules, topic) || letter === null) return permits(rules, topic);
  if (letter[1] !== undefined) return mayReceive(rules, `#${letter[1]}`);
  return rules.allow.includes("#>") && (rules.deny ?? []).length === 0;
}

/** As who logs in has it: the shipped one. */
export function grantOf(
  name: string,
  { publish = NONE, receive = NONE, administrator = false, limits = {} }: Account,
): Grant {
  const patterns = ({ allow, deny = [] }: Rules): Grant["reception"] => ({ allow, deny });
  const rules = { publish: patterns(publish), subscribe: patterns(receive), entrance: "secret" } as const;
  const { publish: publishes, subscribe } = rules;
  const own = { name, publish: publishes, subscribe, usesId: false, administrator, limits, print: "" };
  // nobody asks for its secret, nor when it ends
  return new AccountGrant(own as unknown as AuthAccount, rules);
}

/** Answers what it is asked by trying, and counts how often it was. */
export class TriedGrant implements Grant {
  readonly account: string;
  readonly administrator: boolean;
  readonly reception: Grant["reception"];
  asked = 0;
  readonly #publish: Rules;
  readonly #receive: Rules;

  constructor(account: string, { publish = NONE, receive = NONE, administrator = false }: Account) {
    this.account = account;
    this.administrator = administrator;
    this.#publish = publish;
    this.#receive = receive;
    const { allow, deny = [] } = receive;
    this.reception = { allow, deny };
  }

  mayPublish(topic: string): boolean {
    this.asked++;
    return permits(this.#publish, topic);
  }

  mayReceive(topic: string): boolean {
    this.asked++;
    return mayReceive(this.#receive, topic);
  }

  maySubscribe(pattern: string): boolean {
    return this.#topicsOf(pattern).some((topic) => mayReceive(this.#receive, topic));
  }

  mayShare(pattern: string): boolean {
    return this.#topicsOf(pattern).every((topic) => mayReceive(this.#receive, topic));
  }

  #topicsOf(pattern: string): string[] {
    const topics = ALL.filter((topic) => takesIn(pattern, topic));
    // one that is no part of the alphabet stands for itself
    return topics.length > 0 ? topics : [pattern];
  }
}

/** Gives grants by name, and others when accounts change. */
export class TestAccounts implements Gatekeeper {
  readonly #grants = new Map<string, TriedGrant>();

  /** It may do this from now on, as soon as the broker is told. */
  set(account: string, may: Account): TriedGrant {
    const grant = new TriedGrant(account, may);
    this.#grants.set(account, grant);
    return grant;
  }

  /** It is no more. */
  remove(account: string): void {
    this.#grants.delete(account);
  }

  admit(
    { user }: { readonly user: string },
    _visitor: unknown,
    done: (admission: Admission) => void,
  ): void {
    const grant = this.#grants.get(user);
    const admission: Admission = grant === undefined
      ? { kind: "denied", reason: "this is nobody" }
      : { kind: "admitted", grant };
    setTimeout(() => done(admission));
  }

  admitClassic(): undefined {}

  renew({ account }: Grant): Grant | undefined {
    return this.#grants.get(account ?? "");
  }
}
