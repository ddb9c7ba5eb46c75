/**
 * A group: its members share what matches its pattern, each message goes to one of them.
 *
 * @module
 */
import type { Counters } from "../../counters.ts";
import type { Flushable } from "../../flush_list.ts";
import { GROUP_AHEAD_BYTES } from "../../limits.ts";
import type { Run } from "../../wire/run.ts";
import type { GroupSnapshot, Joining, Member, Membership, Subscriber } from "../types.ts";
import type { Giver, Keys, Terms } from "./keys.ts";
import { Members, Place, type PlaceOwner } from "./members.ts";

/** What a group is made of. */
export interface GroupParts extends Pick<Joining, "name" | "pattern" | "blocks" | "by"> {
  /** Those it shares with what gives out the stored messages of the same group; left out: it has its own. */
  readonly members?: Members;
  /** What goes by keys; undefined: nothing does. */
  readonly keys?: Keys | undefined;
}

/** Whom a group tells. */
export interface GroupOwner {
  readonly counters: Counters;
  /** What was given to members outside of a publish is set going. */
  flush(): void;
  /** Calls {@link Flushable.ready} when the read that is being handled has been. */
  later(group: Flushable): void;
  /** Whether any of its members takes something: while none does nothing that is published is for it. */
  attended(group: Group, attended: boolean): void;
  /** Its last member has left. */
  ended(group: Group): void;
}

/**
 * - A message goes to the member that holds fewest of those that have room (G3), in the order in which they
 *   came. What nobody has room for waits: the rest of one run for each publisher, who stands still then; or,
 *   where publishers do not wait, it is left out and counted (G5).
 * - What a member gives back when it leaves comes first, for who has room (G4). Nothing waits when the last
 *   has left.
 * - Where all that are left are going it is as if nobody were in it: no publisher waits for them (G5).
 */
export class Group implements Subscriber, PlaceOwner, Flushable, Giver {
  /** What is stored comes to its members by another way. */
  readonly unstored = true;
  readonly name: string;
  readonly pattern: string;
  readonly by: Joining["by"];
  readonly rank = 0;
  readonly leavesOut = false;
  readonly #blocks: boolean;
  readonly #owner: GroupOwner;
  readonly #members: Members;
  readonly #keys: Keys | undefined;
  /** How many there are, those without room as well. */
  #size = 0;
  /** What they hold. */
  #held = 0;
  /** What nobody had room for, kept. Mostly there is nothing, and nobody waits: then there are no lists. */
  #waiting: Run[] = NOTHING;
  #waitingMessages = 0;
  #notFull: Array<() => void> = NOBODY;
  #giving = false;
  /** As its owner was told last. */
  #attended = true;

  constructor({ name, pattern, blocks, by, members = new Members(), keys }: GroupParts, owner: GroupOwner) {
    this.name = name;
    this.pattern = pattern;
    this.by = by;
    this.#blocks = blocks;
    this.#members = members;
    this.#keys = keys;
    this.#owner = owner;
  }

  /** It is nobody's connection but its own: what a connection gets otherwise is another matter (G1). */
  get connection(): object {
    return this;
  }

  get full(): boolean {
    if (!this.#blocks || this.#members.staying === 0) return false;
    if (this.#keys?.isFull(GROUP_AHEAD_BYTES) === true) return true;
    return this.#waiting.length > 0 || this.#members.next() === undefined;
  }

  whenNotFull(callback: () => void): void {
    if (!this.full) callback();
    else if (this.#notFull === NOBODY) this.#notFull = [callback];
    else this.#notFull.push(callback);
  }

  deliver(run: Run): void {
    if (this.#members.staying === 0) return;
    if (this.#keys !== undefined) {
      this.#owner.counters.dropped(this.#keys.offer(run, this, { ...IN_MEMORY, keeps: this.#blocks }));
      return;
    }
    // what waits comes before it
    const given = this.#waiting.length > 0 ? 0 : this.#give(run);
    const left = run.count - given;
    if (left === 0) return;
    if (this.#blocks) this.#keep(run.kept(given, left));
    else this.#owner.counters.dropped(left);
  }

  join(member: Member, window: number): Membership {
    const place = new Place(member, { window, owner: this });
    this.entered();
    this.#members.enter(place);
    this.#attend();
    // it is told that it is one before anything comes, and has no place yet to say what has left
    this.#owner.later(this);
    return place;
  }

  /** Somebody has joined, and may have room for what waits. */
  ready(): void {
    this.goOn();
  }

  /** There is one member more. */
  entered(): void {
    this.#size++;
  }

  changed(place: Place): void {
    this.#members.update(place);
    this.goOn();
  }

  passed(place: Place, messages: number): void {
    this.#held -= messages;
    place.holds -= messages;
    this.#keys?.passed(place, messages);
    this.changed(place);
  }

  settle(): boolean {
    return false;
  }

  giveBack(): boolean {
    return false;
  }

  holdsAll(): boolean {
    return false;
  }

  extend(): boolean {
    return false;
  }

  /** `held`: how many it had of what is not stored. */
  left(place: Place, unsent: readonly Run[], held: number = place.holds): void {
    this.#members.leave(place);
    this.#size--;
    this.#held -= held;
    if (this.#keys !== undefined) this.#keys.unsent(place, unsent, this);
    else this.#giveAgain(unsent);
    if (this.#size > 0) return this.goOn();
    this.#owner.counters.unsent(this.#waits);
    this.#keys?.forget(this, "unstored");
    for (const run of this.#waiting) run.release();
    this.#waiting = NOTHING;
    this.#waitingMessages = 0;
    this.#owner.ended(this);
    this.#tell();
  }

  snapshot(): GroupSnapshot {
    const { name, pattern } = this;
    const [members, held, waiting] = [this.#size, this.#held, this.#waits];
    return { name, pattern, members, held, waiting, settling: undefined };
  }

  /** Messages that wait for a member. */
  get #waits(): number {
    return this.#waitingMessages + (this.#keys?.waiting(this) ?? 0);
  }

  hand(place: Place, run: Run): void {
    this.#held += run.count;
    place.handed?.unstored(run.count);
    place.member.give(run, 1);
  }

  /** What a member has given back. */
  #giveAgain(unsent: readonly Run[]): void {
    for (const run of unsent) this.#waitingMessages += run.count;
    if (unsent.length > 0) this.#waiting = [...unsent, ...this.#waiting];
  }

  /** Gives out what there is room for, from the first message on; how many those were. */
  #give(run: Run): number {
    let given = 0;
    while (given < run.count) {
      const place = this.#members.next();
      if (place === undefined) break;
      const left = run.count - given;
      // of many each has a part, or the first would have all of them
      const count = Math.min(left, place.room, Math.ceil(left / this.#members.able));
      const part = run.part(given, count);
      this.#members.gave(place, count);
      this.hand(place, part);
      if (part !== run) part.release();
      given += count;
    }
    return given;
  }

  #keep(run: Run): void {
    if (this.#waiting === NOTHING) this.#waiting = [];
    this.#waiting.push(run);
    this.#waitingMessages += run.count;
  }

  /** Gives out what waits, and tells who waits for room. */
  goOn(): void {
    // what is given may leave at once
    if (this.#giving) return;
    this.#giving = true;
    let gave = this.#keys?.goOn() === true;
    for (let run = this.#waiting[0]; run !== undefined; run = this.#waiting[0]) {
      const given = this.#give(run);
      if (given === 0) break;
      gave = true;
      this.#waitingMessages -= given;
      if (given < run.count) this.#waiting[0] = run.kept(given, run.count - given);
      else this.#waiting.shift();
      run.release();
    }
    this.#giving = false;
    if (gave) this.#owner.flush();
    this.#attend();
    if (this.#notFull.length > 0 && !this.full) this.#tell();
  }

  #attend(): void {
    const attended = this.#members.staying > 0;
    if (attended === this.#attended) return;
    this.#attended = attended;
    this.#owner.attended(this, attended);
  }

  #tell(): void {
    const callbacks = this.#notFull;
    this.#notFull = NOBODY;
    for (const callback of callbacks) callback();
  }
}

const IN_MEMORY: Terms = { unit: undefined, attempt: 1 };
/** Shared by all of which nothing waits: never written to. */
const NOTHING: Run[] = [];
const NOBODY: Array<() => void> = [];
