/**
 * What a disk keeps what is stored on.
 *
 * @module
 */
import type {
  Append,
  CommitOutcome,
  Delayed,
  GroupName,
  NamedMark,
  Store,
} from "../../../lib/store/types.ts";

/** What one commit stores. */
export interface Kept {
  readonly appends: readonly Append[];
  readonly marks: readonly NamedMark[];
  readonly delayed: readonly Delayed[];
  readonly moved: readonly number[];
  readonly forget: readonly GroupName[];
  /** Topics there may be; left out: any number. */
  readonly topicsMost?: number | undefined;
  /** By the wall clock of who stored it, milliseconds since 1970. */
  readonly time: number;
}

/** A store over what is kept, while a broker has it open; it answers at once, and itself stores nothing. */
export interface Opened {
  readonly store: Omit<Store, "commit">;
  /** Stores it, for good. */
  commit(kept: Kept, done: (outcome: CommitOutcome) => void): void;
}

/** What outlives all brokers. */
export interface Medium {
  /** `now`: the wall clock of who opens it. */
  open(now: () => number): Opened;
  /** It was stored after all, by somebody who never heard of it. */
  add(kept: Kept): void;
}
