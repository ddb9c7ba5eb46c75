/** A doorkeeper of accounts as a test writes them, whose clock and hashes are the test's. */
import { assert, assertEquals } from "@std/assert";
import { parse } from "smol-toml";
import { type Accounts, readAccounts } from "../../lib/auth/accounts.ts";
import { Doorkeeper } from "../../lib/auth/doorkeeper.ts";
import type { Admission, Visitor } from "../../lib/auth/gatekeeper.ts";
import type { StoredSecret } from "../../lib/auth/secrets.ts";
import type { Clock, Timer } from "../../lib/clock.ts";
import { type LogFields, SILENT_LOG } from "../../lib/log.ts";

const SALT = "GbeO8aO+x+MNw3zXeeCmIg";
/** What stands for a secret here: the first letter of its hash is the first letter of it. */
function storedOf(letter: string, cost = "ln=14,r=8,p=1"): string {
  return `"$scrypt$${cost}$${SALT}$${letter}1wYuv6D+jGyoY8u1y1fEXOe1Ak9be3O7A+wTWGXPc0"`;
}

export function user(name: string, { lines = "", letter = "s", cost }: {
  readonly lines?: string;
  readonly letter?: string;
  readonly cost?: string;
} = {}): string {
  return `[[user]]\nname = "${name}"\n${lines}\nsecret = ${storedOf(letter, cost)}\n`;
}

export function accountsIn(text: string): Accounts {
  const read = readAccounts(parse(text), 255);
  assert("accounts" in read, JSON.stringify(read));
  return read.accounts;
}

export const AT_HOME: Visitor = { id: "c1", address: "127.0.0.1" };

/** A clock that a test sets. */
class SetClock implements Clock {
  time = 0;
  #timers: { readonly at: number; readonly callback: () => void }[] = [];

  now(): number {
    return this.time;
  }
  wall(): number {
    return Date.UTC(2026, 0, 1) + this.time;
  }
  after(ms: number, callback: () => void): Timer {
    this.#timers.push({ at: this.time + ms, callback });
    return 0;
  }
  every(): Timer {
    return 0;
  }
  cancel(): void {}

  /** What is due by then happens. */
  async to(time: number): Promise<void> {
    this.time = time;
    const due = this.#timers.filter(({ at }) => at <= time);
    this.#timers = this.#timers.filter(({ at }) => at > time);
    for (const { callback } of due) callback();
    await settled();
  }
}

/** What is promised has come by then. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** A doorkeeper whose hashes are made when a test says so. */
export class Door {
  readonly clock = new SetClock();
  readonly logged: LogFields[] = [];
  readonly keeper: Doorkeeper;
  /** What is looked at now. */
  readonly looking: {
    readonly stored: StoredSecret;
    readonly secret: string;
    readonly finish: () => void;
  }[] = [];
  looked = 0;
  /** Whether each is finished at once. */
  quick = true;

  constructor(text: string, atOnce = 1) {
    this.keeper = new Doorkeeper({
      accounts: accountsIn(text),
      topicMost: 255,
      clock: this.clock,
      log: { ...SILENT_LOG, warn: (_, fields = {}) => void this.logged.push(fields) },
      atOnce,
      check: (stored, secret) => this.#check(stored, secret),
    });
  }

  #check(stored: StoredSecret, secret: string): Promise<boolean> {
    this.looked++;
    const right = stored.text.includes(`$${secret[0]}1wYuv6D`);
    if (this.quick) return Promise.resolve(right);
    return new Promise((resolve) => {
      const finish = (): void => {
        this.looking.splice(this.looking.findIndex((each) => each.finish === finish), 1);
        resolve(right);
      };
      this.looking.push({ stored, secret, finish });
    });
  }

  /** What comes of a login; undefined: it is not known yet. */
  async login(name: string, secret: string, visitor = AT_HOME): Promise<{ admission?: Admission }> {
    const result: { admission?: Admission } = {};
    this.keeper.admit({ user: name, secret }, visitor, (admission) => {
      assertEquals(result, {}, "it is told once");
      result.admission = admission;
    });
    assertEquals(result, {}, "it is told in another turn");
    await settled();
    return result;
  }
}

export function kindOf({ admission }: { admission?: Admission }): string {
  return admission === undefined ? "not known" : admission.kind;
}
