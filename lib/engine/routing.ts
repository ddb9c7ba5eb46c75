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
import type { Encoding } from "../wire/encoding.ts";
import type { Run } from "../wire/run.ts";
import { Changes } from "./changes.ts";
import { onePerConnection } from "./one_per_connection.ts";
import { type CountedTopic, TopicCounts } from "./topic_counts.ts";
import type { Gate, Receiving, Route, Subscriber } from "./types.ts";

/** A topic and who gets it, as of one state of the subscriptions. */
export class SubscribedRoute implements Route {
  readonly topic: string;
  readonly topicBytes: number;
  /** Whether its messages are stored first. */
  readonly durable: boolean;
  /** Whether something was stored in it since it is known here; what was named before was, or is being. */
  stored = false;
  /** Whether it has been put into the table. */
  kept = false;
  subscribers: readonly Subscriber[] = NOBODY;
  /** Whether that list is another topic's as well, and counted there. */
  shares = false;
  /** Whether its topic is known to be in the store: something of it was stored. */
  begun = false;
  /** The state of the subscriptions that `subscribers` was found in. */
  asOf = -1;
  openTo: object | undefined = undefined;
  closedTo: object | undefined = undefined;
  /** What was published to it; undefined: topics are not counted. */
  readonly counts: TopicCounts | undefined;
  /** The last walk over all topics that came by. */
  walk = 0;

  constructor(
    topic: string,
    { topicBytes, durable, counts }: {
      topicBytes: number;
      durable: boolean;
      counts: TopicCounts | undefined;
    },
  ) {
    this.topic = topic;
    this.topicBytes = topicBytes;
    this.durable = durable;
    this.counts = counts;
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
  /** Whether it is counted what is published to each topic; left out: it is not. */
  readonly countsTopics?: boolean | undefined;
}

/** What a route takes beside its name and its subscribers: itself, its topic's string and their list. */
const ROUTE_BYTES = 160;
const SUBSCRIBER_BYTES = 8;
/** What its counts take. */
const COUNTS_BYTES = 176;
/** Where topics are counted so many are remembered from the first message on, not from the second. */
const FROM_FIRST_MOST = 4_096;
/** Lists of subscribers that are looked at for one that is alike. */
const LISTS_KEPT = 8;
/** A change of this concerns all topics. */
const EVERY_TOPIC = "#>";
const NOBODY: readonly Subscriber[] = [];

/** What the list of a route's subscribers takes. */
function listBytes({ shares, subscribers }: SubscribedRoute): number {
  return shares ? 0 : SUBSCRIBER_BYTES * subscribers.length;
}

/** Who may not receive the topic is not one of its subscribers; of many of one account one is asked. */
function leaveOutDenied(found: Set<Subscriber>, topic: string): void {
  let asked: Receiving | undefined;
  let may = true;
  for (const subscriber of found) {
    const { grant } = subscriber;
    if (grant === undefined) continue;
    if (grant !== asked) {
      asked = grant;
      may = grant.mayReceive(topic);
    }
    if (!may) found.delete(subscriber);
  }
}

function isSame(one: readonly Subscriber[], other: readonly Subscriber[]): boolean {
  return one.length === other.length && one.every((each, at) => each === other[at]);
}

/**
 * Guarantees: a run reaches all subscribers of its topic; a subscriber gets a message once however many of
 * its patterns take it in, and so does a connection (C5); runs are handed on in the order of the calls (C6).
 * What is remembered of topics is bounded and can be made anew, of one nothing before it is named a second
 * time; a change of the subscriptions costs only the topics it touches.
 */
export class Routing {
  readonly #patterns: PatternTable<Subscriber>;
  readonly #routes: TopicTable<SubscribedRoute>;
  readonly #isDurable: (topic: string) => boolean;
  readonly #changes: Changes;
  /** Whether it is counted what is published to each topic. */
  readonly countsTopics: boolean;
  /** How often the subscribers of a topic were found anew. */
  #found = 0;
  /** How often that had to look into the patterns last. */
  #looks = 0;
  /** The lists that were found last: topics with the same subscribers have one in common. */
  #lists: Array<readonly Subscriber[]> = [];
  #agedAt = 0;
  #walk = 0;

  constructor({ seed, isDurable, memory, countsTopics = false }: RoutingOptions) {
    this.countsTopics = countsTopics;
    const routeBytes = ROUTE_BYTES + (countsTopics ? COUNTS_BYTES : 0);
    this.#patterns = new PatternTable(seed);
    this.#changes = new Changes(seed);
    this.#routes = new TopicTable({
      seed,
      most: ROUTES_MOST,
      mostBytes: ROUTES_BYTES_MOST,
      weigh: (route) => routeBytes + 2 * route.topic.length + listBytes(route),
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
    const counts = this.countsTopics ? new TopicCounts() : undefined;
    const durable = this.#isDurable(topic);
    const route = new SubscribedRoute(topic, { topicBytes: name.length, durable, counts });
    route.stored = route.kept = this.#routes.addIfSeen(name, route);
    if (!route.kept && this.countsTopics && this.#routes.size < FROM_FIRST_MOST) {
      this.#routes.add(name, route);
      route.kept = true;
    }
    return route;
  }

  /** The first of a topic's subscribers that is full. */
  gateOf(route: SubscribedRoute): Gate | undefined {
    const subscribers = this.#subscribersOf(route);
    for (let at = 0; at < subscribers.length; at++) if (subscribers[at]!.full) return subscribers[at];
    return undefined;
  }

  /** Whether what is published to both goes to the same subscribers, and to them at once. */
  goTogether(route: SubscribedRoute, other: SubscribedRoute): boolean {
    return !route.durable && !other.durable && this.#subscribersOf(route) === this.#subscribersOf(other);
  }

  /** Whether all of a topic's subscribers take runs to several topics. */
  joins(route: SubscribedRoute, encoding: Encoding): boolean {
    const subscribers = this.#subscribersOf(route);
    for (let at = 0; at < subscribers.length; at++) {
      if (subscribers[at]!.takesJoined?.(encoding) !== true) return false;
    }
    return true;
  }

  /** Hands a run to its subscribers; how many there are. */
  deliver(run: Run): number {
    const route = run.route as SubscribedRoute;
    if (route.counts !== undefined && !run.severalTopics) route.counts.add(run.count, run.bytes);
    const subscribers = this.#subscribersOf(route);
    for (let at = 0; at < subscribers.length; at++) subscribers[at]!.deliver(run);
    return subscribers.length;
  }

  /** The topics that are remembered; none where topics are not counted. */
  counted(): CountedTopic[] {
    const topics: CountedTopic[] = [];
    this.#each((route) => topics.push(countedTopic(route, route.subscribers.length)));
    return topics;
  }

  /** One of them, with those who get it now; undefined: nothing is known of it. */
  countedTopic(topic: string): CountedTopic | undefined {
    const name = encodeText(topic);
    const route = this.#routes.find(name, 0, name.length);
    return route === undefined ? undefined : countedTopic(route, this.#subscribersOf(route).length);
  }

  /** Rates are to be told from here on. */
  markTopics(): void {
    this.#each((route) => route.counts?.mark());
  }

  /** Each topic once, where topics are counted. */
  #each(see: (route: SubscribedRoute) => void): void {
    if (!this.countsTopics) return;
    this.#walk++;
    for (const values of this.#routes.values()) {
      for (let at = 0; at < values.length; at++) {
        const route = values[at]!;
        if (route.walk === this.#walk) continue;
        route.walk = this.#walk;
        see(route);
      }
    }
  }

  subscribe(pattern: string, subscriber: Subscriber): boolean {
    const added = this.#patterns.add(pattern, subscriber);
    if (added) this.#changes.add(pattern);
    return added;
  }

  unsubscribe(pattern: string, subscriber: Subscriber): boolean {
    const removed = this.#patterns.remove(pattern, subscriber);
    if (removed) {
      this.#changes.add(pattern);
      // who has gone is not kept by them
      this.#lists = [];
    }
    return removed;
  }

  /** Whether a subscriber has a pattern. */
  has(pattern: string, subscriber: Subscriber): boolean {
    return this.#patterns.has(pattern, subscriber);
  }

  /** What subscribers may be given may be another: all topics' are found anew. */
  permissionsChanged(): void {
    this.#changes.add(EVERY_TOPIC);
  }

  #subscribersOf(route: SubscribedRoute): readonly Subscriber[] {
    const { state } = this.#changes;
    if (route.asOf === state) return route.subscribers;
    // a list of many is as costly to make as to find them
    if (this.#changes.concern(route, this.#looks + route.subscribers.length)) {
      const before = listBytes(route);
      const found = this.#search(route);
      const alike = this.#lists.find((list) => isSame(list, found));
      route.shares = alike !== undefined;
      route.subscribers = alike ?? this.#remember(found);
      if (route.kept) this.#routes.grew(listBytes(route) - before);
    }
    route.asOf = state;
    return route.subscribers;
  }

  #remember(list: readonly Subscriber[]): readonly Subscriber[] {
    if (list.length === 0) return list;
    if (this.#lists.length === LISTS_KEPT) this.#lists.shift();
    this.#lists.push(list);
    return list;
  }

  #search({ topic, durable }: SubscribedRoute): readonly Subscriber[] {
    this.#found++;
    const found = new Set<Subscriber>();
    this.#looks = this.#patterns.match(topic, found);
    leaveOutDenied(found, topic);
    return found.size === 0 ? NOBODY : onePerConnection(found, durable);
  }
}

function countedTopic(
  { topic, durable, counts = NOTHING }: SubscribedRoute,
  subscribers: number,
): CountedTopic {
  const { messages, bytes, then } = counts;
  return { topic, durable, messages, bytes, then, subscribers };
}

const NOTHING = new TopicCounts();
