/**
 * One subscription, as far as its messages are concerned.
 *
 * @module
 */
import type { DeliveryQueue } from "./delivery_queue.ts";
import type { SubscriptionName } from "./subscription_name.ts";

/** What an inbox keeps of a subscription, from its acknowledgement on. */
export interface Stream {
  readonly name: SubscriptionName;
  /**
   * `ended`: the broker has told its end, which waits among the messages. `over`: it has been taken back, or
   * its end has been reached.
   */
  state: "live" | "ended" | "over";
  /** The broker has told its end, in whatever state it is: there is nothing to unsubscribe from. */
  told: boolean;
  /** While it is being iterated. */
  queue?: DeliveryQueue | undefined;
}
