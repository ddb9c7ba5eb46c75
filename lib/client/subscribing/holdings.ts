/**
 * What is held of groups whose messages are to be settled.
 *
 * @module
 */
import { matches } from "../../topics/topic.ts";
import { type Delivery, type SharedBytes, SharedDelivery } from "../links/delivery.ts";
import { Holding, LeasedDelivery } from "../links/leased_delivery.ts";
import type { Settlements } from "../links/settlements.ts";
import type { SubscriptionName } from "./subscription_name.ts";

/** A group, and what the connection that there is holds of it. */
interface Held {
  readonly name: SubscriptionName;
  holding: Holding | undefined;
  /** It is being left: what still comes of it is not given out. */
  leaving: boolean;
}

/** Tells messages that are to be settled from others that come to members of groups. */
export class Holdings {
  readonly #held = new Map<string, Held>();
  /** Asked for, and not yet answered: its messages may come before the answer. */
  readonly #asked = new Map<string, Held>();

  /** It is asked for. */
  ask(name: SubscriptionName): void {
    // who is about to leave it comes back
    if (this.#held.get(name.key)?.leaving === false) return;
    this.#asked.set(name.key, { name, holding: undefined, leaving: false });
  }

  /** It was granted. */
  open(name: SubscriptionName): void {
    const { key } = name;
    const asked = this.#asked.get(key) ?? { name, holding: undefined, leaving: false };
    const held = this.#held.get(key);
    if (held === undefined || held.leaving) this.#held.set(key, asked);
    this.#asked.delete(key);
  }

  /** It was refused. */
  refused({ key }: SubscriptionName): void {
    this.#asked.delete(key);
  }

  /**
   * It is being left: what is held of it, and was not settled before, is given back. What waits and nobody
   * has looked at does not count as given out.
   */
  leave({ key }: SubscriptionName, waiting: (look: (message: Delivery) => void) => void): void {
    const held = this.#held.get(key);
    if (held === undefined || held.leaving) return;
    held.leaving = true;
    const { holding } = held;
    if (holding === undefined) return;
    waiting((message) => {
      if (message instanceof LeasedDelivery) message.release(holding);
    });
    holding.left = true;
  }

  /** It could not be left. */
  stays({ key }: SubscriptionName): void {
    const held = this.#held.get(key);
    if (held !== undefined) this.#held.set(key, { name: held.name, holding: undefined, leaving: false });
  }

  /** It has been left. */
  close({ key }: SubscriptionName): void {
    if (this.#held.get(key)?.leaving === true) this.#held.delete(key);
  }

  /** A message for a member of a group. */
  take(topic: string, message: SharedBytes, settlements: Settlements): SharedDelivery {
    const held = this.#of(topic, message.group);
    if (held === undefined) return new SharedDelivery(topic, message);
    if (held.holding?.settlements !== settlements) {
      held.holding = new Holding(settlements);
      held.holding.left = held.leaving;
    }
    return new LeasedDelivery(topic, message, held.holding);
  }

  #of(topic: string, group: string): Held | undefined {
    return find(this.#held, topic, group) ?? find(this.#asked, topic, group);
  }
}

function find(held: ReadonlyMap<string, Held>, topic: string, group: string): Held | undefined {
  for (const each of held.values()) {
    if (each.name.group === group && matches(each.name.pattern, topic)) return each;
  }
  return undefined;
}
