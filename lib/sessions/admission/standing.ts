/**
 * What one session may do and hold, from moment to moment.
 *
 * @module
 */
import type { Grant } from "../../auth/grant.ts";
import type { Gate, NewTopics } from "../../engine/types.ts";
import type { Limits } from "../../limits.ts";
import type { Outbox } from "../outbox/outbox.ts";
import type { Settings } from "../settings.ts";
import { limitsOf, type Use } from "./account_uses.ts";
import type { RateGate } from "./publish_rate.ts";

/** Follows the session's grant; a session without one has the broker's limits. */
export class Standing {
  readonly #settings: Pick<Settings, "accounts" | "limits">;
  readonly #outbox: Pick<Outbox, "most">;
  #grant: Grant | undefined;
  #limits: Limits;
  #use: Use | undefined;
  #gone = false;

  constructor(settings: Pick<Settings, "accounts" | "limits">, outbox: Pick<Outbox, "most">) {
    this.#settings = settings;
    this.#outbox = outbox;
    this.#limits = settings.limits;
  }

  get grant(): Grant | undefined {
    return this.#grant;
  }

  /** Counts with the account's other connections from now on, and has its limits. */
  set grant(grant: Grant | undefined) {
    // who is gone counts with nobody any more, whatever comes of its login
    if (grant === this.#grant || this.#gone) return;
    const { accounts, limits } = this.#settings;
    this.#leave();
    this.#grant = grant;
    this.#use = grant === undefined ? undefined : accounts.enter(grant);
    this.#limits = limitsOf(limits, grant);
    this.#outbox.most = this.#limits.outbox;
  }

  get limits(): Limits {
    return this.#limits;
  }

  /** Whether its account had as many connections as it may before this one. */
  get isTooMany(): boolean {
    return this.#use?.isTooMany === true;
  }

  /** What it has to stand still at before it publishes more; undefined: nothing. */
  get held(): RateGate | undefined {
    const gate = this.#use?.gate;
    return gate?.full === true ? gate : undefined;
  }

  /** How many topics may begin with what it publishes; undefined: as many as with anybody's. */
  get newTopics(): NewTopics | undefined {
    return this.#use?.newTopics;
  }

  /** Bytes that it reads at a time at most, so that no wait is for much more than what was read. */
  get readMost(): number {
    return this.#use?.gate?.readMost ?? Infinity;
  }

  /** So much was published. */
  spend(messages: number, bytes: number): void {
    this.#use?.gate?.spend(messages, bytes);
  }

  /** All that was read is handled, or what is left waits for this: the account's others go on meanwhile. */
  rest(waitsFor?: Gate): void {
    const gate = this.#use?.gate;
    if (gate !== waitsFor) gate?.rest();
  }

  /** The connection is gone. */
  close(): void {
    this.#gone = true;
    this.#leave();
  }

  #leave(): void {
    if (this.#use !== undefined && this.#grant !== undefined) {
      this.#settings.accounts.leave(this.#grant, this.#use);
    }
    this.#use = undefined;
  }
}
