/**
 * What is stored together, and what becomes of it.
 *
 * @module
 */
import type { Stored } from "../wire/run.ts";
import type { GroupName, NamedMark } from "./group_types.ts";

/** `never`: it is for a topic that there is already. `always`: however many there are. */
export type MayBegin = "never" | "always";

/** A run to be stored: consecutive messages to one topic, as records with the topic's `#`. */
export interface Append {
  /** With its `#`. */
  readonly topic: string;
  /** Messages in it. */
  readonly count: number;
  /** Its records. */
  readonly bytes: Uint8Array;
  /**
   * The ids of its messages as a text without any meaning here, given back by the store's `recentIds`; one or
   * more lines.
   */
  readonly ids?: string | undefined;
  /**
   * Milliseconds after which the first of its messages is not to be delivered any more (`ttl=` in its record
   * says which).
   */
  readonly ttl?: number | undefined;
  /** Whether its topic may begin with it; left out: while there are fewer than {@link Commit.topicsMost}. */
  readonly mayBegin?: MayBegin | undefined;
}

/** A run that is to be appended when it is due, and is kept until then. */
export interface Delayed extends Append {
  /** Milliseconds since 1970. */
  readonly due: number;
}

/** What is stored together. */
export interface Commit {
  /** In their order. */
  readonly appends: readonly Append[];
  /** How far groups have come; left out: no group has. */
  readonly marks?: readonly NamedMark[] | undefined;
  /** What is to be kept until it is due. */
  readonly delayed?: readonly Delayed[] | undefined;
  /** Those that are kept no more, by their ids: they are among the appends. */
  readonly moved?: readonly number[] | undefined;
  /** Groups of which nothing is known any more, but what marks of this commit say; left out: none. */
  readonly forget?: readonly GroupName[] | undefined;
  /**
   * As many topics there may be, those that are empty with the others: their numbers go on. What would begin
   * one more is left out of the commit, and the rest is stored. Left out: any number.
   */
  readonly topicsMost?: number | undefined;
}

/** Runs of a commit, by their places in its lists. */
export interface CommitPlaces {
  /** Of those that are appended. */
  readonly appends: readonly number[];
  /** Of those that are kept until they are due. */
  readonly delayed: readonly number[];
}

/**
 * What became of a commit. `refused`: nothing of it is stored and later ones may succeed (disk full). `lost`:
 * it is not known what is stored (a failed fsync, a file that vanished): nothing more may be committed by
 * this process. It can become known between two commits: who opened the store is told then.
 */
export type CommitOutcome =
  | {
    readonly kind: "stored";
    /** Where they went, in their order, without those that are `unbegun`. */
    readonly stored: readonly Stored[];
    /** What was not stored, for its topic was not there and might not begin with it; left out: nothing. */
    readonly unbegun?: CommitPlaces | undefined;
    /** Of what is kept until it is due, by place, that whose topics began with it; left out: nothing. */
    readonly begun?: readonly number[] | undefined;
  }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "lost"; readonly reason: string };
