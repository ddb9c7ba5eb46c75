/**
 * The engine of one broker on its own: topics in memory.
 *
 * @module
 */
import { readSpans } from "../id_spans.ts";
import { ROUTED_SUBSCRIBERS_MOST, ROUTES_MOST } from "../limits.ts";
import { matches } from "../topics/topic.ts";
import { TopicTable } from "../topics/topic_table.ts";
import { Trie } from "../topics/trie.ts";
import { Dedup, type DedupOptions } from "./dedup.ts";
import { DurableLog, type DurableLogOptions } from "./durable_log.ts";
import { Follower, type FollowerOptions } from "./follower.ts";
import type {
  Counters,
  Engine,
  FollowOptions,
  Publication,
  Reader,
  Route,
  Run,
  Subscriber,
} from "./types.ts";

/** What makes topics durable. */
export interface Durability
  extends Pick<DurableLogOptions, "store" | "flushes" | "onRefused" | "onLost">, Pick<FollowerOptions, "at"> {
  /** Which topics: canonical patterns. */
  readonly patterns: readonly string[];
  readonly dedup: DedupOptions;
}

/** A topic and who gets it, as of one state of the subscriptions. */
class LocalRoute implements Route {
  readonly topic: string;
  readonly topicBytes: number;
  subscribers: readonly Subscriber[] = [];
  /** The state of the subscriptions that `subscribers` was found in. */
  asOf = -1;

  /** Its messages are stored. */
  readonly durable: boolean;

  constructor(name: { readonly topic: string; readonly topicBytes: number }, durable: boolean) {
    this.topic = name.topic;
    this.topicBytes = name.topicBytes;
    this.durable = durable;
  }
}

/**
 * Guarantees: a run reaches all subscribers of its topic or, while one is full, none; a subscriber gets a message once
 * however many of its patterns take it in; the runs of one publisher keep their order on every topic, since they are handed
 * on in the order of the calls.
 */
export class LocalEngine implements Engine {
  readonly counters: Counters = { published: 0, delivered: 0, dropped: 0, expired: 0, refused: 0 };
  readonly #trie = new Trie<Subscriber>();
  readonly #routes: TopicTable<LocalRoute>;
  readonly #encoder = new TextEncoder();
  /** Goes up with every change of the subscriptions: what routes remember is good for one state only. */
  #state = 0;
  /** Subscribers remembered by all routes together. */
  #remembered = 0;

  readonly #log: DurableLog | undefined;
  readonly #dedup: Dedup | undefined;
  readonly #durable: readonly string[];
  readonly #following: FollowerOptions | undefined;
  /** By who asked. */
  readonly #followers = new Map<Subscriber, Follower>();
  /** Followers that have to read again. */
  #behind: Follower[] = [];

  /** `seed`: any number that peers cannot guess. */
  constructor(seed = 0, durability?: Durability) {
    this.#routes = new TopicTable(ROUTES_MOST, seed);
    this.#durable = durability?.patterns ?? [];
    if (durability === undefined) return;
    const { store, flushes } = durability;
    const dedup = new Dedup(durability.dedup);
    for (const { topic, age, ids } of store.recentIds) dedup.restore(topic, readSpans(ids) ?? [], age);
    this.#dedup = dedup;
    const log = new DurableLog({
      ...durability,
      deliver: (run) => this.#deliver(run, this.#subscribersOf(run.route as LocalRoute)),
      onRunRefused: (run) => {
        if (run.ids !== undefined) dedup.refused(run.route.topic, run.ids);
      },
      onDelivered: ({ batch, time }) => {
        dedup.stored(time);
        this.#fallBack(batch);
      },
    });
    this.#log = log;
    this.#following = {
      store,
      log,
      join: (pattern, follower) => void this.subscribe(pattern, follower),
      leave: (pattern, follower) => void this.unsubscribe(pattern, follower),
      behind: (follower) => void this.#behind.push(follower),
      at: durability.at,
      flush: () => flushes.flush(),
    };
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
    const route = new LocalRoute({ topic, topicBytes: name.length }, this.#isDurable(topic));
    this.#routes.add(name, route);
    return route;
  }

  publish(run: Run): Publication {
    const route = run.route as LocalRoute;
    const subscribers = this.#subscribersOf(route);
    for (let at = 0; at < subscribers.length; at++) {
      if (subscribers[at]!.full) return subscribers[at]!;
    }
    const log = this.#log;
    if (route.durable && log !== undefined) {
      if (log.full) return log;
      this.#claim(run);
      log.append(run);
      return "pending";
    }
    this.#deliver(run, subscribers);
    return "delivered";
  }

  subscribe(pattern: string, subscriber: Subscriber): boolean {
    const added = this.#trie.add(pattern, subscriber);
    if (added) this.#state++;
    return added;
  }

  get remembers(): boolean {
    return this.#log !== undefined;
  }

  follow(
    pattern: string,
    reader: Reader,
    { range, done, ended }: FollowOptions,
  ): void {
    if (this.#following === undefined) {
      return done({ kind: "failed", reason: "nothing is stored here (--data)" });
    }
    const follower = new Follower(this.#following, { pattern, reader, ended });
    this.#followers.set(reader, follower);
    follower.start(range, (how) => {
      if (how.kind === "failed") this.#followers.delete(reader);
      done(how);
    });
  }

  /** Why durable topics cannot be published to as of the last attempt, for who asks whether the broker is ready. */
  get trouble(): string | undefined {
    return this.#log?.trouble;
  }

  /** Calls back when everything that was published to durable topics is stored and settled. */
  whenIdle(callback: () => void): void {
    if (this.#log === undefined) callback();
    else this.#log.whenIdle(callback);
  }

  unsubscribe(pattern: string, subscriber: Subscriber): boolean {
    const follower = this.#followers.get(subscriber);
    if (follower !== undefined) {
      this.#followers.delete(subscriber);
      follower.stop();
      return true;
    }
    const removed = this.#trie.remove(pattern, subscriber);
    if (removed) this.#state++;
    return removed;
  }

  #deliver(run: Run, subscribers: readonly Subscriber[]): void {
    this.counters.published += run.count;
    run.reached = subscribers.length;
    for (let at = 0; at < subscribers.length; at++) subscribers[at]!.deliver(run);
  }

  /** Leaves out what is stored already, or is being stored. */
  #claim(run: Run): void {
    if (run.ids === undefined || this.#dedup === undefined) return;
    const known = this.#dedup.claim(run.route.topic, run.ids);
    if (known.size > 0) run.omit(known);
  }

  #fallBack(batch: number): void {
    const behind = this.#behind;
    if (behind.length === 0) return;
    this.#behind = [];
    for (const follower of behind) follower.fallBack(batch);
  }

  #isDurable(topic: string): boolean {
    return this.#durable.some((pattern) => matches(pattern, topic));
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
