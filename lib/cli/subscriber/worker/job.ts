/**
 * A message as something to be done.
 *
 * @module
 */
import { visible } from "../../../text.ts";
import type { Arrived } from "../../messages/message.ts";

/** A message that came to a member of a group. Of a topic in memory it is nobody else's from then on. */
export type Job = Arrived;

/** A job that is this member's for a time, and another's after that. The library's leased message is one. */
export interface LeasedJob extends Job {
  /** Milliseconds until it is another's, and how often it is given out, where the broker says it. */
  readonly ackTimeout: number | undefined;
  readonly maxAttempts: number | undefined;
  /** It is done. Resolves when that is stored; rejects with what the broker, or the loss of it, said. */
  ack(): Promise<void>;
  /**
   * It is not: it comes again, to this member or another, in so many milliseconds. `unused`: no command was
   * run for it, so it does not count as given out.
   */
  nack(options?: { readonly delay?: number; readonly unused?: boolean }): Promise<void>;
  /** Its time begins anew. */
  extend(): Promise<void>;
}

/** Whether it can be acknowledged and given back: it has a number, so its topic is kept. */
export function isLeased(job: Job): job is LeasedJob {
  return "ack" in job && job.seq !== undefined;
}

/** How a message is called: `#jobs 12`. */
export function nameOf({ topic, seq }: Job): string {
  return seq === undefined ? visible(topic) : `${visible(topic)} ${seq}`;
}
