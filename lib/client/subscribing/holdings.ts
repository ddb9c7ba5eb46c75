/**
 * What is held of groups whose messages are to be settled.
 *
 * @module
 */
import { matches } from "../../topics/topic.ts";
import { type SharedBytes, SharedDelivery } from "../links/delivery.ts";
import { Holding, LeasedDelivery } from "../links/leased_delivery.ts";
import type { Settlements } from "../links/settlements.ts";
import type { SubscriptionName } from "./subscription_name.ts";

/** A group, and what the connection that there is holds of it. */
interface Held {
  readonly name: SubscriptionName;
  holding: Holding | undefined;
}

/** Tells messages that are to be settled from others that come to members of groups. */
export class Holdings {
  readonly #held = new Map<string, Held>();
  /** Asked for, and not yet answered: its messages may come before the answer. */
  readonly #asked = new Map<string, Held>();

  /** It is asked for. */
  ask(name: SubscriptionName): void {
    if (!this.#held.has(name.key)) this.#asked.set(name.key, { name, holding: undefined });
  }

  /** It was granted. */
  open(name: SubscriptionName): void {
    const { key } = name;
    this.#held.set(key, this.#held.get(key) ?? this.#asked.get(key) ?? { name, holding: undefined });
    this.#asked.delete(key);
  }

  /** It was refused. */
  refused({ key }: SubscriptionName): void {
    this.#asked.delete(key);
  }

  /** It is being left: what is held of it is given back, when what was settled before has been told. */
  leave({ key }: SubscriptionName): void {
    const held = this.#held.get(key);
    if (held?.holding === undefined) return;
    held.holding.settlements.flush();
    held.holding.left = true;
    held.holding = undefined;
  }

  /** It has been left. */
  close({ key }: SubscriptionName): void {
    this.#held.delete(key);
  }

  /** The client ends. */
  leaveAll(): void {
    for (const { name } of this.#held.values()) this.leave(name);
  }

  /** A message for a member of a group. */
  take(topic: string, message: SharedBytes, settlements: Settlements): SharedDelivery {
    const held = this.#of(topic, message.group);
    if (held === undefined) return new SharedDelivery(topic, message);
    if (held.holding?.settlements !== settlements) held.holding = new Holding(settlements);
    return new LeasedDelivery(topic, message, held.holding);
  }

  #of(topic: string, group: string): Held | undefined {
    if (this.#held.size + this.#asked.size === 0) return undefined;
    return find(this.#held, topic, group) ?? find(this.#asked, topic, group);
  }
}

function find(held: ReadonlyMap<string, Held>, topic: string, group: string): Held | undefined {
  for (const each of held.values()) {
    if (each.name.group === group && matches(each.name.pattern, topic)) return each;
  }
  return undefined;
}
