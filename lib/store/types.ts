/**
 * The durable log as the engine sees it. Calls return at once and answer by a callback, in the order of the
 * calls of their kind: who decides stays synchronous, who does I/O (a worker with SQLite, or nobody) stays
 * behind this.
 *
 * @module
 */
import type { Reception } from "../topics/reception.ts";
import type { Stored } from "../wire/run.ts";
import type { Commit, CommitOutcome, Delayed } from "./commit_types.ts";
import type {
  GroupCountOutcome,
  GroupName,
  GroupOutcome,
  GroupsOutcome,
  GroupsPlace,
} from "./group_types.ts";
import type { TopicsOutcome, TopicsQuery } from "./topic_types.ts";

export type { Stored };
export type { Append, Commit, CommitOutcome, CommitPlaces, Delayed, MayBegin } from "./commit_types.ts";
export type {
  CountedGroup,
  GroupCountOutcome,
  GroupMark,
  GroupName,
  GroupOutcome,
  GroupsOutcome,
  GroupsPlace,
  GroupState,
  NamedMark,
  TopicMark,
} from "./group_types.ts";
export type { StoredTopic, TopicsOutcome, TopicsQuery } from "./topic_types.ts";

/** A run that is kept until it is due. */
export interface DelayedRun extends Delayed {
  /** Greater than that of any that was kept before it and still is. */
  readonly id: number;
  /** When it was stored, milliseconds since 1970. */
  readonly published: number;
}

/** Between two that are kept, by when they are due, those of one time by their ids. */
export interface DuePlace {
  /** Milliseconds since 1970. */
  readonly due: number;
  /** That of the run before it. */
  readonly id: number;
}

/** Which are asked for. */
export interface DueQuery {
  /** Those that are due at this time, milliseconds since 1970. */
  readonly now: number;
  /** Those behind this place; undefined: all. */
  readonly after: DuePlace | undefined;
  /** Those of these topics are not wanted. */
  readonly without: readonly string[];
  /** About so many bytes, and one in any case. */
  readonly most: number;
}

/** The answer to {@link Store.due}. */
export type DueOutcome =
  | {
    readonly kind: "due";
    /** In the order of their places. */
    readonly runs: readonly DelayedRun[];
    /** Where the next would be found; undefined: all that is due was looked at. */
    readonly after: DuePlace | undefined;
    /** When the first is due that is not yet, milliseconds since 1970; undefined: there is none. */
    readonly next: number | undefined;
    /** Those that cannot be read, clauses for a person: they stay where they are. */
    readonly damaged: readonly string[];
  }
  | { readonly kind: "failed"; readonly reason: string };

/** Ids that were stored before the store was opened. */
export interface RecentIds {
  /** With its `#`. */
  readonly topic: string;
  /** Milliseconds before the newest batch. */
  readonly age: number;
  /** As they were given with {@link Append.ids}. */
  readonly ids: string;
}

/** Where a replay begins. A time is milliseconds since 1970. */
export type From =
  | { readonly kind: "earliest" }
  | FromLast
  | { readonly kind: "sequence"; readonly sequence: number }
  | { readonly kind: "time"; readonly time: number };

/** With so many of each topic, the last there are. */
export interface FromLast {
  /** What it is. */
  readonly kind: "last";
  /** How many of each topic; at least 1. */
  readonly count: number;
  /** The last there were at this time, and all that came since; undefined: now. */
  readonly asOf: number | undefined;
}

/** Where it ends, exclusive of later ones. */
export type To =
  | { readonly kind: "sequence"; readonly sequence: number }
  | { readonly kind: "time"; readonly time: number };

/** What a replay takes in. */
export interface ReplayRange {
  /** Where it begins. */
  readonly from: From;
  /** Undefined: it never ends, it goes on with what is live. */
  readonly to: To | undefined;
}

/** Messages of a pattern that a replay need not bring: they have come by another way. */
export interface Had {
  /** Canonical. */
  readonly pattern: string;
  /** Of their topic, those with a sequence number of at least this. */
  readonly sequence: number;
  /** Those from this time on. */
  readonly time: number;
  /** Those up to there. */
  readonly to: To | undefined;
  /** Those of the batches behind this one. */
  readonly since: number;
  /** Those of the batches up to this one. */
  readonly until: number;
}

/** How far a replay of one pattern has come. */
export interface Cursor {
  /** Canonical. */
  readonly pattern: string;
  /** Everything up to this batch has been read. */
  readonly after: number;
  /** Of a topic's messages only those with a sequence number of at least this. */
  readonly sequence: number;
  /** Of all messages only those from this time on. */
  readonly time: number;
  /** Where it ends. */
  readonly to: To | undefined;
  /**
   * Set by the store while the last so many of each topic are being read: those of the topics before this one
   * have been given, and of it those before this sequence number.
   */
  readonly last?: { readonly count: number; readonly topic: number; readonly sequence: number };
  /**
   * Set by a store that others keep, too: the last batch its pattern had there, and when that was asked for.
   * It has caught up once it has read up to there.
   */
  readonly edge?: { readonly batch: number; readonly at: number };
  /** What is left out, for it has come already. */
  readonly had?: readonly Had[] | undefined;
  /** Of the topics it takes in those that may be received; left out: all of them. */
  readonly reception?: Reception | undefined;
}

/** What is asked for, and as of when. */
export interface SeekRange extends ReplayRange {
  /** The last batch that is taken to be there (the last there is). */
  readonly upTo?: number | undefined;
  /** Where the search stands, as the answer before said. */
  readonly place?: SeekPlace | undefined;
  /** As that of a {@link Cursor}: of the others nothing is told. */
  readonly reception?: Reception | undefined;
}

/** How far the search for a beginning has come, where many topics are looked at. */
export interface SeekPlace {
  /** Those up to this one have been looked at. */
  readonly topic: number;
  /** The beginning as far as that is known. */
  readonly after: number;
  /** Whether any has what was asked for. */
  readonly found: boolean;
  /** The greatest sequence number they have. */
  readonly newest: number;
  /** As {@link Trimmed.deleted}: the state of the log when it began. */
  readonly deleted: number;
}

/** The answer to {@link Store.seek}; `searching`: ask again, with that place. */
export type SeekOutcome =
  | { readonly kind: "searching"; readonly place: SeekPlace }
  | {
    readonly kind: "found";
    readonly cursor: Cursor;
    /** What has to be sent before the cursor is read from: the last of each topic. */
    readonly first: Page;
    /**
     * The smallest sequence number that is still there, where one topic was asked for and the one asked for
     * is gone.
     */
    readonly trimmedTo: number | undefined;
    /**
     * The greatest sequence number there is, where the one asked for lies beyond the next; 0: there is none.
     */
    readonly ahead: number | undefined;
    /** As {@link Trimmed.deleted}: the state of the log that was looked at. */
    readonly deleted: number;
  }
  | { readonly kind: "failed"; readonly reason: string };

/**
 * Stored messages as they are written to a v2 subscriber: batches one after the other, each behind its
 * header.
 */
export interface Page {
  /** Whole batches. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How many are in them. */
  readonly messages: number;
}

/** The answer to {@link Store.read}. */
export type ReadOutcome =
  | {
    readonly kind: "page";
    readonly page: Page;
    /** Where those that were read from have come to, in their order. */
    readonly cursors: readonly Cursor[];
    /** Of each. */
    readonly ends: readonly ReadEnd[];
    /** As {@link Trimmed.deleted}: the state of the log that was read. */
    readonly deleted: number;
  }
  | { readonly kind: "failed"; readonly reason: string };

/** There is nothing behind the cursor yet, or nothing that the cursor's `to` lets through. */
export type ReadEnd = "none" | "caught up" | "past to";

/** How much is read. */
export interface ReadExtent {
  /** About so many bytes, and one batch at least. */
  readonly most: number;
  /** Nothing that comes behind this batch (all there is). */
  readonly upTo?: number | undefined;
}

/** A batch that retention has deleted. */
export interface TrimmedBatch {
  /** Which it was. */
  readonly batch: number;
  /** With its `#`. */
  readonly topic: string;
  /** The sequence number of its first message. */
  readonly first: number;
  /** Messages that were in it. */
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** What retention has deleted in one go. */
export interface Trimmed {
  /** The oldest of some patterns. */
  readonly batches: readonly TrimmedBatch[];
  /** How many batches were ever deleted, with these: of two states of the log the later has the greater. */
  readonly deleted: number;
}

/** How much is there, and what it takes. */
export interface StoreState {
  /** Topics that something was ever stored in, or waits for. */
  readonly topics: number;
  /** Batches of all topics. */
  readonly batches: number;
  /** What it occupies, without room that was given free and not yet back to the disk. */
  readonly bytes: number;
  /** The last batch that is committed; 0: none. */
  readonly last: number;
  /** Commits since it was opened; with `sync` "commit" each is one fsync before its answer. */
  readonly commits: number;
  /** Milliseconds they took altogether. */
  readonly commitTime: number;
  /** Messages of a commit that has not been answered yet. */
  readonly committing: number;
  /** Messages that retention has deleted since it was opened. */
  readonly trimmed: number;
  /** Messages that are kept until they are due. */
  readonly delayed: number;
  /** Bytes of their records. */
  readonly delayedBytes: number;
}

/** How long and how much is kept; what is undefined has no limit. */
export interface Retention {
  /** Messages older than this go, milliseconds. */
  readonly age?: number | undefined;
  /** More than this go, the oldest first, bytes. */
  readonly bytes?: number | undefined;
  /**
   * Whether what a group has not settled stays all the same (hold), beside what is counted, or goes like what
   * is (ignore).
   */
  readonly groups?: "hold" | "ignore" | undefined;
}

/** Retention of a whole store. */
export interface RetentionRules extends Retention {
  /**
   * By pattern, the first that takes a topic in counts and replaces both limits above for it; `bytes` is for
   * all topics of that pattern together.
   */
  readonly overrides?: readonly (Retention & { readonly pattern: string })[] | undefined;
}

/** A log of batches. One at a time has it open. */
export interface Store {
  /** As of the last answer. */
  readonly state: StoreState;
  /** Stores all of it or nothing, on disk before it answers where it is asked to be. */
  commit(commit: Commit, done: (outcome: CommitOutcome) => void): void;
  /** How far a group has come. */
  group(group: GroupName, done: (outcome: GroupOutcome) => void): void;
  /** What is due of what is kept until then. */
  due(query: DueQuery, done: (outcome: DueOutcome) => void): void;
  /** How many groups there are. */
  groupCount(done: (outcome: GroupCountOutcome) => void): void;
  /** The groups there are, as much at a time as keeps nobody waiting: from a place on, or from the first. */
  groups(place: GroupsPlace | undefined, done: (outcome: GroupsOutcome) => void): void;
  /** The topics of which something is stored, some at a time; left out: nobody can be told. */
  topics?(query: TopicsQuery, done: (outcome: TopicsOutcome) => void): void;
  /**
   * Whether something is to be done between two commits that takes as long as one; left out: never. It is
   * done when {@link keepUp} asks for it, and without that behind the next commit, or soon where none comes:
   * so who comes meanwhile has the commit behind it, and waits for none that was asked for before.
   */
  readonly upkeepDue?: boolean;
  /** Does that and calls back; it does so too where it is done already. Not while a commit has no answer. */
  keepUp?(done: () => void): void;
  /** The ids of what was stored last when it was opened, the oldest first: for the time it keeps them. */
  readonly recentIds: readonly RecentIds[];
  /** Finds where a replay begins, a few thousand topics at a time. */
  seek(pattern: string, range: SeekRange, done: (outcome: SeekOutcome) => void): void;
  /**
   * Reads on from a cursor, without what has outlived its `ttl`; a page without a message and the end "none"
   * says that much that was not wanted has been passed, and that there is more. From several cursors it reads
   * in the order of the commits what any of them lets through, each message once; one that is ahead waits for
   * the others.
   */
  read(cursors: readonly Cursor[], extent: ReadExtent, done: (outcome: ReadOutcome) => void): void;
  /**
   * Tells from now on what retention deletes: before the answer to any read or seek that looked at a log
   * without it.
   */
  watch(trimmed: (what: Trimmed) => void): void;
  /** After what was called before has been answered. */
  close(done: () => void): void;
}
