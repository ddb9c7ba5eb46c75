/**
 * The side of an engine on NATS that keeps its durable topics; the other passes topics in memory on.
 *
 * @module
 */
import type { ChunkPool } from "../../buffers.ts";
import type { Counters } from "../../counters.ts";
import type { FlushList } from "../../flush_list.ts";
import type { HeldMemory } from "../../held_memory.ts";
import type { From, StoreState, TopicsOutcome, TopicsQuery } from "../../store/types.ts";
import type { Run } from "../../wire/run.ts";
import type { Routing } from "../routing.ts";
import type {
  CommitsSnapshot,
  Gate,
  GroupChange,
  GroupName,
  GroupsListing,
  GroupSnapshot,
  Joining,
  Member,
  Membership,
  Publisher,
  ReplayOptions,
  ReplaySubscriber,
  Route,
  Subscriber,
} from "../types.ts";
import type { Subjects } from "./subjects.ts";

/** What such a side is made with. */
export interface StoredParts {
  readonly subjects: Subjects;
  readonly routing: Routing;
  readonly counters: Counters;
  readonly flushes: FlushList;
  readonly pool: ChunkPool;
  readonly memory: HeldMemory;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Hands a run to the subscribers of its topic; how many there are. Its gate is asked before. */
  readonly deliver: (run: Run) => number;
}

/** Makes it for an engine; `patterns` are known before, for they say which topics are durable. */
export interface StoredSource {
  /** Canonical, {@link import("../groups/dead_letters.ts").DEAD_LETTERS} among them or covered. */
  readonly patterns: readonly string[];
  readonly open: (parts: StoredParts) => StoredSide;
}

/** Durable topics. Only what concerns them is asked of it. */
export interface StoredSide {
  /** Milliseconds that a member of a group may hold a message, and how often one is given out. */
  readonly ackTimeout: number;
  readonly maxAttempts: number;
  /** Who has to become free before anything is published to a durable topic; undefined: nobody. */
  gateOf(route: Route, publisher?: Publisher): Gate | undefined;
  /** Stores a run and tells the publisher's {@link Publisher.hold}. It keeps the run, and releases it. */
  publish(run: Run, publisher: Publisher): void;
  /**
   * A pattern that takes in durable topics has its first local subscriber, or has lost its last. The routing
   * knows already, or still.
   */
  interest(pattern: string, change: "added" | "removed"): void;
  /**
   * Whether all that was added brings what is stored from now on; else `done` is called, once, when it does.
   */
  subscribed(done: () => void): boolean;
  /** A place in a group of durable topics. */
  join(joining: Joining, member: Member): Membership;
  /** Those that are stored. */
  groups(done: (listing: GroupsListing) => void): void;
  resetGroup(group: GroupName, from: From | undefined, done: (change: GroupChange) => void): void;
  deleteGroup(group: GroupName, done: (change: GroupChange) => void): void;
  /** Whether {@link replay} brings messages to this one. */
  replays(subscriber: Subscriber): boolean;
  /** As {@link import("../types.ts").Engine.replace}. */
  replace(before: ReplaySubscriber, subscriber: ReplaySubscriber): boolean;
  /** As {@link import("../types.ts").Engine.replay}. */
  replay(pattern: string, subscriber: ReplaySubscriber, options: ReplayOptions): void;
  /**
   * A subscriber that does not replay: as {@link Routing.subscribe} and {@link Routing.unsubscribe}, and told
   * to the replays of its connection, so that a message comes once.
   */
  subscribe(pattern: string, subscriber: Subscriber): boolean;
  unsubscribe(pattern: string, subscriber: Subscriber): boolean;
  /** Ends a replay of it; false: there is none. */
  endReplay(pattern: string, subscriber: Subscriber): boolean;
  storedTopics(query: TopicsQuery, done: (outcome: TopicsOutcome) => void): void;
  permissionsChanged(): void;
  tick(now: number): void;
  /** As {@link import("../types.ts").Engine.trouble}. */
  trouble(): string | undefined;
  readonly state: StoredSideState;
  /** Calls back once when everything that was published has been answered, or nothing will be any more. */
  whenIdle(callback: () => void): void;
  close(closed: () => void): void;
}

/** What it knows of itself, as plain data. */
export interface StoredSideState {
  readonly replays: number;
  /** Those that have members. */
  readonly groups: readonly GroupSnapshot[];
  readonly store: StoreState | undefined;
  readonly commits: CommitsSnapshot | undefined;
}
