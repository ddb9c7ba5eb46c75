/**
 * The store that keeps nothing beyond the process: the reference for the others, and the null case.
 *
 * @module
 */
import { DamageError } from "./log/damage.ts";
import { groupAppends, outcomeOf, storedBatches, topicsProblem } from "./log/group.ts";
import { groupsOf } from "./log/groups.ts";
import { MemoryLog } from "./log/memory_log.ts";
import { read } from "./log/read.ts";
import { type AgedBatch, trimmedOf, Trimmer } from "./log/retention.ts";
import { seek } from "./log/seek.ts";
import { topicsOf } from "./log/topics.ts";
import type {
  Commit,
  CommitOutcome,
  Cursor,
  DueOutcome,
  DueQuery,
  GroupCountOutcome,
  GroupName,
  GroupOutcome,
  GroupsOutcome,
  GroupsPlace,
  ReadExtent,
  ReadOutcome,
  RecentIds,
  RetentionRules,
  SeekOutcome,
  SeekRange,
  Store,
  StoreState,
  TopicsOutcome,
  TopicsQuery,
  Trimmed,
} from "./types.ts";

/** What a memory store is made with. */
export interface MemoryOptions {
  /** What is deleted, and when (nothing). */
  readonly retain?: RetentionRules | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Answers behind the call that asks, in the order of the calls. Retention is applied with each commit. */
export class MemoryStore implements Store {
  /** None: it begins empty. */
  readonly recentIds: readonly RecentIds[] = [];
  readonly #log = new MemoryLog();
  readonly #trimmer: Trimmer;
  readonly #now: () => number;
  readonly #watching: Array<(what: Trimmed) => void> = [];
  #commits = 0;
  #trimmed = 0;

  /** Empty. */
  constructor({ retain = {}, now }: MemoryOptions) {
    this.#trimmer = new Trimmer(this.#log, retain);
    this.#now = now;
  }

  /** As of the last commit. */
  get state(): StoreState {
    const { topics, batches, bytes, last } = this.#log;
    const { commits, trimmed } = { commits: this.#commits, trimmed: this.#trimmed };
    const { count: delayed, bytes: delayedBytes } = this.#log.delayed;
    const waits = { delayed, delayedBytes };
    return { topics, batches, bytes, last, commits, commitTime: 0, committing: 0, trimmed, ...waits };
  }

  /** Stores them together. */
  commit(commit: Commit, done: (outcome: CommitOutcome) => void): void {
    const outcome = this.#commit(commit);
    queueMicrotask(() => done(outcome));
  }

  /** How far a group has come. */
  group(group: GroupName, done: (outcome: GroupOutcome) => void): void {
    const { marks } = this.#log;
    const mark = marks.get(group);
    const missed = marks.missedBy(group);
    queueMicrotask(() => done(mark === undefined ? { kind: "none" } : { kind: "group", mark, missed }));
  }

  /** How many groups there are. */
  groupCount(done: (outcome: GroupCountOutcome) => void): void {
    const groups = this.#log.marks.count;
    queueMicrotask(() => done({ kind: "counted", groups }));
  }

  /** Some of them. */
  groups(place: GroupsPlace | undefined, done: (outcome: GroupsOutcome) => void): void {
    const outcome = orFailed(() => groupsOf(this.#log, this.#log.marks, place));
    queueMicrotask(() => done(outcome));
  }

  /** Those of which something is stored. */
  topics(query: TopicsQuery, done: (outcome: TopicsOutcome) => void): void {
    const outcome = orFailed(() => topicsOf(this.#log, query));
    queueMicrotask(() => done(outcome));
  }

  /** Finds where a replay begins. */
  seek(pattern: string, range: SeekRange, done: (outcome: SeekOutcome) => void): void {
    const outcome = orFailed(() => seek(this.#log, pattern, { ...range, now: this.#now() }));
    queueMicrotask(() => done(outcome));
  }

  /** Reads on from cursors. */
  read(cursors: readonly Cursor[], extent: ReadExtent, done: (outcome: ReadOutcome) => void): void {
    const outcome = orFailed(() => read(this.#log, cursors, { ...extent, now: this.#now() }));
    queueMicrotask(() => done(outcome));
  }

  /** What is due. */
  due(query: DueQuery, done: (outcome: DueOutcome) => void): void {
    const outcome = this.#log.delayed.due(query);
    queueMicrotask(() => done(outcome));
  }

  /** Tells what retention deletes. */
  watch(trimmed: (what: Trimmed) => void): void {
    this.#watching.push(trimmed);
  }

  /** Nothing is kept. */
  close(done: () => void): void {
    queueMicrotask(done);
  }

  #tell(batches: readonly AgedBatch[]): void {
    const what = trimmedOf(batches, this.#log);
    for (const tell of this.#watching) tell(what);
  }

  #commit({ appends, marks = [], forget = [], delayed = [], moved = [], topicsMost }: Commit): CommitOutcome {
    const reason = topicsProblem(appends) ?? topicsProblem(delayed);
    if (reason !== undefined) return { kind: "refused", reason };
    const grouped = groupAppends(appends, delayed);
    const bytes = new Uint8Array(grouped.length);
    grouped.copyTo(bytes);
    const numbers = this.#log.append(grouped, bytes, { now: this.#now(), topicsMost });
    for (const group of forget) this.#log.marks.forget(group);
    for (const mark of marks) this.#log.marks.put(mark);
    this.#log.delayed.take(moved);
    this.#commits++;
    this.#trim(storedBatches(grouped.batches, numbers));
    return outcomeOf(grouped, numbers);
  }

  #trim(batches: readonly { readonly topic: string; readonly start: number; readonly end: number }[]): void {
    if (!this.#trimmer.active) return;
    for (const { topic, start, end } of batches) {
      const row = this.#log.topicNamed(topic);
      if (row !== undefined) this.#trimmer.added(row.id, end - start);
    }
    for (let more = true; more;) {
      const step = this.#trimmer.step(this.#now());
      this.#trimmed += step.messages;
      more = step.more;
      if (step.batches.length > 0) this.#tell(step.batches);
    }
  }
}

function orFailed<T>(ask: () => T): T | { readonly kind: "failed"; readonly reason: string } {
  try {
    return ask();
  } catch (error) {
    if (error instanceof DamageError) return { kind: "failed", reason: error.message };
    throw error;
  }
}
