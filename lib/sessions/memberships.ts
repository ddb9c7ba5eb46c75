/**
 * The groups that one session is a member of.
 *
 * @module
 */
import type { JoinOutcome, Settling } from "../engine/types.ts";
import { SmallMap } from "../small_map.ts";
import { overlap } from "../topics/overlap.ts";
import { emptyAccount, type PatternBudget } from "../topics/pattern_budget.ts";
import { matches } from "../topics/topic.ts";
import { ENDED, shareRefusal } from "./permissions.ts";
import { GroupMember, type GroupMemberOwner, type MemberTerms } from "./group_member.ts";

/** A group, and how many of its messages this connection holds at most. */
export interface MembershipSnapshot {
  /** The group's. */
  readonly name: string;
  /** In the form with `#`. */
  readonly pattern: string;
  /** Messages. */
  readonly window: number;
  /** When what is stored counts as done with. */
  readonly ack: Settling;
}

/** Whose memberships these are. */
export interface Sharing extends GroupMemberOwner {
  readonly patterns: PatternBudget;
  /** Calls back when what is being handled has been. */
  later(callback: () => void): void;
  notify(fields: Readonly<Record<string, unknown>>): void;
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

  get(name: string, pattern: string): GroupMember | undefined {
    return this.#joined.get(keyOf(name, pattern));
  }

  /** The group of that name that takes a topic in: there is one at most (G1). */
  of(name: string, topic: string): GroupMember | undefined {
    for (const [, member] of this.#joined) {
      if (member.terms.name === name && matches(member.terms.pattern, topic)) return member;
    }
    return undefined;
  }

  /** The pattern of another group of that name with topics in common: they could not be told apart. */
  overlapping(name: string, pattern: string): string | undefined {
    for (const [, { terms: { name: group, pattern: other } }] of this.#joined) {
      if (group === name && other !== pattern && overlap(other, pattern)) return other;
    }
    return undefined;
  }

  /** Why there is no room for another group, as a sentence; undefined: there is. */
  problem(pattern: string): string | undefined {
    return this.#owner.patterns.problem(pattern, this.#account);
  }

  /** Joins a group that it is not in; `joined` is told what became of it, once. */
  open(terms: MemberTerms, joined: (outcome: JoinOutcome) => void): void {
    const { name, pattern } = terms;
    const key = keyOf(name, pattern);
    this.#owner.patterns.add(pattern, { account: this.#account, own: true, more: MEMBER_BYTES });
    this.#count(1);
    const refused: GroupMember[] = [];
    const member: GroupMember = new GroupMember(terms, this.#owner, {
      refused: (none) => {
        refused.push(none);
        // it may have left meanwhile, and joined anew
        if (this.#joined.get(key) === none) this.#forget(key);
      },
      denied: () => this.#owner.later(() => this.#deny(key, member)),
    });
    this.#joined.set(key, member);
    if (refused.length > 0) this.#forget(key);
    member.whenJoined(joined);
  }

  /** Leaves; what is queued is still sent. */
  close(name: string, pattern: string): void {
    this.#forget(keyOf(name, pattern))?.end();
  }

  /** What is queued is still sent, but nothing is added to it. */
  takeNoMore(): void {
    for (const [, member] of this.#joined) member.resize(0);
  }

  /**
   * Leaves those groups whose pattern may not be received wholly any more (P8). What they were given and is
   * not being written goes to others.
   */
  leaveDenied(): void {
    for (const [key, member] of [...this.#joined]) {
      if (shareRefusal(this.#owner, member.terms.pattern) !== undefined) this.#deny(key, member);
    }
  }

  /** The connection is gone: what it has not sent goes to others. */
  closeAll(): void {
    for (const [key] of [...this.#joined]) this.#forget(key)?.close();
  }

  snapshot(): MembershipSnapshot[] {
    return [...this.#joined].map(([, { terms: { name, pattern, settling }, window }]) => {
      return { name, pattern, window, ack: settling };
    });
  }

  #deny(key: string, member: GroupMember): void {
    if (this.#joined.get(key) !== member) return;
    this.#forget(key)?.close();
    const { name, pattern } = member.terms;
    this.#owner.notify({ ended: pattern, group: name, reason: ENDED });
  }

  #forget(key: string): GroupMember | undefined {
    const member = this.#joined.get(key);
    if (member === undefined) return undefined;
    this.#joined.delete(key);
    this.#owner.patterns.remove(member.terms.pattern, {
      account: this.#account,
      own: true,
      more: MEMBER_BYTES,
    });
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
