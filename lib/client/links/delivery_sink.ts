/**
 * Where a subscriber's link hands what arrives.
 *
 * @module
 */
import type { Gap } from "../gap.ts";
import type { Delivery, Notice, SharedDelivery, StoredDelivery } from "./delivery.ts";

/** Who takes the deliveries of a subscriber's link. */
export interface DeliverySink {
  take(item: Delivery | Gap): void;
  takeStored(message: StoredDelivery): void;
  takeShared(message: SharedDelivery): void;
  notice(notice: Notice): void;
  /** Undefined, or a promise until which nothing more is to be read: the consumer is behind. */
  held(): Promise<void> | undefined;
}
