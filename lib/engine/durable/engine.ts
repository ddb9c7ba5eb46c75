/**
 * The engine with a store: the messages of durable topics are stored, then delivered, then acknowledged;
 * those of the others pass through memory.
 *
 * @module
 */
import type { Counters } from "../../counters.ts";
import type { HeldMemory } from "../../held_memory.ts";
import { readSpans } from "../../id_spans.ts";
import type { Store } from "../../store/types.ts";
import { matches } from "../../topics/topic.ts";
import type { Encoding } from "../../wire/encoding.ts";
import type { Run } from "../../wire/run.ts";
import type { EngineOptions } from "../memory.ts";
import { inMemory } from "../receipts.ts";
import { Groups } from "../groups/groups.ts";
import { Routing, type SubscribedRoute } from "../routing.ts";
import type {
  Engine,
  EngineSnapshot,
  Gate,
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
import { Dedup, type DedupOptions } from "./dedup.ts";
import { ClaimedIds } from "./claimed_ids.ts";
import { CommitLog } from "./commit_log.ts";
import { Delays } from "./delays.ts";
import { Following, type FollowingParts } from "./following.ts";
import { Piece, Repetition } from "./piece.ts";
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
  /** What all peers keep together. */
  readonly memory: HeldMemory;
  /** Calls back in a later turn, behind what others have to do by then. */
  readonly later: (callback: () => void) => void;
  /** Bytes that may wait until they are due; left out: as many as there is room for. */
  readonly delayedMost?: number | undefined;
  /** Wants {@link DurableEngine.tick} at that time, milliseconds since 1970; left out: never. */
  readonly wakeAt?: ((time: number) => void) | undefined;
  /** Something that is due cannot be read, and stays where it is; left out: {@link onRefused}. */
  readonly onUnreadable?: ((reason: string) => void) | undefined;
  /** A commit was refused; later ones may succeed. */
  readonly onRefused: (reason: string) => void;
  /** It is not known what is stored: nothing durable is acknowledged any more. */
  readonly onLost: (reason: string) => void;
}

/** What a replay takes by itself, bytes: measured, with all that belongs to it here. */
const REPLAY_BYTES = 1536;
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
  readonly #routing: Routing;
  readonly #groups: Groups;
  readonly #counters: Counters;
  readonly #store: Store;
  readonly #dedup: Dedup;
  readonly #claims = new ClaimedIds();
  readonly #log: CommitLog;
  readonly #delays: Delays;
  readonly #memory: HeldMemory;
  readonly #turns: ReadingTurns;
  readonly #followingParts: FollowingParts;
  readonly #replays = new Map<Subscriber, Replay>();
  /** By connection, of those that have a replay. */
  readonly #followings = new Map<object, Following>();
  /** Those that read again when the commit that is being handed on is through. */
  #behind: Replay[] = [];
  #ticked = 0;
  /** Those that are live and end at a time. */
  readonly #ending = new Set<Replay>();

  constructor(options: DurableEngineOptions) {
    const { seed, counters, store, patterns, level, flushes, memory, later } = options;
    this.durable = patterns;
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
    this.#log = new CommitLog({
      store,
      level,
      flushes,
      memory,
      claims: this.#claims,
      later,
      deliver: (run) => this.#deliver(run),
      onCommitted: ({ batch, time }) => {
        this.#dedup.stored(time);
        this.#readOn(batch);
      },
      onDelayed: (due) => {
        this.#dedup.stored(this.#ticked);
        this.#delays.added(due);
      },
      onRunRefused: (run) => this.#dedup.refused(run.route.topic, run.ids),
      onRefused: options.onRefused,
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
    store.watch((what) => {
      for (const following of this.#followings.values()) following.trimmed(what);
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
    this.#append(run, publisher);
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
    return this.#groups.join(joining, member);
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
    const passed = Math.min(Math.max(0, now - this.#ticked), TICK_MOST);
    this.#ticked = now;
    // what waits may be sent again at any time
    if (this.#log.idle) this.#dedup.passed(passed);
    this.#turns.go();
    this.#delays.tick(now);
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
    const groups = this.#groups.snapshot();
    return { subscriptions, topics, replays: this.#replays.size, groups, store: this.#store.state };
  }

  whenIdle(callback: () => void): void {
    this.#log.whenIdle(callback);
  }

  close(closed: () => void): void {
    this.#delays.close();
    this.whenIdle(() => this.#store.close(closed));
  }

  #deliver(run: Run): number {
    this.#counters.published(run.count);
    return this.#routing.deliver(run);
  }

  /** What of a run is to be stored, all of it mostly, and what is stored already, or being stored. */
  #append(run: Run, publisher: Publisher): void {
    const { ids, count } = run;
    if (ids.length > 0) {
      const known = this.#dedup.claim(run.route.topic, ids);
      if (known.size > 0) return this.#appendParts(run, known, publisher);
    }
    const piece = new Piece({ part: run, acknowledgement: publisher.hold(count) });
    this.#claims.add(piece);
    this.#log.append(piece, publisher);
  }

  #appendParts(run: Run, known: ReadonlySet<number>, publisher: Publisher): void {
    const repetition = new Repetition();
    const pieces: Piece[] = [];
    const brought = this.#claims.finder(run.route.topic, run.ids);
    for (const { at, count, part } of run.split(known)) {
      if (part === undefined) {
        for (const known of sameClaimant({ at, count, brought })) {
          pieces.push(
            new Piece({ part, acknowledgement: publisher.hold(known.count), repetition, ...known }),
          );
          if (known.claimant !== undefined) repetition.repeats(known.claimant);
        }
        continue;
      }
      // they do not all leave together
      part.keep();
      const piece = new Piece({ part, acknowledgement: publisher.hold(count), repetition });
      pieces.push(piece);
      this.#claims.add(piece);
    }
    repetition.consistsOf(pieces);
    for (const piece of pieces) this.#log.append(piece, publisher);
    run.release();
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

/** Messages that are known, those together that one piece brings, or that are stored: they fare alike. */
function* sameClaimant(
  { at, count, brought }: {
    readonly at: number;
    readonly count: number;
    readonly brought: (position: number) => Piece | undefined;
  },
): Generator<{ readonly count: number; readonly claimant: Piece | undefined }> {
  let claimant = brought(at);
  let first = at;
  for (let position = at + 1; position < at + count; position++) {
    const next = brought(position);
    if (next === claimant) continue;
    yield { count: position - first, claimant };
    claimant = next;
    first = position;
  }
  yield { count: at + count - first, claimant };
}
