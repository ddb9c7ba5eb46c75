/**
 * Who lets sessions in: the seam between them and what is known of accounts.
 *
 * @module
 */
import type { Grant } from "./grant.ts";

/** What somebody says who they are with. */
export interface Credentials {
  /** An account's name. */
  readonly user: string;
  /** What only its owner knows. */
  readonly secret: string;
}

/** Who asks to be let in. */
export interface Visitor {
  /** As it calls itself. */
  readonly id: string;
  /** Where it comes from, without a port: an IPv4 address in its IPv4 form. */
  readonly address: string;
}

/**
 * What becomes of it. `busy`: too many wait to be let in, so nobody has looked. `reason`: a sentence for the
 * peer, which says no more than it may know.
 */
export type Admission =
  | { readonly kind: "admitted"; readonly grant: Grant }
  | { readonly kind: "denied" | "busy"; readonly reason: string };

/** One a broker that has accounts; a broker without has none. */
export interface Gatekeeper {
  /**
   * Checks credentials; it takes some time, and as long for who is not known. `done` is called once, always
   * in another turn.
   */
  admit(credentials: Credentials, visitor: Visitor, done: (admission: Admission) => void): void;
  /** What who comes without credentials may do, which a classic client has to; undefined: nothing. */
  admitClassic(visitor: Visitor): Grant | undefined;
  /**
   * Accounts have changed, or time has passed: what who had this grant may do now; the same object where that
   * is as it was, undefined where it has no place here any more.
   */
  renew(grant: Grant, visitor: Visitor): Grant | undefined;
  /** Time has passed. True: what {@link renew} says is another thing than before. */
  tick?(): boolean;
}
