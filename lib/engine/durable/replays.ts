/**
 * The replays of an engine, by their subscribers and by their connections.
 *
 * @module
 */
import type { HeldMemory } from "../../held_memory.ts";
import type { Cursor, Store } from "../../store/types.ts";
import type { Routing } from "../routing.ts";
import type { ReplayOptions, ReplayRange, ReplaySubscriber, Subscriber } from "../types.ts";
import type { CommitLog } from "./commit_log.ts";
import { Following, type FollowingParts } from "./following.ts";
import type { ReadingTurns } from "./reading_turns.ts";
import { Replay } from "./replay.ts";

/** What they work with. */
export interface ReplaysParts {
  readonly store: Pick<Store, "seek" | "read" | "watch">;
  readonly routing: Routing;
  /** Who hands on what is live. */
  readonly log: Pick<CommitLog, "finish" | "delivered" | "begun">;
  readonly memory: HeldMemory;
  readonly turns: ReadingTurns;
  readonly flush: () => void;
}

/** What a replay takes by itself, bytes: measured, with all that belongs to it here. */
const REPLAY_BYTES = 1536;

/**
 * Guarantees: those of {@link Following} for each connection; a replay that falls back reads from between two
 * commits.
 */
export class Replays {
  readonly #routing: Routing;
  readonly #log: ReplaysParts["log"];
  readonly #memory: HeldMemory;
  readonly #followingParts: FollowingParts;
  readonly #replays = new Map<Subscriber, Replay>();
  /** By connection, of those that have a replay. */
  readonly #followings = new Map<object, Following>();
  /** Those that read again when the commit that is being handed on is through. */
  #behind: Replay[] = [];
  /** Those that are live and end at a time. */
  readonly #ending = new Set<Replay>();

  constructor({ store, routing, log, memory, turns, flush }: ReplaysParts) {
    this.#routing = routing;
    this.#log = log;
    this.#memory = memory;
    this.#followingParts = {
      store,
      turns,
      finish: () => log.finish(),
      handedOn: () => log.delivered,
      begun: () => log.begun,
      goLive: (replay) => {
        routing.subscribe(replay.pattern, replay);
        // nothing need be published for the end to come
        if (replay.range.to?.kind === "time") this.#ending.add(replay);
      },
      leave: (replay) => {
        routing.unsubscribe(replay.pattern, replay);
        this.#ending.delete(replay);
      },
      flush,
    };
    store.watch((what) => {
      for (const following of this.#followings.values()) following.trimmed(what);
    });
  }

  /** How many have not ended. */
  get size(): number {
    return this.#replays.size;
  }

  /** Adds a pattern whose messages are not replayed; false if this subscriber had it. */
  subscribe(pattern: string, subscriber: Subscriber): boolean {
    const following = this.#followings.get(subscriber.connection);
    if (following !== undefined) this.#log.finish();
    const added = this.#routing.subscribe(pattern, subscriber);
    if (added) following?.opened(pattern, subscriber);
    return added;
  }

  /** Takes a pattern away, whose messages are replayed or not. */
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

  has(subscriber: Subscriber): boolean {
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

  start(pattern: string, subscriber: ReplaySubscriber, options: ReplayOptions): void {
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

  /** A group reads as a connection of its own. */
  follow(group: ReplaySubscriber & { readonly pattern: string }, cursor: Cursor): Replay {
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

  unfollow(replay: Replay): void {
    this.#log.finish();
    this.#followings.get(replay.connection)?.stop(replay);
    this.#followings.delete(replay.connection);
  }

  /** Everything up to this batch has been handed on. */
  readOn(batch: number): void {
    const behind = this.#behind;
    this.#behind = [];
    for (const replay of behind) this.#fallBack(replay, batch);
  }

  /** No place that one has come to means anything any more. */
  fail(reason: string): void {
    for (const following of [...this.#followings.values()]) following.fail(reason);
  }

  /** Time has passed; `now` is milliseconds since 1970. */
  tick(now: number): void {
    for (const replay of this.#ending) {
      if (!replay.endsBy(now)) continue;
      this.#log.finish();
      this.#fallBack(replay, this.#log.delivered);
    }
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
