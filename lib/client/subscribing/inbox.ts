/**
 * Where what arrives waits: in common, or with the subscription that is being iterated.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { ByTopic } from "../by_topic.ts";
import { Gap } from "../gap.ts";
import { Delivery, type SharedDelivery } from "../links/delivery.ts";
import { DeliveryQueue, type Given, type Item } from "./delivery_queue.ts";
import { failureOf, QueuedNotice } from "./queued_notice.ts";
import type { Stream } from "./stream.ts";
import { nameOf, shown, type SubscriptionName, takesIn } from "./subscription_name.ts";

/** The queues that a message is for; none: nobody wants it. */
type Route = readonly DeliveryQueue[];

/** What a subscriber's messages are sorted by. */
export interface InboxParts {
  /** What is subscribed to, as acknowledged. */
  readonly names: Iterable<SubscriptionName>;
  /** Told of each gap and notice when its reader has had all before it. */
  readonly onReached: (item: Gap | QueuedNotice) => void;
}

/**
 * The common queue, and one for each subscription that is being iterated.
 *
 * - A message is for each iterated subscription that takes it in, else for the common queue; one for a member
 *   of a group is for that group's alone. A gap and a notice name their pattern and go where that goes.
 * - What is in one queue alone and is given up by its reader goes back to its place in the common one:
 *   nothing is lost, and nothing is given out both there and by a subscription.
 * - What is only for subscriptions that are being taken back ({@link leave}, {@link refuse}) is dropped: it
 *   waits for nobody. But who iterates as a member of a group that is being left is given all that comes: it
 *   was given to no other member.
 * - While nobody iterates over a subscription, an item costs one comparison more than a queue.
 */
export class Inbox {
  readonly common: DeliveryQueue;
  readonly #names: Iterable<SubscriptionName>;
  readonly #onReached: (item: Gap | QueuedNotice) => void;
  /** By key, of what is subscribed. */
  readonly #streams = new Map<string, Stream>();
  readonly #iterated = new Map<Stream, DeliveryQueue>();
  /** By key, of what is being taken back. */
  readonly #leaving = new Map<string, SubscriptionName>();
  /** The same of what was granted when nobody waited for it any more. */
  readonly #unwanted = new Map<string, SubscriptionName>();
  /** The last item of a subscription that has come to its end. */
  readonly #last = new WeakMap<Item, Stream>();
  /** Of a message that went to several queues: how many have not given it up. */
  readonly #holders = new WeakMap<Delivery, number>();
  /** Of messages that are no group's. */
  readonly #routes = new ByTopic<Route>();
  readonly #groupRoutes = new Map<string, ByTopic<Route>>();
  /** Where gaps have their places: they are given out, and theirs is nobody's business. */
  readonly #gapPlaces = new WeakMap<Gap, number>();
  #arrived = 0;
  /** Everything goes to the common queue. */
  #plain = true;
  #stalled: PromiseWithResolvers<void> | undefined;
  #over = false;
  #error: Error | undefined;

  constructor({ names, onReached }: InboxParts) {
    this.#names = names;
    this.#onReached = onReached;
    this.common = new DeliveryQueue("this subscriber", { onReached: (item) => this.#reached(item) });
  }

  add(item: Given): void {
    if (this.#plain) return this.common.add(item);
    this.#setPlace(item);
    if (item instanceof Gap) return this.#addOf(keyOf(item), item);
    this.#give(item, this.#routes.get(item.topic) ?? this.#routeOf(item, this.#routes));
  }

  /** A message that came to this subscriber as a member of a group. */
  addShared(item: SharedDelivery): void {
    if (this.#plain) return this.common.add(item);
    this.#setPlace(item);
    const routes = this.#groupRoutes.get(item.group);
    this.#give(item, routes?.get(item.topic) ?? this.#routeOf(item, routes));
  }

  /** A notice that came; behind any but `live` nothing of its subscription follows. */
  addNotice(queued: QueuedNotice): void {
    const { kind } = queued.notice;
    const key = keyOf(queued);
    this.#setPlace(queued);
    const stream = this.#streams.get(key);
    if (kind === "live" || stream === undefined) return this.#addOf(key, queued);
    stream.told = true;
    this.#streams.delete(key);
    const isLeft = this.#leaving.delete(key);
    if (stream.state === "over") {
      this.#changed();
      return this.#forget([queued], stream.name);
    }
    this.#last.set(queued, stream);
    stream.state = isLeft ? "over" : "ended";
    const queue = this.#iterated.get(stream);
    this.#iterated.delete(stream);
    this.#changed();
    (queue ?? this.common).add(queued);
    if (queue !== undefined) finish(queue, queued);
  }

  /** Undefined, or a promise until which nothing more is to be read. */
  held(): Promise<void> | undefined {
    const held = this.#firstHeld();
    if (held === undefined) return undefined;
    this.#stalled?.resolve();
    this.#stalled = undefined;
    return this.#iterated.size === 0 ? held : this.#room();
  }

  /** Resolves when nothing is read until somebody takes what waits: nothing is answered then. */
  stalled(): Promise<void> {
    if (this.#firstHeld() !== undefined) return Promise.resolve();
    this.#stalled ??= Promise.withResolvers();
    return this.#stalled.promise;
  }

  end(): void {
    this.#over = true;
    for (const queue of [this.common, ...this.#iterated.values()]) queue.end();
  }

  fail(error: Error): void {
    this.#error = error;
    for (const queue of [this.common, ...this.#iterated.values()]) queue.fail(error);
  }

  /** The stream of what is subscribed to. */
  streamOf({ key }: SubscriptionName): Stream | undefined {
    return this.#streams.get(key);
  }

  /** A subscription was acknowledged. */
  opened(name: SubscriptionName): Stream {
    const { group, key } = name;
    this.#unwanted.delete(key);
    const stream: Stream = this.#streams.get(key) ?? { name, state: "live", told: false };
    this.#streams.set(key, stream);
    if (group !== undefined && !this.#groupRoutes.has(group)) this.#groupRoutes.set(group, new ByTopic());
    this.#changed();
    return stream;
  }

  /** The end of a subscription was acknowledged. */
  closed({ group, key }: SubscriptionName): void {
    this.#endIteration(key);
    this.#leaving.delete(key);
    this.#unwanted.delete(key);
    this.#streams.delete(key);
    if (group !== undefined && !this.#streams.values().some(({ name }) => name.group === group)) {
      this.#groupRoutes.delete(group);
    }
    this.#changed();
  }

  /**
   * A subscription is being taken back: what comes of it alone is dropped, until {@link closed} or {@link
   * stays}. Who iterates over it is given what had come, and of a group what comes until then: however much
   * that is, it keeps nothing from being read.
   */
  leave(name: SubscriptionName): void {
    const { group, key } = name;
    this.#leaving.set(key, name);
    if (group === undefined) this.#endIteration(key);
    else this.#streams.get(key)?.queue?.holdBack(false);
    this.#changed();
  }

  #endIteration(key: string): void {
    const stream = this.#streams.get(key);
    if (stream === undefined) return;
    stream.state = "over";
    const queue = this.#iterated.get(stream);
    this.#iterated.delete(stream);
    queue?.end();
  }

  /** As {@link leave}, of what was granted too late and nobody else has: until it is {@link opened}, too. */
  refuse(name: SubscriptionName): void {
    this.#unwanted.set(name.key, name);
    this.#changed();
  }

  /** It could not be taken back. */
  stays(name: SubscriptionName): void {
    const { group, key } = name;
    if (this.#unwanted.delete(key)) this.#changed();
    if (!this.#leaving.delete(key)) return;
    if (group !== undefined) this.#streams.get(key)?.queue?.holdBack(true);
    // who had it was told that it is over: whoever subscribes again has another
    else if (this.#streams.delete(key)) this.opened(name);
    this.#changed();
  }

  isIterated(stream: Stream): boolean {
    return this.#iterated.has(stream);
  }

  /** Drops what waits in common for this subscription alone. */
  drop(stream: Stream): void {
    const waiting = this.#waitingOf(stream, (message) => !this.#isWanted(message, stream.name));
    if (stream.state === "ended") stream.state = "over";
    this.#forget(waiting, stream.name);
  }

  /** Shows each message that waits, in common or with a subscription. */
  readonly waiting = (look: (message: Delivery) => void): void => {
    for (const queue of [this.common, ...this.#iterated.values()]) {
      queue.takeOut((item) => {
        if (item instanceof Delivery) look(item);
        return false;
      });
    }
  };

  /** A reader of what is for one subscription. Throws TypeError while there is another. */
  iterate(stream: Stream, { gaps }: { readonly gaps: boolean }): AsyncIterator<Given, undefined> {
    stream.queue ??= this.#queueFor(stream);
    return gaps ? stream.queue.gapReader() : stream.queue.reader();
  }

  #queueFor(stream: Stream): DeliveryQueue {
    this.#setPlaces();
    const queue: DeliveryQueue = new DeliveryQueue(`the subscription to ${shown(stream.name)}`, {
      onReached: (item) => this.#reached(item),
      onLeft: () => this.#left(stream, queue),
    });
    const waiting = stream.state === "over" ? [] : this.#waitingOf(stream, () => true);
    for (const item of waiting) queue.add(item);
    const last = waiting.at(-1);
    if (stream.state === "ended" && last instanceof QueuedNotice) {
      finish(queue, last);
    } else if (stream.state === "live" && this.#error !== undefined) {
      queue.fail(this.#error);
    } else if (stream.state !== "live" || this.#over) {
      queue.end();
    } else {
      this.#iterated.set(stream, queue);
      this.#changed();
    }
    return queue;
  }

  #left(stream: Stream, queue: DeliveryQueue): void {
    stream.queue = undefined;
    const sorted = this.#iterated.delete(stream);
    const rest = queue.takeOut(() => true);
    // as a member it may have gone on while it was taken back
    if (stream.state === "over" || this.#leaving.has(stream.name.key)) this.#forget(rest, stream.name);
    else this.#putBack(rest.filter((item) => this.#giveUp(item)));
    if (sorted) this.#changed();
  }

  #putBack(items: readonly Item[]): void {
    this.#setPlaces();
    const all = [...this.common.takeOut(() => true), ...items];
    for (const item of all.sort((one, other) => this.#placeOf(one) - this.#placeOf(other))) {
      this.common.putBack(item);
    }
  }

  /** Of what came while everything went to the common queue. */
  #setPlaces(): void {
    if (!this.#plain) return;
    this.common.takeOut((item) => {
      this.#setPlace(item);
      return false;
    });
  }

  #setPlace(item: Item): void {
    if (item instanceof Gap) this.#gapPlaces.set(item, this.#arrived++);
    else item.place = this.#arrived++;
  }

  #placeOf(item: Item): number {
    return item instanceof Gap ? this.#gapPlaces.get(item)! : item.place;
  }

  /** Takes what waits in common for a subscription, up to its end. */
  #waitingOf(stream: Stream, isFor: (message: Delivery) => boolean): Item[] {
    const { name } = stream;
    let ended = false;
    return this.common.takeOut((item) => {
      if (ended) return false;
      if (item instanceof Delivery) return takesIn(name, item) && isFor(item);
      ended = this.#last.get(item) === stream;
      return keyOf(item) === name.key;
    });
  }

  /** What is given out nowhere. */
  #forget(items: readonly Item[], name: SubscriptionName): void {
    for (const item of items) {
      this.#giveUp(item);
      if (!(item instanceof QueuedNotice)) continue;
      item.caughtUp.reject(new RunError(`${shown(name)} was unsubscribed before all of it had come`));
    }
  }

  /** It was not taken from a queue; whether no other was given it. */
  #giveUp(item: Item): boolean {
    const holders = item instanceof Delivery ? this.#holders.get(item) : undefined;
    if (!(item instanceof Delivery) || holders === undefined || holders === 1) return true;
    this.#holders.set(item, holders - 1);
    return false;
  }

  #addOf(key: string, item: Gap | QueuedNotice): void {
    const stream = this.#streams.get(key);
    const queue = stream === undefined ? undefined : this.#iterated.get(stream);
    const givenUp = this.#leaving.get(key) ?? this.#unwanted.get(key);
    if (queue !== undefined) queue.add(item);
    else if (givenUp !== undefined) this.#forget([item], givenUp);
    else this.common.add(item);
  }

  #give(item: Delivery, route: Route): void {
    if (route.length > 1) this.#holders.set(item, route.length);
    for (const queue of route) queue.add(item);
  }

  /** Where it goes, which is remembered. */
  #routeOf(message: Delivery, routes: ByTopic<Route> | undefined): Route {
    const queues = [...this.#iterated].flatMap(([{ name }, queue]) => takesIn(name, message) ? [queue] : []);
    const route = queues.length > 0 ? queues : this.#isDropped(message) ? [] : [this.common];
    routes?.set(message.topic, route);
    return route;
  }

  #isDropped(message: Delivery): boolean {
    const givenUp = [...this.#leaving.values(), ...this.#unwanted.values()];
    return givenUp.some((name) => takesIn(name, message)) && !this.#isWanted(message);
  }

  /** Whether a subscription that stays takes it in; `besides` is not asked. */
  #isWanted(message: Delivery, besides?: SubscriptionName): boolean {
    for (const name of this.#names) {
      if (name.key !== besides?.key && !this.#leaving.has(name.key) && takesIn(name, message)) return true;
    }
    return false;
  }

  #changed(): void {
    this.#routes.clear();
    for (const routes of this.#groupRoutes.values()) routes.clear();
    const plain = this.#iterated.size + this.#leaving.size + this.#unwanted.size === 0;
    if (!plain) this.#setPlaces();
    this.#plain = plain;
  }

  #reached(item: Gap | QueuedNotice): void {
    const stream = this.#last.get(item);
    if (stream !== undefined) stream.state = "over";
    this.#onReached(item);
  }

  #firstHeld(): Promise<void> | undefined {
    const common = this.common.held();
    if (common !== undefined) return common;
    for (const queue of this.#iterated.values()) {
      const held = queue.held();
      if (held !== undefined) return held;
    }
    return undefined;
  }

  async #room(): Promise<void> {
    for (let held = this.#firstHeld(); held !== undefined; held = this.#firstHeld()) await held;
  }
}

/** The subscription that a gap or a notice is of. */
function keyOf(item: Gap | QueuedNotice): string {
  const { pattern, group } = item instanceof Gap ? item : item.notice;
  return nameOf(pattern, group).key;
}

/** The last of a subscription has been added to its queue. */
function finish(queue: DeliveryQueue, { notice }: QueuedNotice): void {
  const failure = failureOf(notice);
  if (failure === undefined) queue.end();
  else queue.fail(failure);
}
