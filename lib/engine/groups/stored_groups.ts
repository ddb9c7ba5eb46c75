/**
 * The groups of an engine whose topics are stored, each as long as it has members or something to store.
 *
 * @module
 */
import type { ChunkPool } from "../../buffers.ts";
import type { Counters } from "../../counters.ts";
import type { Flushable, FlushList } from "../../flush_list.ts";
import type { HeldMemory } from "../../held_memory.ts";
import type { Cursor, From, GroupName, Store, Trimmed } from "../../store/types.ts";
import type { ReadingTurns } from "../durable/reading_turns.ts";
import type { Replay } from "../durable/replay.ts";
import type { TopicLimit } from "../durable/topic_limit.ts";
import type { Routing } from "../routing.ts";
import type { GroupChange, GroupSnapshot, Joining, Level, Member, Membership, Route } from "../types.ts";
import { beginAt, forget } from "./begin_anew.ts";
import type { Group } from "./group.ts";
import { GroupCount } from "./group_count.ts";
import { keyOf } from "./listing.ts";
import type { Settlements } from "./settlements.ts";
import { StoredGroup, type StoredGroupOwner } from "./stored_group.ts";

/** How members of such groups are treated. */
export interface GroupTerms {
  /** Milliseconds that a member may hold messages that it settles itself. */
  readonly ackTimeout: number;
  /** How often a message is given out before it is a dead letter. */
  readonly maxAttempts: number;
  /** Bytes that the name of a topic may have. */
  readonly topicMost: number;
  /** How many may be stored; left out: any number. */
  readonly groupsMost?: number;
}

/** What such groups have in common. */
export interface StoredGroupsOptions extends GroupTerms {
  readonly store: Store;
  readonly routing: Routing;
  readonly counters: Counters;
  readonly flushes: FlushList;
  readonly memory: HeldMemory;
  readonly pool: ChunkPool;
  readonly turns: ReadingTurns;
  readonly level: Level;
  /** What goes into commits. */
  readonly settlements: Settlements;
  readonly topics: Pick<TopicLimit, "reserve">;
  /** As those of {@link StoredGroupOwner}. */
  readonly follow: (group: StoredGroup, cursor: Cursor) => Replay;
  readonly unfollow: (replay: Replay) => void;
  readonly handedOn: () => number;
}

/** What a group takes beside its members and its pattern, bytes. */
const GROUP_BYTES = 4096;

/** A group is a name and a pattern (G1). */
export class StoredGroups implements StoredGroupOwner {
  clock = 0;
  readonly count: GroupCount;
  readonly #options: StoredGroupsOptions;
  readonly #groups = new Map<string, StoredGroup>();
  /** Those that got messages of the commit that is being handed on. */
  readonly #touched = new Set<StoredGroup>();

  constructor(options: StoredGroupsOptions) {
    this.#options = options;
    this.count = new GroupCount(options.store, options.groupsMost ?? Infinity);
  }

  get settlements(): Settlements {
    return this.#options.settlements;
  }

  get ackTimeout(): number {
    return this.#options.ackTimeout;
  }
  get maxAttempts(): number {
    return this.#options.maxAttempts;
  }
  get topicMost(): number {
    return this.#options.topicMost;
  }
  get topics(): StoredGroupsOptions["topics"] {
    return this.#options.topics;
  }
  get store(): Store {
    return this.#options.store;
  }
  get counters(): Counters {
    return this.#options.counters;
  }
  get memory(): HeldMemory {
    return this.#options.memory;
  }
  get pool(): ChunkPool {
    return this.#options.pool;
  }
  get turns(): ReadingTurns {
    return this.#options.turns;
  }
  get level(): Level {
    return this.#options.level;
  }

  /** A place in a group, which is made, or found in the store, for its first member. */
  join(joining: Joining, member: Member): Membership {
    return this.#open(joining, joining.blocks).join(joining, member);
  }

  /** A group begins anew there; undefined: with what is stored from now on. */
  reset(name: GroupName, from: From | undefined, done: (change: GroupChange) => void): void {
    this.#suspended(name, done, (group) => {
      beginAt(group, from, {
        parts: this,
        done: (begun) => {
          group.resume(begun.kind === "begun" ? begun.mark : undefined);
          done(begun.kind === "begun" ? DONE : { kind: "failed", reason: begun.reason });
        },
      });
    });
  }

  /** A group is no more. */
  remove(name: GroupName, done: (change: GroupChange) => void): void {
    this.#suspended(name, done, (group) => {
      forget(group, {
        parts: this,
        done: (reason) => {
          if (reason === undefined) this.count.gone();
          if (reason === undefined) group.dissolve(`the group ${group.name} was deleted`);
          else group.resume(undefined);
          done(reason === undefined ? DONE : { kind: "failed", reason });
        },
      });
    });
  }

  /** So many milliseconds have passed. */
  tick(passed: number): void {
    this.clock += passed;
    for (const group of this.#groups.values()) group.tick();
    this.settlements.tick();
    this.flush();
  }

  /** All up to this batch has been handed on. */
  committed(batch: number): void {
    for (const group of this.#touched) group.committed(batch);
    this.#touched.clear();
  }

  /** Retention has deleted these. */
  trimmed(what: Trimmed): void {
    for (const group of this.#groups.values()) group.trimmed(what);
  }

  touched(group: StoredGroup): void {
    this.#touched.add(group);
  }

  routeOf = (topic: string): Route => this.#options.routing.routeOf(topic);

  subscribe(group: Group): void {
    this.#options.routing.subscribe(group.pattern, group);
  }

  unsubscribe(group: Group): void {
    this.#options.routing.unsubscribe(group.pattern, group);
  }

  follow(group: StoredGroup, cursor: Cursor): Replay {
    return this.#options.follow(group, cursor);
  }

  unfollow(replay: Replay): void {
    this.#options.unfollow(replay);
  }

  handedOn(): number {
    return this.#options.handedOn();
  }

  flush(): void {
    this.#options.flushes.flush();
  }

  later(group: Flushable): void {
    this.#options.flushes.add(group);
  }

  ended(group: StoredGroup): void {
    this.#groups.delete(keyOf(group));
    this.memory.letGo(GROUP_BYTES);
  }

  /** The engine ends: who waits for the store goes on without. */
  hurry(): void {
    for (const group of this.#groups.values()) group.hurry();
  }

  snapshot(): GroupSnapshot[] {
    return [...this.#groups.values()].map((group) => group.snapshot());
  }

  #open(of: GroupName, blocks: boolean): StoredGroup {
    const key = keyOf(of);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group = new StoredGroup({ ...of, blocks }, this);
    this.#groups.set(key, group);
    this.memory.hold(GROUP_BYTES);
    return group;
  }

  /** Does something to a group that is stored, while it gives out nothing. */
  #suspended(
    of: GroupName,
    done: (change: GroupChange) => void,
    change: (group: StoredGroup) => void,
  ): void {
    const { name, pattern } = of;
    this.store.group({ name, pattern }, (outcome) => {
      if (outcome.kind !== "group") return done(outcome);
      const group = this.#open({ name, pattern }, true);
      if (!group.suspend(() => change(group))) done(BUSY);
      this.flush();
    });
  }
}

const DONE: GroupChange = { kind: "done" };
/** It is known again in a moment what the case is. */
const BUSY: GroupChange = { kind: "failed", reason: "members of it are just coming or going: try again" };
