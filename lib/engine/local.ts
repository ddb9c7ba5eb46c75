/**
 * The engine of one broker on its own: topics in memory.
 *
 * @module
 */
import { ROUTED_SUBSCRIBERS_MOST, ROUTES_MOST } from "../limits.ts";
import { TopicTable } from "../topics/topic_table.ts";
import { Trie } from "../topics/trie.ts";
import type { Counters, Engine, Route, Run, Subscriber } from "./types.ts";

/** A topic and who gets it, as of one state of the subscriptions. */
class LocalRoute implements Route {
  readonly topic: string;
  readonly topicBytes: number;
  subscribers: readonly Subscriber[] = [];
  /** The state of the subscriptions that `subscribers` was found in. */
  asOf = -1;

  constructor(topic: string, topicBytes: number) {
    this.topic = topic;
    this.topicBytes = topicBytes;
  }
}

/**
 * Guarantees: a run reaches all subscribers of its topic or, while one is full, none; a subscriber gets a message once
 * however many of its patterns take it in; the runs of one publisher keep their order on every topic, since they are handed
 * on in the order of the calls.
 */
export class LocalEngine implements Engine {
  readonly counters: Counters = { published: 0, delivered: 0, dropped: 0, refused: 0 };
  readonly #trie = new Trie<Subscriber>();
  readonly #routes: TopicTable<LocalRoute>;
  readonly #encoder = new TextEncoder();
  /** Goes up with every change of the subscriptions: what routes remember is good for one state only. */
  #state = 0;
  /** Subscribers remembered by all routes together. */
  #remembered = 0;

  /** `seed`: any number that peers cannot guess. */
  constructor(seed = 0) {
    this.#routes = new TopicTable(ROUTES_MOST, seed);
  }

  /** How many (pattern, subscriber) pairs there are. */
  get subscriptions(): number {
    return this.#trie.size;
  }

  findRoute(bytes: Uint8Array, start: number, end: number): Route | undefined {
    return this.#routes.find(bytes, start, end);
  }

  routeOf(topic: string): Route {
    const name = this.#encoder.encode(topic);
    const known = this.#routes.find(name, 0, name.length);
    if (known !== undefined) return known;
    const route = new LocalRoute(topic, name.length);
    this.#routes.add(name, route);
    return route;
  }

  publish(run: Run): Subscriber | undefined {
    const subscribers = this.#subscribersOf(run.route as LocalRoute);
    for (let at = 0; at < subscribers.length; at++) {
      if (subscribers[at]!.full) return subscribers[at];
    }
    this.counters.published += run.count;
    run.reached = subscribers.length;
    for (let at = 0; at < subscribers.length; at++) subscribers[at]!.deliver(run);
    return undefined;
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

  #subscribersOf(route: LocalRoute): readonly Subscriber[] {
    if (route.asOf === this.#state) return route.subscribers;
    const found = new Set<Subscriber>();
    this.#trie.match(route.topic, found);
    const subscribers = onePerConnection(found);
    this.#remembered += subscribers.length - route.subscribers.length;
    if (this.#remembered > ROUTED_SUBSCRIBERS_MOST) {
      // routes that sessions still hold go on working, they are only no longer found by others
      this.#routes.clear();
      this.#remembered = subscribers.length;
    }
    route.subscribers = subscribers;
    route.asOf = this.#state;
    return route.subscribers;
  }
}

function onePerConnection(found: ReadonlySet<Subscriber>): readonly Subscriber[] {
  const chosen = new Map<object, Subscriber>();
  for (const subscriber of found) {
    const other = chosen.get(subscriber.connection);
    if (other === undefined || other.rank < subscriber.rank) chosen.set(subscriber.connection, subscriber);
  }
  return [...chosen.values()];
}
