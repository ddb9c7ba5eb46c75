/**
 * The engine that keeps nothing: topics in memory.
 *
 * @module
 */
import type { Counters } from "../counters.ts";
import type { FlushList } from "../flush_list.ts";
import type { HeldMemory } from "../held_memory.ts";
import type { From, TopicsOutcome, TopicsQuery } from "../store/types.ts";
import type { Encoding } from "../wire/encoding.ts";
import type { Run } from "../wire/run.ts";
import { Groups } from "./groups/groups.ts";
import { listed } from "./groups/listing.ts";
import { inMemory } from "./receipts.ts";
import { Routing, type SubscribedRoute } from "./routing.ts";
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
  Receipt,
  ReplayOptions,
  ReplaySubscriber,
  Route,
  Subscriber,
} from "./types.ts";

/** What every engine in this process is made of. */
export interface EngineOptions {
  /** Any number that peers cannot guess. */
  readonly seed: number;
  readonly counters: Counters;
  readonly flushes: FlushList;
  /** Is told what is remembered of topics; undefined: nobody is. */
  readonly memory?: HeldMemory | undefined;
  /** Whether it is counted what is published to each topic; left out: it is not. */
  readonly countsTopics?: boolean | undefined;
}

/** Guarantees as those of {@link Routing}; a run is delivered and acknowledged in the call that brings it. */
export class MemoryEngine implements Engine {
  readonly durable: readonly string[] = [];
  readonly ackTimeout: number | undefined = undefined;
  readonly maxAttempts: number | undefined = undefined;
  readonly #routing: Routing;
  readonly #groups: Groups;
  readonly #counters: Counters;

  constructor({ seed, counters, flushes, memory, countsTopics }: EngineOptions) {
    this.#routing = new Routing({ seed, isDurable: () => false, memory, countsTopics });
    this.#groups = new Groups({ routing: this.#routing, counters, flushes });
    this.#counters = counters;
  }

  findRoute(bytes: Uint8Array, start: number, end: number): Route | undefined {
    return this.#routing.find(bytes, start, end);
  }

  routeOf(topic: string): Route {
    return this.#routing.routeOf(topic);
  }

  gateOf(route: Route): Gate | undefined {
    return this.#routing.gateOf(route as SubscribedRoute);
  }

  goTogether(route: Route, other: Route): boolean {
    return this.#routing.goTogether(route as SubscribedRoute, other as SubscribedRoute);
  }

  joins(route: Route, encoding: Encoding): boolean {
    return this.#routing.joins(route as SubscribedRoute, encoding);
  }

  stores(): boolean {
    return false;
  }

  publish(run: Run): Receipt {
    this.#counters.published(run.count, run.bytes);
    return inMemory(this.#routing.deliver(run));
  }

  subscribe(pattern: string, subscriber: Subscriber): boolean {
    return this.#routing.subscribe(pattern, subscriber);
  }

  subscribed(): boolean {
    return true;
  }

  unsubscribe(pattern: string, subscriber: Subscriber): boolean {
    return this.#routing.unsubscribe(pattern, subscriber);
  }

  join(joining: Joining, member: Member): Membership {
    return this.#groups.join(joining, member);
  }

  groups(done: (listing: GroupsListing) => void): void {
    done({ kind: "groups", groups: this.#groups.snapshot().map(listed) });
  }

  resetGroup(_group: GroupName, _from: From | undefined, done: (change: GroupChange) => void): void {
    done(NONE);
  }

  deleteGroup(_group: GroupName, done: (change: GroupChange) => void): void {
    done(NONE);
  }

  replays(): boolean {
    return false;
  }

  replace(): boolean {
    return false;
  }

  replay(_pattern: string, _subscriber: ReplaySubscriber, { started }: ReplayOptions): void {
    started({ kind: "failed", reason: "nothing is stored here (--data)" });
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

  storedTopics(_query: TopicsQuery, done: (outcome: TopicsOutcome) => void): void {
    done({ kind: "topics", topics: [], next: undefined });
  }

  permissionsChanged(): void {
    this.#routing.permissionsChanged();
  }

  tick(now: number): void {
    this.#routing.tick(now);
  }

  trouble(): undefined {}

  snapshot(): EngineSnapshot {
    const { subscriptions, topics } = this.#routing;
    return {
      subscriptions,
      topics,
      replays: 0,
      groups: this.#groups.snapshot(),
      store: undefined,
      commits: undefined,
      link: undefined,
    };
  }

  whenIdle(callback: () => void): void {
    callback();
  }

  close(closed: () => void): void {
    closed();
  }
}

/** No group is stored here. */
const NONE: GroupChange = { kind: "none" };
