/**
 * What groups have before them.
 *
 * @module
 */
import { readRanges, type SequenceRanges } from "../../sequence_ranges.ts";
import { isPattern, matches } from "../../topics/topic.ts";
import type { CountedGroup, GroupMark, GroupName, GroupsOutcome, GroupsPlace, GroupState } from "../types.ts";
import { DamageError } from "./damage.ts";
import { nextSequence, startOf } from "./find.ts";
import type { Matching } from "./matching.ts";
import { type BatchRef, endOf, type LogView } from "./view.ts";

/** How far groups have come, in the same state as the log. Every method may throw DamageError. */
export interface MarksView {
  /** Those behind one, in an order of their own, at most `limit`. */
  namesAfter(group: GroupName, limit: number): readonly GroupName[];
  standing(group: GroupName): Omit<GroupMark, "topics"> | undefined;
  /** What it has settled of a topic behind the batch up to which it has settled everything. */
  settledOf(group: GroupName, topic: string): string;
}

/** Groups that are listed in one call at most. */
const GROUPS_MOST = 200;
/** Topics or batches that are looked at in one call at most, so that it does not keep other reads waiting. */
const LOOKS_MOST = 1000;
/** What comes before all of them. */
const FIRST: GroupName = { name: "", pattern: "" };

/** Some groups as they stand. Throws DamageError. */
export function groupsOf(
  view: LogView,
  marks: MarksView,
  { after, counted }: GroupsPlace = { after: FIRST, counted: undefined },
): Extract<GroupsOutcome, { kind: "groups" }> {
  const names = marks.namesAfter(after, GROUPS_MOST);
  const groups: GroupState[] = [];
  let left = LOOKS_MOST;
  for (const group of names) {
    const begun = counted?.name === group.name && counted.pattern === group.pattern ? counted : group;
    const lag = new Lag(view, marks, begun);
    left -= lag.count(left);
    if (!lag.whole) {
      return {
        kind: "groups",
        groups,
        next: { after: names[groups.length - 1] ?? after, counted: lag.counted },
      };
    }
    groups.push(lag.state);
  }
  const last = names.length < GROUPS_MOST ? undefined : names.at(-1);
  return { kind: "groups", groups, next: last && { after: last, counted: undefined } };
}

/** Adds up what a group has before it. */
class Lag {
  /** Nothing is left to be counted. */
  whole = false;
  readonly #view: LogView;
  readonly #marks: MarksView;
  readonly #group: GroupName;
  readonly #standing: Omit<GroupMark, "topics">;
  #lag: number;
  #oldest: number | undefined;
  #topic: number;
  /** The oldest batch that is in it and was looked at by this one. */
  #batch = Infinity;

  /** `begun`: goes on with that. */
  constructor(view: LogView, marks: MarksView, begun: GroupName & Partial<CountedGroup>) {
    const { name, pattern, lag = 0, oldest, topic = 0 } = begun;
    this.#view = view;
    this.#marks = marks;
    this.#group = { name, pattern };
    this.#standing = marks.standing(begun)!;
    this.#lag = lag;
    this.#oldest = oldest;
    this.#topic = topic;
  }

  get state(): GroupState {
    return { ...this.#group, lag: this.#lag, oldest: this.#oldest };
  }

  get counted(): CountedGroup {
    return { ...this.state, topic: this.#topic };
  }

  /** Looks at so many topics or batches at most; at how many it did. */
  count(most: number): number {
    if (most === 0) return 0;
    const { pattern } = this.#group;
    const topics = this.#view.matching(pattern);
    const behind = this.#view.last - this.#standing.after;
    // those behind it may all be of others' topics
    if (!isPattern(pattern) || behind > Math.min(topics.size, LOOKS_MOST)) {
      return this.#countTopics(topics, most);
    }
    return behind > most ? 0 : this.#countBatches();
  }

  #countTopics(topics: Matching, most: number): number {
    let looks = 0;
    for (const [id, name] of topics.after(this.#topic)) {
      if (looks === most) return looks;
      looks++;
      this.#topic = id;
      const start = startOf(this.#view, this.#view.topicOf(id), this.#standing);
      if (start !== undefined) this.#add(this.#settledOf(name), start, nextSequence(this.#view, id));
    }
    this.whole = true;
    return looks;
  }

  /** Anew, whatever has been counted: they are no more than its topics. */
  #countBatches(): number {
    const { pattern } = this.#group;
    const { after, sequence } = this.#standing;
    this.#lag = 0;
    this.#oldest = undefined;
    const refs = this.#view.refsAfter(after, LOOKS_MOST);
    /** Of each topic that is the group's. */
    const settled = new Map<number, SequenceRanges | undefined>();
    for (const ref of refs) {
      if (endOf(ref) <= sequence) continue;
      if (!settled.has(ref.topic)) {
        const { name } = this.#view.topicOf(ref.topic);
        settled.set(ref.topic, matches(pattern, name) ? this.#settledOf(name) : undefined);
      }
      const ranges = settled.get(ref.topic);
      if (ranges !== undefined) this.#add(ranges, ref, endOf(ref));
    }
    this.whole = true;
    return refs.length;
  }

  #settledOf(topic: string): SequenceRanges {
    const ranges = readRanges(this.#marks.settledOf(this.#group, topic));
    if (ranges !== undefined) return ranges;
    const { name, pattern } = this.#group;
    throw new DamageError(`what group ${name} of ${pattern} has settled cannot be read`);
  }

  /** What is not settled from a batch on, up to the message before `end`. */
  #add(settled: SequenceRanges, ref: BatchRef, end: number): void {
    const open = settled.without(Math.max(ref.first, this.#standing.sequence), end);
    for (const range of open) this.#lag += range.end - range.from;
    const from = open[0]?.from;
    if (from === undefined) return;
    const { id } = from < endOf(ref) ? ref : this.#view.holding(ref.topic, from)!;
    if (id > this.#batch) return;
    this.#batch = id;
    const time = this.#view.timeAt(id)!.time;
    this.#oldest = Math.min(this.#oldest ?? time, time);
  }
}
