/**
 * Accounts of a world whose rights change, and what the broker writes to them, byte for byte.
 *
 * Oracle 9 (FAULTS): no byte of a topic that an account may not receive is put into what a broker writes to it,
 * by any path. What waited for it when a right was taken away may still leave: those are the bytes that had been
 * written or were queued at that moment, and no others.
 *
 * @module
 */
import { type Gatekeeper, type Grant, UNLIMITED } from "../../lib/broker/mod.ts";
import type { Transport } from "../../lib/sessions/mod.ts";
import { LF } from "../../lib/wire/bytes.ts";
import { grantOf, mayReceive, permits, type Rules } from "../support/accounts.ts";
import type { GuestPlan, RightsPlan } from "./plan.ts";
import type { States } from "./states.ts";

/** Whoever is no guest may do everything, and is asked all the same. */
export const HOST: Grant = { ...UNLIMITED, account: "host" };

const NOBODY: Rules = { allow: [] };

/** What one account may do, and since when. */
interface Epoch {
  readonly at: number;
  readonly rights: RightsPlan;
}

/** One guest's account. */
class Account {
  readonly name: string;
  readonly epochs: Epoch[] = [];
  readonly taps = new Set<GuestTap>();
  /** Undefined: it is gone. */
  grant: Grant | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Whether something of it could be published at some moment of these. */
  couldPublish(topic: string, from: number, to: number): "always" | "never" | "sometimes" {
    const own = this.epochs.filter(({ at }, index) => {
      const next = this.epochs[index + 1]?.at ?? Infinity;
      return at <= to && next >= from;
    });
    const may = own.filter(({ rights }) => !rights.gone && permits(rights.publish, topic));
    return may.length === own.length ? "always" : may.length === 0 ? "never" : "sometimes";
  }
}

/** All accounts of a world, as the brokers ask for them. */
export class Accounts implements Gatekeeper {
  /** What is wrong, as it was seen. */
  readonly findings: string[] = [];
  readonly #accounts = new Map<string, Account>();
  readonly #plans: readonly GuestPlan[];
  readonly #states: States;

  constructor(
    plans: readonly GuestPlan[],
    { states }: { readonly states: States },
  ) {
    this.#plans = plans;
    this.#states = states;
    for (const { name } of plans) this.#accounts.set(name, new Account(name));
  }

  account(name: string): Account {
    return this.#accounts.get(name)!;
  }

  /** What is due by now is in force. `queued`: bytes that wait for a connection. */
  renewAll(now: number, queued: (address: string) => number): void {
    for (const { name, rights, rate } of this.#plans) {
      const limits = rate === undefined ? {} : { messageRate: rate };
      const account = this.account(name);
      const last = account.epochs.at(-1)?.rights;
      const due = rights.findLast(({ at }) => at <= now) ?? rights[0]!;
      if (due === last) continue;
      account.epochs.push({ at: now, rights: due });
      account.grant = due.gone ? undefined : grantOf(name, { ...due, limits });
      if (last !== undefined) this.#states.reached(due.gone ? "an account is gone" : "rights change");
      for (const tap of account.taps) tap.changed(due, queued(tap.address));
    }
  }

  /** A connection of a guest. */
  tap(name: string, transport: Transport, address: string): Transport {
    const account = this.account(name);
    const tap: GuestTap = new GuestTap(transport, {
      address,
      rights: account.epochs.at(-1)!.rights,
      found: (topic) => void this.findings.push(`${name} was given ${topic}, which it may not receive`),
      closed: () => void account.taps.delete(tap),
    });
    account.taps.add(tap);
    return tap;
  }

  admit(): never {
    throw new Error("guests are let in by where they connect");
  }

  admitClassic(): undefined {}

  renew(grant: Grant): Grant | undefined {
    return grant === HOST ? grant : this.account(grant.account!).grant;
  }
}

interface TapOptions {
  readonly address: string;
  readonly rights: RightsPlan;
  readonly found: (topic: string) => void;
  readonly closed: () => void;
}

/** Reads what a broker writes. */
class GuestTap implements Transport {
  readonly address: string;
  readonly #transport: Transport;
  readonly #options: TapOptions;
  /** From which byte on what was put there was put there under which rights. */
  readonly #epochs: { readonly from: number; readonly rights: RightsPlan }[];
  #written = 0;
  /** A line that is not whole, where it begins, and bytes that are passed over. */
  #rest = "";
  #start = 0;
  #skip = 0;
  #complained = false;

  constructor(transport: Transport, options: TapOptions) {
    this.#transport = transport;
    this.#options = options;
    this.address = options.address;
    this.#epochs = [{ from: 0, rights: options.rights }];
  }

  changed(rights: RightsPlan, queued: number): void {
    this.#epochs.push({ from: this.#written + queued, rights });
  }

  read(into: Uint8Array<ArrayBuffer>): Promise<number | null> {
    return this.#transport.read(into);
  }

  async write(from: Uint8Array<ArrayBuffer>): Promise<number> {
    const count = await this.#transport.write(from);
    this.#take(from.subarray(0, count));
    return count;
  }

  closeWrite(): Promise<void> {
    return this.#transport.closeWrite();
  }

  close(): void {
    this.#options.closed();
    this.#transport.close();
  }

  #take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const skipped = Math.min(this.#skip, bytes.length - at);
      this.#skip -= skipped;
      at += skipped;
      if (at === bytes.length) break;
      if (this.#rest === "") this.#start = this.#written + at;
      const lf = bytes.indexOf(LF, at);
      const end = lf < 0 ? bytes.length : lf;
      this.#rest += String.fromCharCode(...bytes.subarray(at, end));
      at = end + 1;
      if (lf < 0) break;
      this.#line(this.#rest);
      this.#rest = "";
    }
    this.#written += bytes.length;
  }

  /** One that holds a topic: a frame's, or in the classic protocol a message's. */
  #line(latin: string): void {
    const [verb = "", ...words] = latin.split(" ");
    if (verb === "pub") this.#skip = Number(words[1]) + 1;
    else if (verb === "batch") this.#skip = Number(words[2]);
    else if (!verb.startsWith("#")) return;
    const name = verb.startsWith("#") ? verb : words[0]!;
    const topic = new TextDecoder().decode(Uint8Array.from(name, (each) => each.charCodeAt(0)));
    const first = this.#epochs.findLastIndex(({ from }) => from <= this.#start);
    const may = this.#epochs.slice(first).some(({ rights }) =>
      !rights.gone && mayReceive(rights.receive ?? NOBODY, topic)
    );
    if (may || this.#complained) return;
    this.#complained = true;
    this.#options.found(topic);
  }
}
