/**
 * The engine on a NATS cluster: brokers that have one in common have their topics in common.
 *
 * @module
 */
import type { From, TopicsOutcome, TopicsQuery } from "../../store/types.ts";
import { overlap } from "../../topics/overlap.ts";
import { isReplyTopic } from "../../topics/reply_topic.ts";
import { matches } from "../../topics/topic.ts";
import type { Run } from "../../wire/run.ts";
import { listed } from "../groups/listing.ts";
import { Routing, type SubscribedRoute } from "../routing.ts";
import type {
  CountedTopic,
  Engine,
  EngineSnapshot,
  Gate,
  GroupChange,
  GroupName,
  GroupsListing,
  Joining,
  Member,
  Membership,
  Publisher,
  Receipt,
  ReplayOptions,
  ReplaySubscriber,
  Route,
  Subscriber,
} from "../types.ts";
import { MemorySide } from "./memory_side.ts";
import type { NatsEngineOptions } from "./options.ts";
import { PatternCounts } from "./pattern_counts.ts";
import type { StoredSide } from "./stored_side.ts";

/**
 * Guarantees as those of {@link Routing}, and: a message in memory is acknowledged when NATS has taken it,
 * and then reaches the subscribers of all brokers that were told theirs before; what one publisher publishes
 * over one connection reaches each in its order. Durable topics are as {@link StoredSide} has them.
 */
export class NatsEngine implements Engine {
  readonly durable: readonly string[];
  readonly ackTimeout: number | undefined;
  readonly maxAttempts: number | undefined;
  readonly #routing: Routing;
  readonly #memory: MemorySide;
  readonly #stored: StoredSide | undefined;
  readonly #patterns: PatternCounts;

  constructor(options: NatsEngineOptions) {
    const { seed, memory, countsTopics, stored } = options;
    const patterns = this.durable = stored?.patterns ?? [];
    const routing = this.#routing = new Routing({
      seed,
      isDurable: (topic) => !isReplyTopic(topic) && patterns.some((pattern) => matches(pattern, topic)),
      memory,
      countsTopics,
    });
    this.#memory = new MemorySide({ ...options, routing });
    this.#stored = stored?.open({ ...options, routing, deliver: (run) => routing.deliver(run) });
    this.ackTimeout = this.#stored?.ackTimeout;
    this.maxAttempts = this.#stored?.maxAttempts;
    this.#patterns = new PatternCounts((pattern, change) => {
      this.#memory.interest(pattern, change);
      if (this.#isStored(pattern)) this.#stored?.interest(pattern, change);
    });
  }

  findRoute(bytes: Uint8Array, start: number, end: number): Route | undefined {
    return this.#routing.find(bytes, start, end);
  }

  routeOf(topic: string): Route {
    return this.#routing.routeOf(topic);
  }

  gateOf(route: Route, publisher?: Publisher): Gate | undefined {
    const subscribed = route as SubscribedRoute;
    const side = subscribed.durable ? this.#stored! : this.#memory;
    return side.gateOf(subscribed, publisher) ?? this.#routing.gateOf(subscribed);
  }

  /** Never: each topic has a subject of its own. */
  goTogether(): boolean {
    return false;
  }

  joins(): boolean {
    return false;
  }

  stores(route: Route): boolean {
    return (route as SubscribedRoute).durable;
  }

  publish(run: Run, publisher: Publisher): Receipt | undefined {
    run.keep();
    ((run.route as SubscribedRoute).durable ? this.#stored! : this.#memory).publish(run, publisher);
    return undefined;
  }

  subscribe(pattern: string, subscriber: Subscriber): boolean {
    const added = (this.#stored ?? this.#routing).subscribe(pattern, subscriber);
    if (added) this.#patterns.add(pattern);
    return added;
  }

  unsubscribe(pattern: string, subscriber: Subscriber): boolean {
    const ended = this.#stored?.endReplay(pattern, subscriber) === true;
    const removed = (this.#stored ?? this.#routing).unsubscribe(pattern, subscriber);
    if (removed) this.#patterns.remove(pattern);
    return removed || ended;
  }

  subscribed(done: () => void): boolean {
    let waits = 1;
    const one = (): void => {
      if (--waits === 0) done();
    };
    if (!this.#memory.subscribed(one)) waits++;
    if (this.#stored?.subscribed(one) === false) waits++;
    // neither calls back before it returns
    return --waits === 0;
  }

  join(joining: Joining, member: Member): Membership {
    const side = this.#isStored(joining.pattern) ? this.#stored! : this.#memory;
    return side.join(joining, member);
  }

  groups(done: (listing: GroupsListing) => void): void {
    const inMemory = this.#memory.groups().map(listed);
    if (this.#stored === undefined) return done({ kind: "groups", groups: inMemory });
    this.#stored.groups((listing) => {
      done(listing.kind === "failed" ? listing : { ...listing, groups: [...inMemory, ...listing.groups] });
    });
  }

  resetGroup(group: GroupName, from: From | undefined, done: (change: GroupChange) => void): void {
    if (this.#stored === undefined) done(NONE);
    else this.#stored.resetGroup(group, from, done);
  }

  deleteGroup(group: GroupName, done: (change: GroupChange) => void): void {
    if (this.#stored === undefined) done(NONE);
    else this.#stored.deleteGroup(group, done);
  }

  replays(subscriber: Subscriber): boolean {
    return this.#stored?.replays(subscriber) === true;
  }

  replace(before: ReplaySubscriber, subscriber: ReplaySubscriber): boolean {
    return this.#stored?.replace(before, subscriber) === true;
  }

  replay(pattern: string, subscriber: ReplaySubscriber, options: ReplayOptions): void {
    if (this.#stored === undefined) {
      options.started({ kind: "failed", reason: "nothing is stored here (--durable)" });
    } else {
      this.#stored.replay(pattern, subscriber, options);
    }
  }

  get countsTopics(): boolean {
    return this.#routing.countsTopics;
  }

  countJoined(route: Route, messages: number, bytes: number): void {
    (route as SubscribedRoute).counts?.add(messages, bytes);
  }

  topics(): readonly CountedTopic[] {
    return this.#routing.counted();
  }

  topic(name: string): CountedTopic | undefined {
    return this.#routing.countedTopic(name);
  }

  markTopics(): void {
    this.#routing.markTopics();
  }

  storedTopics(query: TopicsQuery, done: (outcome: TopicsOutcome) => void): void {
    if (this.#stored === undefined) done({ kind: "topics", topics: [], next: undefined });
    else this.#stored.storedTopics(query, done);
  }

  permissionsChanged(): void {
    this.#routing.permissionsChanged();
    this.#stored?.permissionsChanged();
  }

  tick(now: number): void {
    this.#routing.tick(now);
    this.#memory.tick(now);
    this.#stored?.tick(now);
  }

  trouble(): string | undefined {
    return this.#memory.trouble() ?? this.#stored?.trouble();
  }

  snapshot(): EngineSnapshot {
    const { subscriptions, topics } = this.#routing;
    const stored = this.#stored?.state;
    return {
      subscriptions,
      topics,
      replays: stored?.replays ?? 0,
      groups: [...this.#memory.groups(), ...stored?.groups ?? []],
      store: stored?.store,
      commits: stored?.commits,
      link: this.#memory.link(),
    };
  }

  whenIdle(callback: () => void): void {
    this.#memory.whenIdle(() => {
      if (this.#stored === undefined) callback();
      else this.#stored.whenIdle(callback);
    });
  }

  close(closed: () => void): void {
    this.whenIdle(() => {
      // the links that both use end with the memory's
      const end = (): void => this.#memory.close(closed);
      if (this.#stored === undefined) end();
      else this.#stored.close(end);
    });
  }

  #isStored(pattern: string): boolean {
    return this.durable.some((durable) => overlap(durable, pattern));
  }
}

/** No group is stored here. */
const NONE: GroupChange = { kind: "none" };
