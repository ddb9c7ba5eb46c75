/**
 * The engine with a store: the messages of durable topics are stored, then delivered, then acknowledged;
 * those of the others pass through memory.
 *
 * @module
 */
import type { Counters } from "../../counters.ts";
import type { FlushList } from "../../flush_list.ts";
import type { HeldMemory } from "../../held_memory.ts";
import { readSpans } from "../../id_spans.ts";
import type { Store } from "../../store/types.ts";
import { matches } from "../../topics/topic.ts";
import type { Run } from "../../wire/run.ts";
import type { EngineOptions } from "../memory.ts";
import { inMemory } from "../receipts.ts";
import { Routing, type SubscribedRoute } from "../routing.ts";
import type {
  Engine,
  EngineSnapshot,
  Gate,
  Level,
  Publisher,
  Receipt,
  ReplayOptions,
  ReplaySubscriber,
  Route,
  Subscriber,
} from "../types.ts";
import { Dedup, type DedupOptions } from "./dedup.ts";
import { CommitLog } from "./commit_log.ts";
import { Piece } from "./piece.ts";
import { Replay, type ReplayParts } from "./replay.ts";

/** What makes topics durable. */
export interface DurableEngineOptions extends EngineOptions {
  /** Open; the engine closes it. */
  readonly store: Store;
  /** Which topics: canonical patterns. */
  readonly patterns: readonly string[];
  /** How safe a message is that the store says it has. */
  readonly level: Level;
  readonly dedup: Omit<DedupOptions, "memory">;
  readonly flushes: FlushList;
  /** What all peers keep together. */
  readonly memory: HeldMemory;
  /** Calls back in a later turn, behind what others have to do by then. */
  readonly later: (callback: () => void) => void;
  /** A commit was refused; later ones may succeed. */
  readonly onRefused: (reason: string) => void;
  /** It is not known what is stored: nothing durable is acknowledged any more. */
  readonly onLost: (reason: string) => void;
}

const NONE_KNOWN: ReadonlySet<number> = new Set();

/**
 * Guarantees as those of {@link Routing}, and: a durable message is delivered and acknowledged after the
 * commit that holds it (D1); one that is stored already is acknowledged and not stored again (D6); a replay
 * never makes a publisher wait (D5).
 */
export class DurableEngine implements Engine {
  readonly durable: readonly string[];
  readonly #routing: Routing;
  readonly #counters: Counters;
  readonly #store: Store;
  readonly #dedup: Dedup;
  readonly #log: CommitLog;
  readonly #replayParts: ReplayParts;
  readonly #replays = new Map<Subscriber, Replay>();
  /** Those that read again when the commit that is being handed on is through. */
  #behind: Replay[] = [];
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
    this.#dedup = new Dedup({ ...options.dedup, memory });
    for (const { topic, age, ids } of store.recentIds) this.#dedup.restore(topic, readSpans(ids) ?? [], age);
    this.#log = new CommitLog({
      store,
      level,
      flushes,
      memory,
      later,
      deliver: (run) => this.#deliver(run),
      onCommitted: ({ batch, time }) => {
        this.#dedup.stored(time);
        this.#readOn(batch);
      },
      onRunRefused: (run) => this.#dedup.refused(run.route.topic, run.ids),
      onRefused: options.onRefused,
      onLost: options.onLost,
    });
    this.#replayParts = {
      store,
      handedOn: () => this.#log.handedOn,
      goLive: (pattern, replay) => void this.#routing.subscribe(pattern, replay),
      leave: (pattern, replay) => {
        this.#routing.unsubscribe(pattern, replay);
        this.#ending.delete(replay);
      },
      behind: (replay) => void this.#behind.push(replay),
      endsAtTime: (replay) => void this.#ending.add(replay),
      flush: () => flushes.flush(),
    };
  }

  findRoute(bytes: Uint8Array, start: number, end: number): Route | undefined {
    return this.#routing.find(bytes, start, end);
  }

  routeOf(topic: string): Route {
    return this.#routing.routeOf(topic);
  }

  gateOf(route: Route): Gate | undefined {
    const subscribed = route as SubscribedRoute;
    const full = this.#routing.gateOf(subscribed);
    return full === undefined && subscribed.durable && this.#log.full ? this.#log : full;
  }

  publish(run: Run, publisher: Publisher): Receipt | undefined {
    if (!(run.route as SubscribedRoute).durable) {
      return inMemory(this.#deliver(run));
    }
    run.keep();
    this.#append(run, publisher);
    return undefined;
  }

  subscribe(pattern: string, subscriber: Subscriber): boolean {
    return this.#routing.subscribe(pattern, subscriber);
  }

  unsubscribe(pattern: string, subscriber: Subscriber): boolean {
    const replay = this.#replays.get(subscriber);
    if (replay === undefined) return this.#routing.unsubscribe(pattern, subscriber);
    this.#replays.delete(subscriber);
    replay.stop();
    return true;
  }

  replay(pattern: string, subscriber: ReplaySubscriber, { range, started, ended }: ReplayOptions): void {
    const replay = new Replay(this.#replayParts, { pattern, subscriber, ended });
    this.#replays.set(subscriber, replay);
    replay.start(range, (how) => {
      if (how.kind === "failed") this.#replays.delete(subscriber);
      started(how);
    });
  }

  tick(now: number): void {
    this.#routing.tick(now);
    for (const replay of this.#ending) replay.timeIs(now);
  }

  trouble(): string | undefined {
    return this.#log.trouble;
  }

  snapshot(): EngineSnapshot {
    const { subscriptions, topics } = this.#routing;
    return { subscriptions, topics, replays: this.#replays.size, store: this.#store.state };
  }

  whenIdle(callback: () => void): void {
    this.#log.whenIdle(callback);
  }

  close(closed: () => void): void {
    this.whenIdle(() => this.#store.close(closed));
  }

  #deliver(run: Run): number {
    this.#counters.published(run.count);
    return this.#routing.deliver(run);
  }

  /** What of a run is to be stored, all of it mostly, and what is stored already, or being stored. */
  #append(run: Run, publisher: Publisher): void {
    const { ids, count } = run;
    const known = ids.length === 0 ? NONE_KNOWN : this.#dedup.claim(run.route.topic, ids);
    if (known.size === 0) {
      const acknowledgement = publisher.hold(count);
      return this.#log.append(new Piece(run, { part: run, acknowledgement, repeats: false, last: true }));
    }
    for (const { at, count: some, part } of run.split(known)) {
      const acknowledgement = publisher.hold(some);
      this.#log.append(new Piece(run, { part, acknowledgement, repeats: true, last: at + some === count }));
    }
  }

  #readOn(batch: number): void {
    const behind = this.#behind;
    if (behind.length === 0) return;
    this.#behind = [];
    for (const replay of behind) replay.readOn(batch);
  }
}
