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
import type { Cursor, From, Store } from "../../store/types.ts";
import { overlap } from "../../topics/overlap.ts";
import { matches } from "../../topics/topic.ts";
import type { Encoding } from "../../wire/encoding.ts";
import type { Run } from "../../wire/run.ts";
import type { EngineOptions } from "../memory.ts";
import { inMemory } from "../receipts.ts";
import { DEAD_LETTERS } from "../groups/dead_letters.ts";
import { Groups } from "../groups/groups.ts";
import { listGroups } from "../groups/listing.ts";
import { Settlements } from "../groups/settlements.ts";
import { type GroupTerms, StoredGroups } from "../groups/stored_groups.ts";
import { Routing, type SubscribedRoute } from "../routing.ts";
import type {
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
  ReplayRange,
  ReplaySubscriber,
  Route,
  Subscriber,
} from "../types.ts";
import { Appending } from "./appending.ts";
import { Dedup, type DedupOptions } from "./dedup.ts";
import { ClaimedIds } from "./claimed_ids.ts";
import { CommitLog } from "./commit_log.ts";
import { Following, type FollowingParts } from "./following.ts";
import { ReadingTurns } from "./reading_turns.ts";
import { Replay } from "./replay.ts";

/** What makes topics durable. */
export interface DurableEngineOptions extends EngineOptions {
  /** Open; the engine closes it. */
  readonly store: Store;
  /** Which topics: canonical patterns. */
  readonly patterns: readonly string[];
  /** How safe a message is that the store says it has. */
  readonly level: Level;
  readonly dedup: Omit<DedupOptions, "memory">;
  readonly groups: GroupTerms;
  readonly pool: ChunkPool;
  /** What all peers keep together. */
  readonly memory: HeldMemory;
  /** Calls back in a later turn, behind what others have to do by then. */
  readonly later: (callback: () => void) => void;
  /** A commit was refused; later ones may succeed. */
  readonly onRefused: (reason: string) => void;
  /** It is not known what is stored: nothing durable is acknowledged any more. */
  readonly onLost: (reason: string) => void;
}

/** What a replay takes by itself, bytes: measured, with all that belongs to it here. */
const REPLAY_BYTES = 1536;
/** Milliseconds that pass between two ticks at most: a broker that stood still heard nothing meanwhile. */
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
  readonly #memory: HeldMemory;
  readonly #turns: ReadingTurns;
  readonly #followingParts: FollowingParts;
  readonly #replays = new Map<Subscriber, Replay>();
  /** By connection, of those that have a replay. */
  readonly #followings = new Map<object, Following>();
  /** Those that read again when the commit that is being handed on is through. */
  #behind: Replay[] = [];
  /** When time passed last; undefined: it has not yet. */
  #ticked: number | undefined;
  /** Those that are live and end at a time. */
  readonly #ending = new Set<Replay>();

  constructor(options: DurableEngineOptions) {
    const { seed, counters, store, level, flushes, memory, pool, later } = options;
    // what is dead must not be lost, whatever else may be
    const patterns = this.durable = withDeadLetters(options.patterns);
    ({ ackTimeout: this.ackTimeout, maxAttempts: this.maxAttempts } = options.groups);
    this.#counters = counters;
    this.#store = store;
    this.#routing = new Routing({
      seed,
      isDurable: (topic) => patterns.some((pattern) => matches(pattern, topic)),
      memory: options.memory,
    });
    this.#groups = new Groups({ routing: this.#routing, counters, flushes });
    this.#dedup = new Dedup({ ...options.dedup, memory });
    for (const { topic, age, ids } of store.recentIds) this.#dedup.restore(topic, readSpans(ids) ?? [], age);
    const claims = new ClaimedIds();
    const settlements = new Settlements(() => this.#log.announce());
    this.#log = new CommitLog({
      store,
      level,
      flushes,
      memory,
      claims,
      news: settlements,
      later,
      deliver: (run) => this.#deliver(run),
      onCommitted: ({ batch, time }) => {
        this.#dedup.stored(time);
        this.#storedGroups.committed(batch);
        this.#readOn(batch);
      },
      onRunRefused: (run) => this.#dedup.refused(run.route.topic, run.ids),
      onRefused: options.onRefused,
      onLost: options.onLost,
    });
    this.#appending = new Appending({ dedup: this.#dedup, claims, log: this.#log });
    this.#memory = options.memory;
    this.#turns = new ReadingTurns(options.memory);
    this.#followingParts = {
      store,
      turns: this.#turns,
      finish: () => this.#log.finish(),
      handedOn: () => this.#log.delivered,
      begun: () => this.#log.begun,
      goLive: (replay) => {
        this.#routing.subscribe(replay.pattern, replay);
        // nothing need be published for the end to come
        if (replay.range.to?.kind === "time") this.#ending.add(replay);
      },
      leave: (replay) => {
        this.#routing.unsubscribe(replay.pattern, replay);
        this.#ending.delete(replay);
      },
      flush: () => flushes.flush(),
    };
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
      follow: (group, cursor) => this.#follow(group, cursor),
      unfollow: (replay) => this.#unfollow(replay),
      handedOn: () => {
        this.#log.finish();
        return this.#log.delivered;
      },
    });
    store.watch((what) => {
      for (const following of this.#followings.values()) following.trimmed(what);
      this.#storedGroups.trimmed(what);
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
    const full = this.#routing.gateOf(subscribed);
    return full === undefined && subscribed.durable && this.#log.isFullFor(publisher) ? this.#log : full;
  }

  goTogether(route: Route, other: Route): boolean {
    return this.#routing.goTogether(route as SubscribedRoute, other as SubscribedRoute);
  }

  joins(route: Route, encoding: Encoding): boolean {
    return this.#routing.joins(route as SubscribedRoute, encoding);
  }

  publish(run: Run, publisher: Publisher): Receipt | undefined {
    if (!(run.route as SubscribedRoute).durable) {
      return inMemory(this.#deliver(run));
    }
    run.keep();
    this.#appending.append(run, publisher);
    return undefined;
  }

  subscribe(pattern: string, subscriber: Subscriber): boolean {
    const following = this.#followings.get(subscriber.connection);
    if (following !== undefined) this.#log.finish();
    const added = this.#routing.subscribe(pattern, subscriber);
    if (added) following?.opened(pattern, subscriber);
    return added;
  }

  unsubscribe(pattern: string, subscriber: Subscriber): boolean {
    const replay = this.#replays.get(subscriber);
    const following = this.#followings.get(subscriber.connection);
    if (following !== undefined) this.#log.finish();
    if (replay === undefined) {
      const removed = this.#routing.unsubscribe(pattern, subscriber);
      if (removed) following?.closed(pattern, subscriber);
      return removed;
    }
    following?.stop(replay);
    this.#forget(replay);
    return true;
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
    const state = this.#replays.get(subscriber)?.state;
    return state !== undefined && state !== "over";
  }

  replace(before: ReplaySubscriber, subscriber: ReplaySubscriber): boolean {
    const replay = this.#replays.get(before);
    if (replay === undefined || replay.state === "over") return false;
    this.#log.finish();
    this.#replays.delete(before);
    this.#replays.set(subscriber, replay);
    this.#followings.get(subscriber.connection)?.replace(replay, subscriber);
    return true;
  }

  replay(pattern: string, subscriber: ReplaySubscriber, options: ReplayOptions): void {
    const { range, started, ended, besides } = options;
    const { connection } = subscriber;
    this.#log.finish();
    let following = this.#followings.get(connection);
    if (following === undefined) {
      const plain = [...besides].filter(([, each]) => each !== subscriber && !this.#replays.has(each));
      following = new Following(this.#followingParts, plain);
      this.#followings.set(connection, following);
    }
    const owned = following;
    const replay: Replay = new Replay({
      pattern,
      range,
      subscriber,
      started: (how) => {
        if (how.kind === "failed") this.#forget(replay);
        started(how);
      },
      ended: () => {
        ended();
        this.#forget(replay);
      },
      owner: {
        behind: (behind) => void this.#behind.push(behind),
        had: (of, cursor) => owned.had(of, cursor),
      },
    });
    this.#replays.set(subscriber, replay);
    this.#memory.hold(REPLAY_BYTES);
    following.start(replay);
  }

  tick(now: number): void {
    this.#routing.tick(now);
    const passed = Math.min(Math.max(0, now - (this.#ticked ?? now)), TICK_MOST);
    this.#ticked = now;
    // what waits may be sent again at any time
    if (this.#log.idle) this.#dedup.passed(passed);
    this.#turns.go();
    this.#storedGroups.tick(passed);
    for (const replay of this.#ending) {
      if (!replay.endsBy(now)) continue;
      this.#log.finish();
      this.#fallBack(replay, this.#log.delivered);
    }
  }

  trouble(): string | undefined {
    return this.#log.trouble;
  }

  snapshot(): EngineSnapshot {
    const { subscriptions, topics } = this.#routing;
    const groups = this.#running();
    return { subscriptions, topics, replays: this.#replays.size, groups, store: this.#store.state };
  }

  whenIdle(callback: () => void): void {
    this.#log.whenIdle(callback);
  }

  close(closed: () => void): void {
    this.whenIdle(() => this.#store.close(closed));
  }

  /** The groups that have members. */
  #running(): GroupSnapshot[] {
    return [...this.#groups.snapshot(), ...this.#storedGroups.snapshot()];
  }

  #deliver(run: Run): number {
    this.#counters.published(run.count);
    return this.#routing.deliver(run);
  }

  /** A group reads as a connection of its own. */
  #follow(group: ReplaySubscriber & { readonly pattern: string }, cursor: Cursor): Replay {
    this.#log.finish();
    const following = new Following(this.#followingParts, []);
    this.#followings.set(group, following);
    const replay = new Replay({
      pattern: group.pattern,
      range: EVERYTHING,
      subscriber: group,
      started: () => {},
      ended: () => {},
      owner: {
        behind: (behind) => void this.#behind.push(behind),
        had: (of, cursor) => following.had(of, cursor),
      },
    });
    following.resume(replay, cursor);
    return replay;
  }

  #unfollow(replay: Replay): void {
    this.#log.finish();
    this.#followings.get(replay.connection)?.stop(replay);
    this.#followings.delete(replay.connection);
  }

  #readOn(batch: number): void {
    const behind = this.#behind;
    if (behind.length === 0) return;
    this.#behind = [];
    for (const replay of behind) this.#fallBack(replay, batch);
  }

  #fallBack(replay: Replay, batch: number): void {
    this.#followings.get(replay.connection)?.fallBack(replay, batch);
  }

  #forget(replay: Replay): void {
    if (this.#replays.delete(replay.subscriber)) this.#memory.letGo(REPLAY_BYTES);
    const { connection } = replay;
    if (this.#followings.get(connection)?.size === 0) this.#followings.delete(connection);
  }
}

/** Where a group begins is known otherwise, and it has no end. */
const EVERYTHING: ReplayRange = { from: { kind: "earliest" }, to: undefined };

/** Dead letters are stored wherever anything is. */
function withDeadLetters(patterns: readonly string[]): readonly string[] {
  return patterns.includes("#>") || patterns.includes(DEAD_LETTERS) ? patterns : [...patterns, DEAD_LETTERS];
}
