/**
 * Lets in who has an account, and knows what becomes of those who are in when accounts change.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { SELDOM_MS } from "../limits.ts";
import type { Log } from "../log.ts";
import { Seldom } from "../seldom.ts";
import { quote } from "../text.ts";
import { AccountGrant, type Entrance, grantOf } from "./account_grant.ts";
import { type Account, type Accounts, USER_BYTES_MOST } from "./accounts.ts";
import { type Checked, Checks } from "./checks.ts";
import type { Admission, Credentials, Gatekeeper, Visitor } from "./gatekeeper.ts";
import type { Grant } from "./grant.ts";
import { KnownSecrets } from "./known_secrets.ts";
import { COST, isMadeOf, lockedSecret, SECRET_BYTES_MOST, type StoredSecret } from "./secrets.ts";

/** What one is made of. */
export interface DoorkeeperOptions {
  readonly accounts: Accounts;
  /** Bytes that a topic may have. */
  readonly topicMost: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Secrets looked at at a time: each takes a processor and 32 MiB (1). */
  readonly atOnce?: number;
  /** Whether a stored secret is that one ({@link isMadeOf}). */
  readonly check?: (stored: StoredSecret, secret: string) => Promise<boolean>;
}

/** What a peer is told that is not let in, whatever of it was wrong. */
const WRONG = "the name or the secret is wrong";

/**
 * Guarantees: nobody is let in by what was in force before the last {@link replace}; who is not known takes
 * as long as who is; a secret is never logged, nor what may be one.
 */
export class Doorkeeper implements Gatekeeper {
  readonly #topicMost: number;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #check: NonNullable<DoorkeeperOptions["check"]>;
  readonly #checks: Checks;
  readonly #known = new KnownSecrets();
  readonly #refusals = new Seldom(SELDOM_MS);
  /** What stands for an account that there is not, one for each cost that accounts have. */
  #locked: readonly StoredSecret[] = [];
  #accounts: Accounts;
  /** Grants of those whose id is filled in nowhere. */
  #grants = new Map<Account, Map<Entrance, AccountGrant>>();
  /** When {@link renew} next says another thing by itself. */
  #nextExpiry = Infinity;

  constructor({ accounts, topicMost, clock, log, atOnce = 1, check = isMadeOf }: DoorkeeperOptions) {
    this.#topicMost = topicMost;
    this.#clock = clock;
    this.#log = log;
    this.#check = check;
    this.#checks = new Checks({ clock, atOnce });
    this.#accounts = accounts;
    this.#prepare();
  }

  /** How many accounts there are. */
  get size(): number {
    return this.#accounts.byName.size;
  }

  /** How many addresses are known from where logins came. */
  get addresses(): number {
    return this.#checks.size;
  }

  /**
   * From now on these are the accounts; then {@link renew} is to be asked for all who are in. What is as it
   * was keeps its grants.
   */
  replace({ byName, classicAs }: Accounts): void {
    const before = this.#accounts.byName;
    const kept = [...byName].map(([name, account]): [string, Account] => {
      const same = before.get(name);
      return [name, same?.print === account.print ? same : account];
    });
    this.#accounts = { byName: new Map(kept), classicAs };
    this.#grants = new Map([...this.#grants].filter(([account]) => this.#isCurrent(account)));
    this.#prepare();
  }

  admit(credentials: Credentials, visitor: Visitor, done: (admission: Admission) => void): void {
    const { user, secret } = credentials;
    const { address } = visitor;
    if (!fits(user, USER_BYTES_MOST) || !fits(secret, SECRET_BYTES_MOST)) {
      this.#checks.failed(address);
      queueMicrotask(() => done(this.#refuse(visitor, { user, why: "no name and secret" })));
      return;
    }
    const account = this.#accounts.byName.get(user);
    const stored = account?.secret ?? this.#lockedFor(user);
    const mark = this.#known.markOf(credentials);
    const isKnown = (): boolean => this.#known.has(mark, { stored: stored.text, now: this.#clock.now() });
    const look = async (): Promise<boolean> => {
      if (isKnown()) return true;
      const right = await this.#check(stored, secret) && account !== undefined;
      if (right) this.#known.add(mark, { stored: stored.text, now: this.#clock.now() });
      return right;
    };
    const decide = (checked: Checked): void => done(this.#decide(checked, { user, stored, visitor }));
    if (isKnown()) queueMicrotask(() => decide("right"));
    // what is held against another hash is another check
    else this.#checks.ask({ address, mark: mark + stored.text, look, done: decide });
  }

  admitClassic(visitor: Visitor): Grant | undefined {
    const { byName, classicAs } = this.#accounts;
    if (classicAs === undefined || !classicAs.from.has(visitor.address)) return undefined;
    const account = byName.get(classicAs.user);
    return account === undefined ? undefined : this.#grant(account, "classic", visitor);
  }

  renew(grant: Grant, visitor: Visitor): Grant | undefined {
    // another's, who lets in beside accounts: this is not the one to take it away
    if (!(grant instanceof AccountGrant)) return grant;
    if (grant.entrance === "classic") {
      const now = this.admitClassic(visitor);
      return now instanceof AccountGrant && now.of === grant.of ? grant : now;
    }
    const account = this.#accounts.byName.get(grant.account);
    if (account === undefined || account.secret.text !== grant.of.secret.text) return undefined;
    if (account === grant.of) return this.#hasExpired(account) ? undefined : grant;
    return this.#grant(account, "secret", visitor);
  }

  tick(): boolean {
    if (this.#clock.wall() < this.#nextExpiry) return false;
    this.#prepare();
    return true;
  }

  #decide(
    checked: Checked,
    { user, stored, visitor }: {
      readonly user: string;
      readonly stored: StoredSecret;
      readonly visitor: Visitor;
    },
  ): Admission {
    if (checked === "busy") return { kind: "busy", reason: "too many wait to be let in: try again" };
    // as it is by now
    const account = this.#accounts.byName.get(user);
    if (checked === "wrong") {
      const why = account === undefined ? "no such account" : "wrong secret";
      return this.#refuse(visitor, { user, why });
    }
    if (account?.secret.text !== stored.text) return this.#refuse(visitor, { user, why: "it has changed" });
    if (this.#hasExpired(account)) {
      return this.#refuse(visitor, {
        user,
        why: "expired",
        reason: `the account ${quote(user)} has expired`,
      });
    }
    const grant = this.#grant(account, "secret", visitor);
    if (grant !== undefined) return { kind: "admitted", grant };
    const reason =
      `the id ${quote(visitor.id)} does not fit where the account's patterns have {id}: it has to ` +
      "be one segment of a topic";
    return this.#refuse(visitor, { user, why: "the id does not fit", reason });
  }

  /** Says it in the log, seldom; people type secrets where names belong, so an unknown name is not told. */
  #refuse(
    { id, address }: Visitor,
    { user, why, reason = WRONG }: { readonly user: string; readonly why: string; readonly reason?: string },
  ): Admission {
    const known = this.#accounts.byName.has(user) ? user : undefined;
    this.#refusals.happened(this.#clock.now(), (times) => {
      this.#log.warn("login refused", { user: known, id, address, why, times });
    });
    return { kind: "denied", reason };
  }

  /** Undefined: it has expired, or the id does not fit. */
  #grant(account: Account, entrance: Entrance, { id }: Visitor): AccountGrant | undefined {
    if (this.#hasExpired(account)) return undefined;
    const grants = this.#grants.get(account);
    const known = grants?.get(entrance);
    if (known !== undefined) return known;
    const grant = grantOf(account, { id, entrance, topicMost: this.#topicMost });
    if (grant === undefined || account.usesId) return grant;
    if (grants === undefined) this.#grants.set(account, new Map([[entrance, grant]]));
    else grants.set(entrance, grant);
    return grant;
  }

  #hasExpired({ expires }: Account): boolean {
    return expires !== undefined && expires <= this.#clock.wall();
  }

  #isCurrent(account: Account): boolean {
    return this.#accounts.byName.get(account.name) === account;
  }

  #prepare(): void {
    const accounts = [...this.#accounts.byName.values()];
    const now = this.#clock.wall();
    this.#nextExpiry = Math.min(
      ...accounts.map(({ expires = Infinity }) => expires > now ? expires : Infinity),
    );
    const costs = new Map(accounts.map(({ secret: { cost } }) => [`${cost.ln},${cost.r},${cost.p}`, cost]));
    this.#locked = (costs.size === 0 ? [COST] : [...costs.values()]).map(lockedSecret);
  }

  /** The same each time for the same name, so that names cannot be told from how long one takes. */
  #lockedFor(user: string): StoredSecret {
    const mark = this.#known.markOf({ user, secret: "" });
    return this.#locked[mark.charCodeAt(0) % this.#locked.length]!;
  }
}

/** Whether it is there and no longer than it may be; a UTF-16 unit becomes at most 3 bytes. */
function fits(text: string, most: number): boolean {
  return text !== "" && text.length <= most && new TextEncoder().encode(text).length <= most;
}
