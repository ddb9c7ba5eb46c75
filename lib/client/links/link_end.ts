/**
 * The end of a link.
 *
 * @module
 */

/**
 * How a link ended. `reason` is a clause for a person; `turnedAway` what the broker said instead of serving
 * it.
 */
export interface LinkEnd {
  readonly reason: string;
  readonly turnedAway?: string | undefined;
  /** It was ended for what the client is not allowed any more: to come again would be no use. */
  readonly denied?: boolean | undefined;
}

/** How long a goodbye may take. */
export const GOODBYE_MS = 500;
