/**
 * One connection from its first byte to its last, in either protocol.
 *
 * @module
 */
import type { ClassicLink } from "./classic_link.ts";
import type { Delivery, Gap, Notice, StoredDelivery } from "./delivery.ts";
import type { FrameLink } from "./frame_link.ts";

/** A connection in use. */
export type Link = ClassicLink | FrameLink;

/** How a link ended. `reason` is a clause for a person; `turnedAway` what the broker said instead of serving it. */
export interface LinkEnd {
  readonly reason: string;
  readonly turnedAway?: string | undefined;
}

/** Who takes the deliveries of a subscriber's link. */
export interface DeliverySink {
  take(item: Delivery | Gap): void;
  takeStored(message: StoredDelivery): void;
  notice(notice: Notice): void;
  /** Undefined, or a promise until which nothing more is to be read: the consumer is behind. */
  held(): Promise<void> | undefined;
}

/** What a subscriber asks for. */
export interface Request {
  readonly verb: "sub" | "unsub";
  readonly pattern: string;
  /** Fields as in v2, each with a space before it; classic has none. */
  readonly fields: string;
  /**
   * Told of the acknowledgement, in its place among what the broker says. `from`: a subscription begins at this sequence number,
   * for what it asked for is no longer there.
   */
  readonly accepted?: (from: number | undefined) => void;
}

/** What the broker answered: `ok`, or why not. */
export type Reply = "ok" | Refusal;

/** A no, as it came. */
export interface Refusal {
  /** Without `ERR_`. */
  readonly code: string;
  /** The sentence with it; classic has none. */
  readonly text: string;
}

/** How long a goodbye may take. */
export const GOODBYE_MS = 500;

/** Waits for a promise, but no longer than so many milliseconds. */
export async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([promise, new Promise((resolve) => timer = setTimeout(resolve, ms))]);
  clearTimeout(timer);
}
