/**
 * A notice among the messages.
 *
 * @module
 */
import type { Notice } from "../links/delivery.ts";

/** A notice that waits with the messages, for the consumer to have had all those before it. */
export class QueuedNotice {
  readonly notice: Notice;
  /** Its place among what has arrived, set by who sorts that. */
  place = 0;
  /** Settled when it is reached. */
  readonly caughtUp: PromiseWithResolvers<void>;

  constructor(notice: Notice, caughtUp: PromiseWithResolvers<void>) {
    this.notice = notice;
    this.caughtUp = caughtUp;
  }
}
