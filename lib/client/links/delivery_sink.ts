/**
 * Where a subscriber's link hands what arrives.
 *
 * @module
 */
import type { Gap } from "../gap.ts";
import type { Delivery, Notice, SharedBytes, StoredDelivery } from "./delivery.ts";
import type { Settlements } from "./settlements.ts";

/** Who takes the deliveries of a subscriber's link. */
export interface DeliverySink {
  take(item: Delivery | Gap): void;
  takeStored(message: StoredDelivery): void;
  /** A message for a member of a group; `settlements`: what can be said of it over this connection. */
  takeShared(topic: string, message: SharedBytes, settlements: Settlements): void;
  notice(notice: Notice): void;
  /** The broker reads what is stored of it again, for it has not kept up (D4). */
  fellBehind(pattern: string): void;
  /** Undefined, or a promise until which nothing more is to be read: the consumer is behind. */
  held(): Promise<void> | undefined;
}
