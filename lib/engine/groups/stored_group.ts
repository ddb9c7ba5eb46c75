/**
 * A group whose topics are stored: its members share what is, each message is settled once.
 *
 * @module
 */
import type { WireCode } from "../../errors.ts";
import type { Cursor, From, GroupMark, Trimmed } from "../../store/types.ts";
import type { Replay } from "../durable/replay.ts";
import type {
  GroupSnapshot,
  Joining,
  Member,
  Membership,
  ReplaySubscriber,
  Run,
  SequenceSpan,
  Settling,
} from "../types.ts";
import { type BeginParts, findOrBegin } from "./begin_anew.ts";
import { Group, type GroupOwner } from "./group.ts";
import { Handed } from "./handed.ts";
import { joinProblem, keysOf } from "./joining.ts";
import type { Keys } from "./keys.ts";
import { type GivenBack, Members, Place, type PlaceOwner, type Settlement } from "./members.ts";
import { Progress, type ProgressOwner } from "./progress.ts";
import { Sharing, type SharingOwner } from "./sharing.ts";

/** What it needs, and whom it tells. */
export interface StoredGroupOwner
  extends SharingOwner, ProgressOwner, BeginParts, Pick<GroupOwner, "counters" | "later"> {
  /** What is in memory goes to this one from now on, or no longer. */
  subscribe(group: Group): void;
  unsubscribe(group: Group): void;
  /** Reads from there on, and then what is live. */
  follow(group: StoredGroup, cursor: Cursor): Replay;
  unfollow(replay: Replay): void;
  /** It was given messages of a commit that is being handed on. */
  touched(group: StoredGroup): void;
  /** Nobody is in it, and all there is to be known of it is stored. */
  ended(group: StoredGroup): void;
}

type Terms = Pick<Joining, "name" | "pattern" | "blocks">;

/** What is the case from when the first member has come until the last has left. */
interface Open {
  readonly sharing: Sharing;
  readonly progress: Progress;
  replay: Replay | undefined;
}

/**
 * - It goes on where it stood: what was settled is not given out again, what was not is.
 * - It stays when its last member has left: what is known of it is stored then.
 * - What of its pattern is in memory goes to the same members, as in a group that is in memory.
 */
export class StoredGroup implements ReplaySubscriber, PlaceOwner {
  readonly name: string;
  readonly pattern: string;
  readonly rank = 0;
  readonly leavesOut = false;
  readonly #owner: StoredGroupOwner;
  readonly #blocks: boolean;
  #members!: Members;
  #keys: Keys | undefined;
  /** What is in memory. */
  #memory!: Group;
  readonly #places = new Set<Place>();
  /** Of the places those that have not been let in. */
  readonly #joiners = new Map<Place, Joining["joined"]>();
  #settling: Settling = "auto";
  #by: Joining["by"];
  #from: From | undefined;
  #open: Open | undefined;
  #state: "new" | "loading" | "open" | "failed" | "suspended" | "closing" = "new";
  #reason = "";

  constructor({ name, pattern, blocks }: Terms, owner: StoredGroupOwner) {
    this.name = name;
    this.pattern = pattern;
    this.#blocks = blocks;
    this.#owner = owner;
    this.#assemble(undefined);
  }

  /** It is nobody's connection but its own: what a connection gets otherwise is another matter (G1). */
  get connection(): object {
    return this;
  }

  get full(): boolean {
    return this.#open?.sharing.full ?? true;
  }

  whenNotFull(callback: () => void): void {
    if (this.#open === undefined) callback();
    else this.#open.sharing.whenNotFull(callback);
  }

  deliver(run: Run): void {
    if (this.#open === undefined || this.#state !== "open") return;
    this.#owner.touched(this);
    this.#open.sharing.arrived(run);
  }

  deliverPage(bytes: Uint8Array<ArrayBuffer>): void {
    const { sharing, replay } = this.#open!;
    sharing.arrivedPage(bytes, replay!.cursor.after);
  }

  /** All of a commit has been handed on. */
  committed(batch: number): void {
    if (this.#state === "open") this.#open!.sharing.readUpTo(batch);
  }

  caughtUp(): void {
    const { sharing, replay } = this.#open!;
    sharing.readUpTo(replay!.cursor.after);
  }

  /** Its members get all of it in their order, whatever it reads anew. */
  fellBehind(): void {}

  /** One of its members is told. */
  missed(messages: number): void {
    const [place] = this.#places;
    if (place === undefined) return;
    this.#open?.progress.told();
    place.member.missed(messages);
  }

  /** Retention has deleted these. */
  trimmed(what: Trimmed): void {
    this.#open?.sharing.trimmed(what);
  }

  failed(reason: string): void {
    if (this.#state !== "open") return;
    this.#state = "failed";
    this.#reason = reason;
    for (const { member } of [...this.#places]) member.failed(reason);
  }

  join(joining: Joining, member: Member): Membership {
    const { window, settling, from, by, joined } = joining;
    const place = new Place(member, { window, owner: this });
    if (this.#state === "failed") {
      joined({ kind: "refused", code: "STORE", reason: this.#reason });
      return place;
    }
    const own = this.#places.size === 0 ? undefined : { settling: this.#settling, by: this.#by };
    const problem = joinProblem(joining, own);
    if (problem !== undefined) {
      joined(problem);
      return place;
    }
    this.#places.add(place);
    this.#joiners.set(place, joined);
    if (this.#places.size === 1) {
      this.#settling = settling;
      this.#from = from;
      if (by !== this.#by) this.#assemble(by);
    }
    if (this.#state === "open") this.#letIn();
    else if (this.#state === "new") this.#load();
    return place;
  }

  changed(place: Place): void {
    if (this.#joiners.has(place) || !this.#places.has(place)) return;
    this.#members.update(place);
    this.#goOn();
  }

  passed(place: Place, messages: number): void {
    const { unstored, settled } = place.handed!.pass(messages);
    this.#open?.sharing.passed(place, settled);
    if (unstored > 0) this.#memory.passed(place, unstored);
    this.changed(place);
  }

  settle(place: Place, topic: string, settlement: Settlement): boolean {
    const held = this.#held?.settle(place, topic, settlement) === true;
    if (held) this.changed(place);
    return held;
  }

  giveBack(place: Place, topic: string, givenBack: GivenBack): boolean {
    const held = this.#held?.giveBack(place, topic, givenBack) === true;
    if (held) this.changed(place);
    return held;
  }

  holdsAll(place: Place, topic: string, span: SequenceSpan): boolean {
    return this.#open?.sharing.holdsAll(place, topic, span) === true;
  }

  extend(place: Place, topic: string, span: SequenceSpan): boolean {
    return this.#held?.extend(place, topic, span) === true;
  }

  left(place: Place, unsent: readonly Run[]): void {
    if (!this.#places.delete(place)) {
      for (const run of unsent) run.release();
      return;
    }
    if (this.#joiners.delete(place)) return;
    const { unstored, settled } = place.handed!.clear();
    const stored = unsent.filter(({ stored }) => stored !== undefined);
    if (this.#held !== undefined) this.#held.left(place, stored, settled);
    else for (const run of stored) run.release();
    this.#memory.left(place, unsent.filter(({ stored }) => stored === undefined), unstored);
    if (this.#places.size > 0) this.#goOn();
    else if (this.#state !== "suspended") this.#close();
  }

  /**
   * Nothing is given out any more until it is resumed, and nothing settled; calls back when what was settled
   * is stored. False: it is just coming or going.
   */
  suspend(suspended: () => void): boolean {
    if (this.#state === "new") {
      this.#state = "suspended";
      suspended();
      return true;
    }
    if (this.#state !== "open" || this.#open === undefined) return false;
    this.#state = "suspended";
    for (const place of this.#places) {
      place.holds = place.handed!.disown();
      // who was full has room
      this.#members.update(place);
    }
    this.#stop(this.#open);
    this.#open.progress.whenClean(() => {
      this.#open = undefined;
      suspended();
    });
    return true;
  }

  /** It goes on from there; undefined: where it stood. */
  resume(mark: GroupMark | undefined): void {
    if (this.#places.size === 0) this.#owner.ended(this);
    else if (mark === undefined) this.#load();
    else this.#begin(mark);
  }

  /** It is no more: who is in it gets nothing more of what is stored. */
  dissolve(reason: string): void {
    // those who wait to be let in begin it anew
    if (this.#places.size === this.#joiners.size) this.resume(undefined);
    else this.#refuse(reason);
  }

  /** The engine ends: nothing more is read. */
  hurry(): void {
    if (this.#state === "closing") this.#open?.sharing.close();
  }

  /** Time has passed. */
  tick(): void {
    if (this.#state === "open") this.#open!.sharing.tick();
  }

  snapshot(): GroupSnapshot {
    const memory = this.#memory.snapshot();
    const { waiting = 0, open = 0 } = this.#open?.sharing ?? {};
    const waits = { held: memory.held + open - waiting, waiting: memory.waiting + waiting };
    return { ...memory, ...waits, members: this.#places.size, settling: this.#settling };
  }

  #assemble(by: Joining["by"]): void {
    const { name, pattern } = this;
    this.#by = by;
    const members = this.#members = new Members();
    const keys = this.#keys = keysOf(members, by);
    this.#memory = new Group({ name, pattern, blocks: this.#blocks, by, members, keys }, {
      counters: this.#owner.counters,
      flush: () => this.#owner.flush(),
      later: (group) => this.#owner.later(group),
      attended: (group, is) => is ? this.#owner.subscribe(group) : this.#owner.unsubscribe(group),
      ended: (group) => this.#owner.unsubscribe(group),
    });
  }

  #goOn(): void {
    this.#open?.sharing.goOn();
    this.#memory.goOn();
  }

  /** What its members hold; undefined: nothing that is stored, any more. */
  get #held(): Sharing | undefined {
    return this.#state === "open" || this.#state === "failed" ? this.#open?.sharing : undefined;
  }

  /** Finds where it stood or, where it is new, where it begins. */
  #load(): void {
    this.#state = "loading";
    const { name, pattern } = this;
    findOrBegin({ name, pattern }, this.#from, {
      parts: this.#owner,
      done: (begun) => {
        if (this.#places.size === 0) this.#owner.ended(this);
        else if (begun.kind === "failed") this.#refuse(begun.reason, begun.code);
        else this.#begin(begun.mark, begun.missed);
      },
    });
  }

  #begin(mark: GroupMark, missed = 0): void {
    let progress: Progress;
    try {
      progress = new Progress(this, mark, this.#owner);
    } catch (error) {
      if (error instanceof TypeError) return this.#refuse(error.message);
      throw error;
    }
    const { name, pattern } = this;
    const sharing = new Sharing({
      name,
      pattern,
      settling: this.#settling,
      members: this.#members,
      keys: this.#keys,
      progress,
      missed: (messages) => this.missed(messages),
      failed: (reason) => this.failed(reason),
    }, this.#owner);
    this.#open = { sharing, progress, replay: undefined };
    this.#state = "open";
    // one that was suspended is subscribed
    this.#owner.subscribe(this.#memory);
    const { after, sequence } = mark;
    this.#open.replay = this.#owner.follow(this, { pattern, after, sequence, time: 0, to: undefined });
    this.#letIn(missed);
    this.#owner.flush();
  }

  /** `missed`: messages that were deleted while nobody was in it. */
  #letIn(missed = 0): void {
    for (const [place, joined] of this.#joiners) {
      this.#joiners.delete(place);
      place.handed = new Handed();
      this.#memory.entered();
      // whoever is told may leave at once
      this.#members.enter(place);
      joined({ kind: "joined" });
    }
    if (missed > 0) this.missed(missed);
    // who has just been let in is told so before anything comes, and may have no place yet
    this.#owner.later({ ready: () => this.#goOn() });
  }

  #refuse(reason: string, code: WireCode = "STORE"): void {
    const joiners = [...this.#joiners];
    this.#joiners.clear();
    for (const [place, joined] of joiners) {
      this.#places.delete(place);
      joined({ kind: "refused", code, reason });
    }
    if (this.#places.size === 0) return this.#owner.ended(this);
    this.#state = "failed";
    this.#reason = reason;
    for (const { member } of [...this.#places]) member.failed(reason);
  }

  /** The last member has left. */
  #close(): void {
    this.#state = "closing";
    this.#assemble(this.#by);
    if (this.#open === undefined) return this.#owner.ended(this);
    const { progress } = this.#open;
    const over = (): void => {
      this.#open = undefined;
      if (this.#places.size > 0) this.#load();
      else this.#owner.ended(this);
    };
    this.#stop(this.#open, () => progress.whenClean(over));
    this.#owner.flush();
  }

  #stop({ sharing, replay }: Open, buried?: () => void): void {
    if (replay !== undefined) this.#owner.unfollow(replay);
    sharing.close(buried);
  }
}
