/**
 * Who of a group gets the next message.
 *
 * @module
 */
import type { Run } from "../../wire/run.ts";
import type { Acknowledgement, GivingBack, Member, Membership, SequenceSpan } from "../types.ts";
import type { Handed } from "./handed.ts";

/** Where a member has its place. */
export interface PlaceOwner {
  /** It may hold another number, or it can take something again. */
  changed(place: Place): void;
  /** So many of those that it was given have left it. */
  passed(place: Place, messages: number): void;
  /** It is no member any more; others get what it has not sent. */
  left(place: Place, unsent: readonly Run[]): void;
  /** As those of {@link Membership}. */
  settle(place: Place, topic: string, of: Settlement): boolean;
  holdsAll(place: Place, topic: string, span: SequenceSpan): boolean;
  giveBack(place: Place, topic: string, of: GivenBack): boolean;
  extend(place: Place, topic: string, span: SequenceSpan): boolean;
}

/** Who else is told who is there and has room. */
export interface Watch {
  entered(place: Place): void;
  left(place: Place): void;
  hasRoom(place: Place): void;
}

/** Messages that are done with, and who is told when that is stored. */
export interface Settlement {
  readonly span: SequenceSpan;
  readonly answer: Acknowledgement;
}

/** Messages that are to be given out again. */
export interface GivenBack extends GivingBack {
  readonly span: SequenceSpan;
}

/** A member, and what it has been given. */
export class Place implements Membership {
  readonly member: Member;
  readonly #owner: PlaceOwner;
  #gone = false;
  /** Messages that it may hold. */
  window: number;
  /** Messages that it was given and that have not left it, or are not settled. */
  holds = 0;
  /** What those are, where the group has any that are stored. */
  handed: Handed | undefined = undefined;
  /** When it was given something last: these count up. */
  turn = 0;
  /** Where it stands in the heap; -1: it is not in it. */
  at = -1;
  /** Somebody waits for it to take something again, though it has room. */
  watched = false;
  /** It is counted among those that stay. */
  stays = false;

  constructor(member: Member, { window, owner }: { readonly window: number; readonly owner: PlaceOwner }) {
    this.member = member;
    this.window = window;
    this.#owner = owner;
  }

  /** It is no member any more. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Messages more that it may hold. */
  get room(): number {
    return this.window - this.holds;
  }

  resize(window: number): void {
    this.window = window;
    this.changed();
  }

  passed(messages: number): void {
    if (!this.#gone) this.#owner.passed(this, messages);
  }

  settle(topic: string, span: SequenceSpan, answer: Acknowledgement): boolean {
    return !this.#gone && this.#owner.settle(this, topic, { span, answer });
  }

  holdsAll(topic: string, span: SequenceSpan): boolean {
    return !this.#gone && this.#owner.holdsAll(this, topic, span);
  }

  giveBack(topic: string, span: SequenceSpan, how: GivingBack): boolean {
    return !this.#gone && this.#owner.giveBack(this, topic, { span, ...how });
  }

  extend(topic: string, span: SequenceSpan): boolean {
    return !this.#gone && this.#owner.extend(this, topic, span);
  }

  /** It takes something again. */
  ready(): void {
    this.watched = false;
    this.changed();
  }

  /** It holds less than before. */
  changed(): void {
    if (!this.#gone) this.#owner.changed(this);
  }

  leave(unsent: readonly Run[]): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#owner.left(this, unsent);
  }
}

/**
 * Guarantees: who holds least comes first, and of those that hold as much who has waited longest; nobody
 * who holds as many as it may. A change costs the logarithm of how many there are.
 */
export class Members {
  /** A binary heap of those that have room. */
  readonly #heap: Place[] = [];
  #turns = 0;
  #staying = 0;
  /** Undefined: nobody. */
  watch: Watch | undefined = undefined;

  /** How many take something, now or later: who may hold nothing any more is going. */
  get staying(): number {
    return this.#staying;
  }

  /** How many have room. */
  get able(): number {
    return this.#heap.length;
  }

  /** Who comes first; undefined: nobody has room. */
  get first(): Place | undefined {
    return this.#heap[0];
  }

  /**
   * The member that is next; one that takes nothing now, though it has room, is asked again when it does.
   * `but`: comes last, whatever it holds.
   */
  next(but?: Place): Place | undefined {
    for (;;) {
      const place = but !== undefined && this.first === but ? this.#second ?? but : this.first;
      if (place === undefined || this.takes(place)) return place;
    }
  }

  /** Whether this one takes something now; if it has room it is asked again when it does. */
  takes(place: Place): boolean {
    if (place.room <= 0 || place.watched) return false;
    if (!place.member.full) return true;
    place.watched = true;
    this.remove(place);
    place.member.whenNotFull(() => place.ready());
    return false;
  }

  /** It is one of them. */
  enter(place: Place): void {
    this.watch?.entered(place);
    this.update(place);
  }

  /** It is none of them any more. */
  leave(place: Place): void {
    this.#count(place, false);
    this.remove(place);
    this.watch?.left(place);
  }

  /** It holds more or less than before, or may; or it is to be asked again. */
  update(place: Place): void {
    this.#count(place, place.window > 0);
    if (place.room <= 0 || place.watched) return this.remove(place);
    this.watch?.hasRoom(place);
    if (place.at === -1) {
      place.at = this.#heap.length;
      this.#heap.push(place);
    }
    this.#up(place);
    this.#down(place);
  }

  /** It was given so many. */
  gave(place: Place, messages: number): void {
    place.holds += messages;
    place.turn = ++this.#turns;
    this.update(place);
  }

  /** It is not asked any more. */
  remove(place: Place): void {
    const { at } = place;
    if (at === -1) return;
    place.at = -1;
    const last = this.#heap.pop()!;
    if (last === place) return;
    this.#put(last, at);
    this.#up(last);
    this.#down(last);
  }

  #count(place: Place, stays: boolean): void {
    if (place.stays === stays) return;
    place.stays = stays;
    this.#staying += stays ? 1 : -1;
  }

  get #second(): Place | undefined {
    const [, left, right] = this.#heap;
    return left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
  }

  #up(place: Place): void {
    while (place.at > 0) {
      const above = this.#heap[(place.at - 1) >> 1]!;
      if (!isBefore(place, above)) return;
      this.#swap(place, above);
    }
  }

  #down(place: Place): void {
    for (;;) {
      const left = this.#heap[2 * place.at + 1];
      if (left === undefined) return;
      const right = this.#heap[2 * place.at + 2];
      const least = right !== undefined && isBefore(right, left) ? right : left;
      if (!isBefore(least, place)) return;
      this.#swap(place, least);
    }
  }

  #swap(one: Place, other: Place): void {
    const { at } = one;
    this.#put(one, other.at);
    this.#put(other, at);
  }

  #put(place: Place, at: number): void {
    place.at = at;
    this.#heap[at] = place;
  }
}

function isBefore(one: Place, other: Place): boolean {
  return one.holds < other.holds || (one.holds === other.holds && one.turn < other.turn);
}
