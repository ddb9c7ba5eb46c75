/**
 * What a store knows of groups: how far each has come, as it was told with a commit.
 *
 * @module
 */

/** What a group is: a name and a pattern. */
export interface GroupName {
  /** One segment of a topic. */
  readonly name: string;
  /** Canonical. */
  readonly pattern: string;
}

/** What of a topic a group has settled behind the batch up to which it has settled everything. */
export interface TopicMark {
  /** With its `#`. */
  readonly topic: string;
  /** Sequence numbers as a text without any meaning here; empty: none. */
  readonly settled: string;
  /** What is to be known of those that are not settled, in the same way. */
  readonly attempts: string;
}

/** How far a group has come. */
export interface GroupMark {
  /** Of a topic's messages only those with a sequence number of at least this are the group's. */
  readonly sequence: number;
  /** All up to this batch is settled. */
  readonly after: number;
  /** Topics of which that is not all. In a commit: of those that are left out it stays as it was. */
  readonly topics: readonly TopicMark[];
}

/** How far a group has come, with what it is called. */
export interface NamedMark extends GroupName, GroupMark {}

/** The answer to {@link Store.group}; `none`: there is no such group. */
export type GroupOutcome =
  | {
    readonly kind: "group";
    readonly mark: GroupMark;
    /** Messages it had not settled and that retention has deleted since its last mark. */
    readonly missed: number;
  }
  | { readonly kind: "none" }
  | { readonly kind: "failed"; readonly reason: string };

/** A group as it is stored. */
export interface GroupState extends GroupName {
  /** Messages of its topics that are stored and that it has not settled. */
  readonly lag: number;
  /** When the oldest of them was stored, milliseconds since 1970; undefined: there is none. */
  readonly oldest: number | undefined;
}

/** A group that has been counted in part. */
export interface CountedGroup extends GroupState {
  /** Its topics up to the one with this id are in it; 0: none is. */
  readonly topic: number;
}

/** How far a listing of groups has come. */
export interface GroupsPlace {
  /** Those up to this one have been told. */
  readonly after: GroupName;
  /** Of the next what has been counted so far; undefined: nothing. */
  readonly counted: CountedGroup | undefined;
}

/** The answer to {@link Store.groups}: some, in an order of their own, or none yet. */
export type GroupsOutcome =
  | {
    readonly kind: "groups";
    readonly groups: readonly GroupState[];
    /** Where to go on; undefined: these were the last. */
    readonly next: GroupsPlace | undefined;
  }
  | { readonly kind: "failed"; readonly reason: string };

/** The answer to {@link Store.groupCount}. */
export type GroupCountOutcome =
  | { readonly kind: "counted"; readonly groups: number }
  | { readonly kind: "failed"; readonly reason: string };
