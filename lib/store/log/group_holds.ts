/**
 * What groups have not settled, which retention leaves where it is.
 *
 * @module
 */
import { readRanges } from "../../sequence_ranges.ts";
import { PatternTable } from "../../topics/pattern_table.ts";
import { isPattern } from "../../topics/topic.ts";
import type { GroupMark, GroupName } from "../types.ts";
import { DamageError } from "./damage.ts";
import { type BatchRef, endOf } from "./view.ts";

/** How far a group has come. */
type Stand = GroupName & Omit<GroupMark, "topics">;

/** Those of one pattern, by name. */
class Groups extends Map<string, Stand> {
  /** All of them have settled everything up to this batch, if not more. */
  least = Infinity;
}

/**
 * By pattern, so that what many groups have in common is looked at once. A batch up to which a group has
 * settled everything is settled; one behind that is when all its numbers are known to be.
 */
export class GroupHolds {
  readonly #exact = new Map<string, Groups>();
  readonly #wild = new Map<string, Groups>();
  readonly #patterns = new PatternTable<Groups>();
  #changes = 0;
  readonly #settledOf: (group: GroupName, topic: string) => string | undefined;

  /** `settledOf`: of a topic, what a group has settled behind where it has settled everything. */
  constructor(settledOf: (group: GroupName, topic: string) => string | undefined) {
    this.#settledOf = settledOf;
  }

  /** How often a group has come, come further or gone: while it stays the same, so does what is held. */
  get changes(): number {
    return this.#changes;
  }

  /** It has come so far. */
  put({ name, pattern, sequence, after }: Stand): void {
    this.#changes++;
    const wild = isPattern(pattern);
    const all = wild ? this.#wild : this.#exact;
    let groups = all.get(pattern);
    if (groups === undefined) {
      groups = new Groups();
      all.set(pattern, groups);
      if (wild) this.#patterns.add(pattern, groups);
    }
    groups.least = Math.min(groups.least, after);
    groups.set(name, { name, pattern, sequence, after });
  }

  /** It is no more. */
  delete({ name, pattern }: GroupName): void {
    const wild = isPattern(pattern);
    const all = wild ? this.#wild : this.#exact;
    const groups = all.get(pattern);
    if (groups?.delete(name) !== true) return;
    this.#changes++;
    if (groups.size > 0) return;
    all.delete(pattern);
    if (wild) this.#patterns.remove(pattern, groups);
  }

  /** Whether any group has not settled all of a batch of this topic. Throws DamageError. */
  has(topic: string, batch: BatchRef): boolean {
    for (const groups of this.#of(topic)) if (this.#hold(groups, topic, batch)) return true;
    return false;
  }

  /** Adds, by group, how many messages of a batch of this topic it has not settled. Throws DamageError. */
  count(topic: string, batch: BatchRef, missed: Map<GroupName, number>): void {
    for (const groups of this.#of(topic)) {
      if (batch.id <= groups.least) continue;
      for (const group of groups.values()) {
        const open = batch.id > group.after ? this.#openOf(group, topic, batch) : 0;
        if (open > 0) missed.set(group, open + (missed.get(group) ?? 0));
      }
    }
  }

  #of(topic: string): Iterable<Groups> {
    const exact = this.#exact.get(topic);
    if (this.#wild.size === 0) return exact === undefined ? [] : [exact];
    const found = new Set<Groups>(exact === undefined ? [] : [exact]);
    this.#patterns.match(topic, found);
    return found;
  }

  #hold(groups: Groups, topic: string, batch: BatchRef): boolean {
    if (batch.id <= groups.least) return false;
    let least = Infinity;
    for (const group of groups.values()) {
      if (batch.id > group.after && this.#openOf(group, topic, batch) > 0) return true;
      least = Math.min(least, group.after);
    }
    groups.least = least;
    return false;
  }

  #openOf(group: Stand, topic: string, batch: BatchRef): number {
    const from = Math.max(batch.first, group.sequence);
    const end = endOf(batch);
    if (from >= end) return 0;
    const settled = this.#settledOf(group, topic);
    if (settled === undefined) return end - from;
    const ranges = readRanges(settled);
    if (ranges === undefined) {
      throw new DamageError(`what group ${group.name} of ${group.pattern} has settled cannot be read`);
    }
    return ranges.without(from, end).reduce((sum, range) => sum + range.end - range.from, 0);
  }
}
