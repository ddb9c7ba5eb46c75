/**
 * From a topic to its subscribers: what every engine of ours begins with.
 *
 * @module
 */
import type { HeldMemory } from "../held_memory.ts";
import { ROUTES_AGE_MS, ROUTES_BYTES_KEPT, ROUTES_BYTES_MOST, ROUTES_MOST } from "../limits.ts";
import { PatternTable } from "../topics/pattern_table.ts";
import { TopicTable } from "../topics/topic_table.ts";
import { encodeText } from "../wire/bytes.ts";
import type { Run } from "../wire/run.ts";
import { Changes } from "./changes.ts";
import { onePerConnection } from "./one_per_connection.ts";
import type { Gate, Route, Subscriber } from "./types.ts";

/** A topic and who gets it, as of one state of the subscriptions. */
export class SubscribedRoute implements Route {
  readonly topic: string;
  readonly topicBytes: number;
  /** Whether its messages are stored first. */
  readonly durable: boolean;
  /** Whether something has been stored in it since it is known here. */
  stored = false;
  subscribers: readonly Subscriber[] = NOBODY;
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
  /** What is told how much is remembered; undefined: nobody is. */
  readonly memory?: HeldMemory | undefined;
}

/** What a route takes beside its name and its subscribers: itself, its topic's string and their list. */
const ROUTE_BYTES = 144;
const SUBSCRIBER_BYTES = 8;
const NOBODY: readonly Subscriber[] = [];

/**
 * Guarantees: a run reaches all subscribers of its topic; a subscriber gets a message once however many of
 * its patterns take it in, and so does a connection (C5); runs are handed on in the order of the calls (C6).
 * What is remembered of topics is bounded and can be made anew; a change of the subscriptions costs only the
 * topics it touches.
 */
export class Routing {
  readonly #patterns: PatternTable<Subscriber>;
  readonly #routes: TopicTable<SubscribedRoute>;
  readonly #isDurable: (topic: string) => boolean;
  readonly #changes: Changes;
  /** How often the subscribers of a topic were found anew. */
  #found = 0;
  /** How often that had to look into the patterns last. */
  #looks = 0;
  #agedAt = 0;

  constructor({ seed, isDurable, memory }: RoutingOptions) {
    this.#patterns = new PatternTable(seed);
    this.#changes = new Changes(seed);
    this.#routes = new TopicTable({
      seed,
      most: ROUTES_MOST,
      mostBytes: ROUTES_BYTES_MOST,
      weigh: ({ topic, subscribers }) =>
        ROUTE_BYTES + 2 * topic.length + SUBSCRIBER_BYTES * subscribers.length,
      ...(memory === undefined ? {} : { memory }),
    });
    this.#isDurable = isDurable;
  }

  /** How many (pattern, subscriber) pairs there are. */
  get subscriptions(): number {
    return this.#patterns.size;
  }

  /** How many topics are remembered. */
  get topics(): number {
    return this.#routes.size;
  }

  /** How often the subscribers of a topic were looked for among the patterns: for tests. */
  get searches(): number {
    return this.#found;
  }

  /** Time has passed; `now` is milliseconds. Topics that nobody publishes to any more are forgotten. */
  tick(now: number): void {
    const since = now - this.#agedAt;
    if (since >= 0 && since < ROUTES_AGE_MS) return;
    this.#agedAt = now;
    if (this.#routes.bytes > ROUTES_BYTES_KEPT) this.#routes.age();
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
    const added = this.#patterns.add(pattern, subscriber);
    if (added) this.#changes.add(pattern);
    return added;
  }

  unsubscribe(pattern: string, subscriber: Subscriber): boolean {
    const removed = this.#patterns.remove(pattern, subscriber);
    if (removed) this.#changes.add(pattern);
    return removed;
  }

  #subscribersOf(route: SubscribedRoute): readonly Subscriber[] {
    const { state } = this.#changes;
    if (route.asOf === state) return route.subscribers;
    // a list of many is as costly to make as to find them
    if (this.#changes.concern(route, this.#looks + route.subscribers.length)) {
      const before = route.subscribers.length;
      route.subscribers = this.#search(route);
      const more = route.subscribers.length - before;
      if (more !== 0) this.#routes.grew(SUBSCRIBER_BYTES * more);
    }
    route.asOf = state;
    return route.subscribers;
  }

  #search({ topic, durable }: SubscribedRoute): readonly Subscriber[] {
    this.#found++;
    const found = new Set<Subscriber>();
    this.#looks = this.#patterns.match(topic, found);
    return found.size === 0 ? NOBODY : onePerConnection(found, durable);
  }
}
