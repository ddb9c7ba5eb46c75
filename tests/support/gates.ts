/**
 * Accounts for tests: who may come in is what the test says.
 *
 * @module
 */
import type { Gatekeeper } from "../../lib/auth/gatekeeper.ts";
import type { Grant } from "../../lib/auth/grant.ts";
import { matches } from "../../lib/topics/topic.ts";

/** An account with a secret and one pattern for all it does. */
export interface TestAccount {
  readonly name: string;
  readonly secret: string;
  readonly pattern: string;
  readonly administrator?: boolean;
}

/** What such an account may do. */
export function grantOf({ name, pattern, administrator = false }: TestAccount): Grant {
  const may = (topic: string): boolean => matches(pattern, topic);
  const all = (asked: string): boolean => pattern === "#>" || asked === pattern || may(asked);
  return {
    account: name,
    administrator,
    mayPublish: may,
    maySubscribe: all,
    mayShare: all,
    mayReceive: may,
    reception: { allow: [pattern], deny: [] },
  };
}

/** Lets these in. */
export class TestGatekeeper implements Gatekeeper {
  readonly accounts: Map<string, { readonly account: TestAccount; readonly grant: Grant }>;
  /** Nobody is looked at. */
  busy = false;

  constructor(accounts: readonly TestAccount[]) {
    this.accounts = new Map(accounts.map((account) => [account.name, { account, grant: grantOf(account) }]));
  }

  /** An account is another one. */
  set(account: TestAccount): void {
    this.accounts.set(account.name, { account, grant: grantOf(account) });
  }

  admit(...[{ user, secret }, , done]: Parameters<Gatekeeper["admit"]>): void {
    const known = this.accounts.get(user);
    queueMicrotask(() => {
      if (this.busy) done({ kind: "busy", reason: "too many wait" });
      else if (known?.account.secret === secret) done({ kind: "admitted", grant: known.grant });
      else done({ kind: "denied", reason: "no such user, or not that token" });
    });
  }

  admitClassic(): undefined {}

  renew(grant: Grant): Grant | undefined {
    return this.accounts.get(grant.account ?? "")?.grant;
  }
}
