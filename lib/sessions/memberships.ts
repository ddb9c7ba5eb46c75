/**
 * The groups that one session is a member of.
 *
 * @module
 */
import { SmallMap } from "../small_map.ts";
import { overlap } from "../topics/overlap.ts";
import { emptyAccount, type PatternBudget } from "../topics/pattern_budget.ts";
import { GroupMember, type GroupMemberOwner } from "./group_member.ts";

/** A group, and how many of its messages wait here at most. */
export interface MembershipSnapshot {
  /** The group's. */
  readonly name: string;
  /** In the form with `#`. */
  readonly pattern: string;
  /** Messages. */
  readonly window: number;
}

/** How a group is joined. */
export interface MembershipTerms extends MembershipSnapshot {
  readonly blocks: boolean;
}

/** Whose memberships these are. */
export interface Sharing extends GroupMemberOwner {
  readonly patterns: PatternBudget;
}

/** By the group's name and its pattern, which is what a group is (G1). */
export class Memberships {
  readonly #owner: Sharing;
  /** Told of so many more. */
  readonly #count: (more: 1 | -1) => void;
  readonly #joined = new SmallMap<string, GroupMember>();
  /** What of the budget for patterns these have. */
  readonly #account = emptyAccount();

  constructor(owner: Sharing, count: (more: 1 | -1) => void) {
    this.#owner = owner;
    this.#count = count;
  }

  get size(): number {
    return this.#joined.size;
  }

  has(name: string, pattern: string): boolean {
    return this.#joined.get(keyOf(name, pattern)) !== undefined;
  }

  /** The pattern of another group of that name with topics in common: they could not be told apart. */
  overlapping(name: string, pattern: string): string | undefined {
    for (const [, { group, pattern: other }] of this.#joined) {
      if (group === name && other !== pattern && overlap(other, pattern)) return other;
    }
    return undefined;
  }

  /** Why there is no room for another group, as a sentence; undefined: there is. */
  problem(pattern: string): string | undefined {
    return this.#owner.patterns.problem(pattern, this.#account);
  }

  /** Joins, or goes on with another window. */
  open(terms: MembershipTerms): void {
    const { name, pattern, window } = terms;
    const key = keyOf(name, pattern);
    const before = this.#joined.get(key);
    if (before !== undefined) return before.resize(window);
    this.#owner.patterns.add(pattern, { account: this.#account, own: true, more: MEMBER_BYTES });
    this.#count(1);
    this.#joined.set(key, new GroupMember(terms, this.#owner));
  }

  /** Leaves; what is queued is still sent. */
  close(name: string, pattern: string): void {
    this.#forget(keyOf(name, pattern))?.end();
  }

  /** What is queued is still sent, but nothing is added to it. */
  takeNoMore(): void {
    for (const [, member] of this.#joined) member.resize(0);
  }

  /** The connection is gone: what it has not sent goes to others. */
  closeAll(): void {
    for (const [key] of [...this.#joined]) this.#forget(key)?.close();
  }

  snapshot(): MembershipSnapshot[] {
    return [...this.#joined].map(([, { group, pattern, window }]) => ({ name: group, pattern, window }));
  }

  #forget(key: string): GroupMember | undefined {
    const member = this.#joined.get(key);
    if (member === undefined) return undefined;
    this.#joined.delete(key);
    this.#owner.patterns.remove(member.pattern, { account: this.#account, own: true, more: MEMBER_BYTES });
    this.#count(-1);
    return member;
  }
}

/**
 * What a member takes beside its pattern and its queue, with a group that nobody else is in: measured, 1,710
 * with those.
 */
const MEMBER_BYTES = 1280;

function keyOf(name: string, pattern: string): string {
  return `${name} ${pattern}`;
}
