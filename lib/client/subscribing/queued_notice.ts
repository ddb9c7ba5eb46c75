/**
 * A notice among the messages.
 *
 * @module
 */
import { RefusedError, RunError } from "../../errors.ts";
import type { Notice } from "../links/delivery.ts";
import { nameOf, shown } from "./subscription_name.ts";

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

/**
 * Why a subscription ended before its end: what is stored cannot be read, or it may not be received any more
 * (P8). Undefined: it did not.
 */
export function failureOf(
  { kind, pattern, group, reason }: Notice,
): RunError | RefusedError | undefined {
  const name = shown(nameOf(pattern, group));
  if (kind === "failed") return new RunError(`what is stored of ${name} cannot be read: ${reason}`);
  if (kind === "ended") {
    return new RefusedError("DENIED", `the broker has ended the subscription to ${name}: ${reason}`);
  }
  return undefined;
}
