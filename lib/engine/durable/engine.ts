/**
 * The engine with a store: the messages of durable topics are stored, then delivered, then acknowledged;
 * those of the others pass through memory.
 *
 * @module
 */
import type { ChunkPool } from "../../buffers.ts";
import type { Counters } from "../../counters.ts";
import type { HeldMemory } from "../../held_memory.ts";
import { readSpans } from "../../id_spans.ts";
import type { From, Store, TopicsOutcome, TopicsQuery } from "../../store/types.ts";
import { overlap } from "../../topics/overlap.ts";
import { isReplyTopic } from "../../topics/reply_topic.ts";
import { matches } from "../../topics/topic.ts";
import type { Encoding } from "../../wire/encoding.ts";
import type { Run } from "../../wire/run.ts";
import type { EngineOptions } from "../memory.ts";
import { inMemory } from "../receipts.ts";
import { withDeadLetters } from "../groups/dead_letters.ts";
import { Groups } from "../groups/groups.ts";
import { listGroups } from "../groups/listing.ts";
import { Settlements } from "../groups/settlements.ts";
import { type GroupTerms, StoredGroups } from "../groups/stored_groups.ts";
import { Routing, type SubscribedRoute } from "../routing.ts";
import type {
  CountedTopic,
  Engine,
  EngineSnapshot,
  Gate,
  GroupChange,
  GroupName,
  GroupsListing,
  GroupSnapshot,
  Joining,
  Level,
  Member,
  Membership,
  Publisher,
  Receipt,
  ReplayOptions,
  ReplaySubscriber,
  Route,
  Subscriber,
} from "../types.ts";
import { Appending } from "./appending.ts";
import { Dedup, type DedupOptions } from "./dedup.ts";
import { ClaimedIds } from "./claimed_ids.ts";
import { CommitLog } from "./commit_log.ts";
import { Delays } from "./delays.ts";
import { ReadingTurns } from "./reading_turns.ts";
import { Replays } from "./replays.ts";
import { TopicLimit } from "./topic_limit.ts";

/** What makes topics durable. */
export interface DurableEngineOptions extends EngineOptions {
  /** Open; the engine closes it. */
  readonly store: Store;
  /** Which topics: canonical patterns. */
  readonly patterns: readonly string[];
  /** How safe a message is that the store says it has. */
  readonly level: Level;
  readonly dedup: Omit<DedupOptions, "memory" | "seed">;
  readonly groups: GroupTerms;
  readonly pool: ChunkPool;
  /** Whether it is counted what is published to each topic; left out: it is not. */
  readonly countsTopics?: boolean | undefined;
  /** What all peers keep together. */
  readonly memory: HeldMemory;
  /** Calls back in a later turn, behind what others have to do by then. */
  readonly later: (callback: () => void) => void;
  /** Topics that may be stored; left out: any number. */
  readonly topicsMost?: number | undefined;
  /** Bytes that may wait until they are due; left out: as many as there is room for. */
  readonly delayedMost?: number | undefined;
  /** Wants {@link DurableEngine.tick} at that time, milliseconds since 1970; left out: never. */
  readonly wakeAt?: ((time: number) => void) | undefined;
  /** Something that is due cannot be read, and stays where it is; left out: {@link onRefused}. */
  readonly onUnreadable?: ((reason: string) => void) | undefined;
  /** A commit was refused; later ones may succeed. */
  readonly onRefused: (reason: string) => void;
  /** A topic did not begin, for there are too many; left out: nobody is told but who publishes. */
  readonly onUnbegun?: ((reason: string) => void) | undefined;
  /** It is not known what is stored: nothing durable is acknowledged any more. */
  readonly onLost: (reason: string) => void;
}

/**
 * Milliseconds that pass between two ticks at most: where it was more the broker stood still, and those who
 * would have sent something again could not.
 */
const TICK_MOST = 1000;

/**
 * Guarantees as those of {@link Routing}, and: a durable message is delivered and acknowledged after the
 * commit that holds it (D1); one that is stored already is acknowledged and not stored again (D6); a replay
 * never makes a publisher wait (D5).
 */
export class DurableEngine implements Engine {
  readonly durable: readonly string[];
  readonly ackTimeout: number;
  readonly maxAttempts: number;
  readonly #routing: Routing;
  readonly #groups: Groups;
  readonly #storedGroups: StoredGroups;
  readonly #counters: Counters;
  readonly #store: Store;
  readonly #dedup: Dedup;
  readonly #appending: Appending;
  readonly #log: CommitLog;
  readonly #delays: Delays;
  readonly #turns: ReadingTurns;
  readonly #replays: Replays;
  /** When time passed last; undefined: it has not yet. */
  #ticked: number | undefined;

  constructor(options: DurableEngineOptions) {
    const { seed, counters, store, level, flushes, memory, pool, later } = options;
    // what is dead must not be lost, whatever else may be
    const patterns = this.durable = withDeadLetters(options.patterns);
    ({ ackTimeout: this.ackTimeout, maxAttempts: this.maxAttempts } = options.groups);
    this.#counters = counters;
    this.#store = store;
    this.#routing = new Routing({
      seed,
      isDurable: (topic) => !isReplyTopic(topic) && patterns.some((pattern) => matches(pattern, topic)),
      memory: options.memory,
      countsTopics: options.countsTopics,
    });
    this.#groups = new Groups({ routing: this.#routing, counters, flushes });
    this.#dedup = new Dedup({ ...options.dedup, memory, seed });
    for (const { topic, age, ids } of store.recentIds) this.#dedup.restore(topic, readSpans(ids) ?? [], age);
    const claims = new ClaimedIds(seed);
    const topics = new TopicLimit({ store, routing: this.#routing, most: options.topicsMost ?? Infinity });
    const settlements = new Settlements(() => this.#log.announce());
    this.#log = new CommitLog({
      store,
      level,
      flushes,
      memory,
      claims,
      topics,
      news: settlements,
      later,
      deliver: (run) => this.#deliver(run),
      onCommitted: ({ batch, time }) => {
        this.#dedup.stored(time);
        this.#storedGroups.committed(batch);
        this.#replays.readOn(batch);
      },
      onDelayed: (due) => {
        this.#dedup.stored(this.#ticked ?? 0);
        this.#delays.added(due);
      },
      onRunRefused: (run) => this.#dedup.refused(run.route.topic, run.ids),
      onRefused: options.onRefused,
      onUnbegun: (reason) => options.onUnbegun?.(reason),
      onLost: options.onLost,
    });
    this.#delays = new Delays({
      store,
      memory,
      dedupWindow: options.dedup.window,
      most: options.delayedMost,
      routeOf: (topic) => this.#routing.routeOf(topic),
      gateOf: (route) => this.#routing.gateOf(route as SubscribedRoute),
      log: this.#log,
      append: (piece, publisher) => this.#log.append(piece, publisher),
      flush: () => flushes.flush(),
      wakeAt: options.wakeAt,
      onUnreadable: options.onUnreadable ?? options.onRefused,
    });
    this.#appending = new Appending({ dedup: this.#dedup, claims, log: this.#log });
    this.#turns = new ReadingTurns(memory);
    this.#replays = new Replays({
      store,
      routing: this.#routing,
      log: this.#log,
      memory,
      turns: this.#turns,
      flush: () => flushes.flush(),
    });
    this.#storedGroups = new StoredGroups({
      ...options.groups,
      store,
      routing: this.#routing,
      counters,
      flushes,
      memory,
      pool,
      turns: this.#turns,
      level,
      settlements,
      topics,
      follow: (group, cursor) => this.#replays.follow(group, cursor),
      unfollow: (replay) => this.#replays.unfollow(replay),
      handedOn: () => {
        this.#log.finish();
        return this.#log.delivered;
      },
    });
    store.watch((what) => this.#storedGroups.trimmed(what));
  }

  findRoute(bytes: Uint8Array, start: number, end: number): Route | undefined {
    return this.#routing.find(bytes, start, end);
  }

  routeOf(topic: string): Route {
    return this.#routing.routeOf(topic);
  }

  gateOf(route: Route, publisher?: Publisher): Gate | undefined {
    const subscribed = route as SubscribedRoute;
    const full = this.#routing.gateOf(subscribed);
    return full === undefined && subscribed.durable && this.#log.isFullFor(publisher) ? this.#log : full;
  }

  goTogether(route: Route, other: Route): boolean {
    return this.#routing.goTogether(route as SubscribedRoute, other as SubscribedRoute);
  }

  joins(route: Route, encoding: Encoding): boolean {
    return this.#routing.joins(route as SubscribedRoute, encoding);
  }

  stores(route: Route): boolean {
    return (route as SubscribedRoute).durable;
  }

  publish(run: Run, publisher: Publisher): Receipt | undefined {
    if (!(run.route as SubscribedRoute).durable) {
      return inMemory(this.#deliver(run));
    }
    const problem = run.due === undefined ? undefined : this.#delays.problem;
    if (problem !== undefined) {
      publisher.hold(run.count).refuse("STORE", problem);
      run.release();
      return undefined;
    }
    run.keep();
    this.#appending.append(run, publisher);
    return undefined;
  }

  subscribe(pattern: string, subscriber: Subscriber): boolean {
    return this.#replays.subscribe(pattern, subscriber);
  }

  subscribed(): boolean {
    return true;
  }

  unsubscribe(pattern: string, subscriber: Subscriber): boolean {
    return this.#replays.unsubscribe(pattern, subscriber);
  }

  join(joining: Joining, member: Member): Membership {
    const isStored = this.durable.some((durable) => overlap(durable, joining.pattern));
    return (isStored ? this.#storedGroups : this.#groups).join(joining, member);
  }

  groups(done: (listing: GroupsListing) => void): void {
    listGroups(this.#store, { running: () => this.#running(), done });
  }

  resetGroup(group: GroupName, from: From | undefined, done: (change: GroupChange) => void): void {
    this.#storedGroups.reset(group, from, done);
  }

  deleteGroup(group: GroupName, done: (change: GroupChange) => void): void {
    this.#storedGroups.remove(group, done);
  }

  replays(subscriber: Subscriber): boolean {
    return this.#replays.has(subscriber);
  }

  replace(before: ReplaySubscriber, subscriber: ReplaySubscriber): boolean {
    return this.#replays.replace(before, subscriber);
  }

  replay(pattern: string, subscriber: ReplaySubscriber, options: ReplayOptions): void {
    this.#replays.start(pattern, subscriber, options);
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
    if (this.#store.topics === undefined) done({ kind: "topics", topics: [], next: undefined });
    else this.#store.topics(query, done);
  }

  permissionsChanged(): void {
    this.#routing.permissionsChanged();
  }

  /** What is to come later (D9). */
  get waits(): boolean {
    return this.#store.state.delayed > 0;
  }

  tick(now: number): void {
    this.#routing.tick(now);
    const passed = Math.min(Math.max(0, now - (this.#ticked ?? now)), TICK_MOST);
    this.#ticked = now;
    // what waits may be sent again at any time
    if (this.#log.idle) this.#dedup.passed(passed);
    this.#turns.go();
    this.#delays.tick(now);
    this.#storedGroups.tick(passed);
    this.#replays.tick(now);
  }

  trouble(): string | undefined {
    return this.#log.trouble;
  }

  snapshot(): EngineSnapshot {
    const { subscriptions, topics } = this.#routing;
    const groups = this.#running();
    const replays = this.#replays.size;
    const { commits } = this.#log;
    return { subscriptions, topics, replays, groups, store: this.#store.state, commits, link: undefined };
  }

  whenIdle(callback: () => void): void {
    this.#log.whenIdle(callback);
  }

  close(closed: () => void): void {
    this.#delays.close();
    this.#storedGroups.hurry();
    this.whenIdle(() => this.#store.close(closed));
  }

  /** The groups that have members. */
  #running(): GroupSnapshot[] {
    return [...this.#groups.snapshot(), ...this.#storedGroups.snapshot()];
  }

  #deliver(run: Run): number {
    this.#counters.published(run.count, run.bytes);
    return this.#routing.deliver(run);
  }
}
