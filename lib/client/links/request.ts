/**
 * What a subscriber asks a broker for, and what the broker answers.
 *
 * @module
 */

/** What a subscriber asks for. */
export interface Request {
  readonly verb: "sub" | "unsub";
  readonly pattern: string;
  /** Fields as in v2, each with a space before it; classic has none. */
  readonly fields: string;
  /**
   * Told of the acknowledgement, in its place among what the broker says. `from`: a subscription begins at
   * this sequence number, for what it asked for is no longer there; `last`: what it asked for lies beyond the
   * one after this, which is the last there is.
   */
  readonly accepted?: (from?: number, last?: number) => void;
  /** It leaves: what comes of it may come before it is acknowledged. */
  readonly leaves?: () => void;
  /** It has been answered, behind {@link accepted} where that was told, or its link has ended. */
  readonly over?: () => void;
}

/** What the broker answered: `ok`, or why not. */
export type Reply = "ok" | Refusal;

/** A refusal, as it came. */
export interface Refusal {
  /** Without `ERR_` in v2. */
  readonly code: string;
  /** The sentence with it; classic has none. */
  readonly text: string;
}
