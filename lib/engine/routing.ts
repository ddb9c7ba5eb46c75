/**
 * From a topic to its subscribers: what every engine of ours begins with.
 *
 * @module
 */
import { ROUTED_SUBSCRIBERS_MOST, ROUTES_MOST } from "../limits.ts";
import { TopicTable } from "../topics/topic_table.ts";
import { Trie } from "../topics/trie.ts";
import { encodeText } from "../wire/bytes.ts";
import type { Run } from "../wire/run.ts";
import { onePerConnection } from "./one_per_connection.ts";
import type { Gate, Route, Subscriber } from "./types.ts";

/** A topic and who gets it, as of one state of the subscriptions. */
export class SubscribedRoute implements Route {
  readonly topic: string;
  readonly topicBytes: number;
  /** Whether its messages are stored first. */
  readonly durable: boolean;
  subscribers: readonly Subscriber[] = [];
  /** The state of the subscriptions that `subscribers` was found in. */
  asOf = -1;

  constructor(topic: string, { topicBytes, durable }: { topicBytes: number; durable: boolean }) {
    this.topic = topic;
    this.topicBytes = topicBytes;
    this.durable = durable;
  }
}

/** How topics are routed. */
export interface RoutingOptions {
  /** Any number that peers cannot guess. */
  readonly seed: number;
  /** Whether the messages of a topic are stored. */
  readonly isDurable: (topic: string) => boolean;
}

/**
 * Guarantees: a run reaches all subscribers of its topic; a subscriber gets a message once however many of
 * its patterns take it in, and so does a connection (C5); runs are handed on in the order of the calls (C6).
 */
export class Routing {
  readonly #trie = new Trie<Subscriber>();
  readonly #routes: TopicTable<SubscribedRoute>;
  readonly #isDurable: (topic: string) => boolean;
  /** Goes up with every change of the subscriptions: what routes remember is good for one state only. */
  #state = 0;
  /** Subscribers remembered by all routes together. */
  #remembered = 0;

  constructor({ seed, isDurable }: RoutingOptions) {
    this.#routes = new TopicTable(ROUTES_MOST, seed);
    this.#isDurable = isDurable;
  }

  /** How many (pattern, subscriber) pairs there are. */
  get subscriptions(): number {
    return this.#trie.size;
  }

  /** How many topics are remembered. */
  get topics(): number {
    return this.#routes.size;
  }

  find(bytes: Uint8Array, start: number, end: number): SubscribedRoute | undefined {
    return this.#routes.find(bytes, start, end);
  }

  routeOf(topic: string): SubscribedRoute {
    const name = encodeText(topic);
    const known = this.#routes.find(name, 0, name.length);
    if (known !== undefined) return known;
    const route = new SubscribedRoute(topic, { topicBytes: name.length, durable: this.#isDurable(topic) });
    this.#routes.add(name, route);
    return route;
  }

  /** The first of a topic's subscribers that is full. */
  gateOf(route: SubscribedRoute): Gate | undefined {
    const subscribers = this.#subscribersOf(route);
    for (let at = 0; at < subscribers.length; at++) if (subscribers[at]!.full) return subscribers[at];
    return undefined;
  }

  /** Hands a run to its subscribers; how many there are. */
  deliver(run: Run): number {
    const subscribers = this.#subscribersOf(run.route as SubscribedRoute);
    for (let at = 0; at < subscribers.length; at++) subscribers[at]!.deliver(run);
    return subscribers.length;
  }

  subscribe(pattern: string, subscriber: Subscriber): boolean {
    const added = this.#trie.add(pattern, subscriber);
    if (added) this.#state++;
    return added;
  }

  unsubscribe(pattern: string, subscriber: Subscriber): boolean {
    const removed = this.#trie.remove(pattern, subscriber);
    if (removed) this.#state++;
    return removed;
  }

  #subscribersOf(route: SubscribedRoute): readonly Subscriber[] {
    if (route.asOf === this.#state) return route.subscribers;
    const found = new Set<Subscriber>();
    this.#trie.match(route.topic, found);
    const subscribers = onePerConnection(found, route.durable);
    this.#remembered += subscribers.length - route.subscribers.length;
    if (this.#remembered > ROUTED_SUBSCRIBERS_MOST) {
      // routes that sessions still hold go on working, they are only no longer found by others
      this.#routes.clear();
      this.#remembered = subscribers.length;
    }
    route.subscribers = subscribers;
    route.asOf = this.#state;
    return subscribers;
  }
}
