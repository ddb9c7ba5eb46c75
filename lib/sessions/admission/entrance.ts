/**
 * A session's way in, where there are accounts.
 *
 * @module
 */
import type { Admission, Credentials, Gatekeeper, Visitor } from "../../auth/gatekeeper.ts";
import type { Grant } from "../../auth/grant.ts";
import type { Gate } from "../../engine/types.ts";
import type { Protocol, Refusal } from "../../protocols/types.ts";
import { refusal } from "../refusal.ts";

/** Who wants to come in. */
export interface Comer {
  /** Undefined: it is not in. */
  grant: Grant | undefined;
  /** As it calls itself. */
  readonly id: string;
  readonly standing: {
    /** Whether its account had as many connections as it may before this one. */
    readonly isTooMany: boolean;
  };
}

/**
 * As a {@link Gate} it is full while it is asked who somebody is (A1): the session stands still meanwhile,
 * and does nothing for who that may be.
 */
export class Entrance implements Gate {
  readonly #gatekeeper: Gatekeeper;
  readonly #comer: Comer;
  readonly #address: string;
  /** Whether it was looked whether it may come in as it is: that is done once. */
  #looked = false;
  #protocol: Protocol | undefined;
  #admission: Admission | undefined;
  #callbacks: Array<() => void> = [];

  /** `address`: without a port. */
  constructor(
    gatekeeper: Gatekeeper,
    { comer, address }: { readonly comer: Comer; readonly address: string },
  ) {
    this.#gatekeeper = gatekeeper;
    this.#comer = comer;
    this.#address = address;
  }

  get full(): boolean {
    return this.#protocol !== undefined && this.#admission === undefined;
  }

  whenNotFull(callback: () => void): void {
    if (this.full) this.#callbacks.push(callback);
    else callback();
  }

  /** It is what it is, and shows no credentials (A3). Whether it is in. */
  asItIs(): boolean {
    if (this.#comer.grant === undefined && !this.#looked) {
      this.#looked = true;
      this.#comer.grant = this.#gatekeeper.admitClassic(this.#visitor);
      if (this.#comer.standing.isTooMany) this.#comer.grant = undefined;
    }
    return this.#comer.grant !== undefined;
  }

  /** It shows credentials, and wants to speak that. */
  ask(credentials: Credentials, protocol: Protocol): void {
    this.#protocol = protocol;
    this.#gatekeeper.admit(credentials, this.#visitor, (admission) => {
      this.#admission = admission;
      // at once, so that no change of accounts passes it by
      if (admission.kind === "admitted") this.#comer.grant = admission.grant;
      for (const callback of this.#callbacks.splice(0)) callback();
    });
  }

  /** It shows nothing that could let it in, or has come in by another way already. */
  deny(protocol: Protocol): void {
    this.#protocol = protocol;
    this.#admission = { kind: "denied", reason: "" };
  }

  /**
   * What came of it, once: what is spoken from then on, or why it is not let in; undefined: nothing was
   * asked, or it is not known yet.
   */
  take(): Protocol | Refusal | undefined {
    const admission = this.#admission;
    const protocol = this.#protocol;
    if (admission === undefined || protocol === undefined) return undefined;
    this.#admission = this.#protocol = undefined;
    if (admission.kind === "admitted") {
      return this.#comer.standing.isTooMany ? refusal("TOO_MANY_CONNECTIONS", TOO_MANY) : protocol;
    }
    return refusal(admission.kind === "busy" ? "BUSY" : "DENIED", admission.reason);
  }

  get #visitor(): Visitor {
    return { id: this.#comer.id, address: this.#address };
  }
}

const TOO_MANY = "this account has as many connections as it may (its max-connections)";
