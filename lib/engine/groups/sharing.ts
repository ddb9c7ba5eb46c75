/**
 * What of the stored messages of a group goes to which of its members.
 *
 * @module
 */
import type { Counters } from "../../counters.ts";
import type { HeldMemory } from "../../held_memory.ts";
import { GROUP_AHEAD_BYTES } from "../../limits.ts";
import type { Trimmed } from "../../store/types.ts";
import { matches } from "../../topics/topic.ts";
import type { Run } from "../../wire/run.ts";
import type { TopicLimit } from "../durable/topic_limit.ts";
import type { GivingBack, SequenceSpan, Settling } from "../types.ts";
import { deadLettersOf } from "./dead_letters.ts";
import type { Grant } from "./grant.ts";
import type { Giver, Keys, Terms } from "./keys.ts";
import { Leases } from "./leases.ts";
import { type Copy, Line } from "./line.ts";
import type { GivenBack, Members, Place, Settlement } from "./members.ts";
import type { Progress } from "./progress.ts";
import { type Cause, Redelivery, type RedeliveryOwner, type Returned } from "./redelivery.ts";
import { copyOf, runsOf } from "./stored_runs.ts";

/** What it needs, and whom it tells. */
export interface SharingOwner extends Omit<RedeliveryOwner, "takes" | "returned" | "gone" | "failed"> {
  readonly memory: HeldMemory;
  readonly counters: Counters;
  /** Milliseconds that a member may hold messages. */
  readonly ackTimeout: number;
  /** Bytes that the name of a topic may have. */
  readonly topicMost: number;
  readonly topics: Pick<TopicLimit, "reserve">;
  /** Milliseconds, from any beginning, that count up with each tick. */
  readonly clock: number;
}

/** Whose messages these are. */
export interface Shared {
  /** The group's. */
  readonly name: string;
  readonly pattern: string;
  readonly settling: Settling;
  readonly members: Members;
  /** What goes by keys; undefined: nothing does. */
  readonly keys: Keys | undefined;
  readonly progress: Progress;
  /** So many that were not settled are no longer stored. */
  readonly missed: (messages: number) => void;
  /** What is stored cannot be read any further. */
  readonly failed: (reason: string) => void;
}

/**
 * - Two members never hold the same message: what is given to one was never given, or has been taken from
 *   who had it.
 * - What comes back goes first, for who has room; then what is read, in its order.
 * - Nobody who publishes waits: what nobody has room for waits here, and from so many bytes on it is not
 *   read.
 */
export class Sharing implements RedeliveryOwner, Giver {
  readonly #owner: SharingOwner;
  readonly #shared: Shared;
  readonly #leases = new Leases();
  readonly #redelivery: Redelivery;
  readonly #line: Line;
  /** By topic, of what was deleted since something has been open, where that ends. */
  readonly #floors = new Map<string, number>();
  #notFull: Array<() => void> = [];
  /** Bytes that are counted in the memory of all. */
  #counted = 0;

  constructor(shared: Shared, owner: SharingOwner) {
    this.#shared = shared;
    this.#owner = owner;
    this.#line = new Line(shared.members, this);
    this.#redelivery = new Redelivery(this, owner.clock);
  }

  get store(): SharingOwner["store"] {
    return this.#owner.store;
  }
  get turns(): SharingOwner["turns"] {
    return this.#owner.turns;
  }
  get pool(): SharingOwner["pool"] {
    return this.#owner.pool;
  }
  get routeOf(): SharingOwner["routeOf"] {
    return this.#owner.routeOf;
  }
  get maxAttempts(): number {
    return this.#owner.maxAttempts;
  }

  flush(): void {
    this.#owner.flush();
  }

  /** Messages that wait for a member with room. */
  get waiting(): number {
    return this.#keys?.waiting(this) ?? this.#line.messages;
  }

  /** Messages that have been read and are not settled. */
  get open(): number {
    return this.#shared.progress.ledger.open;
  }

  /** Whether nothing more is to be read: enough waits. */
  get full(): boolean {
    const most = Math.min(GROUP_AHEAD_BYTES, this.#owner.memory.share / AHEAD_PART);
    if (this.#keys !== undefined) return this.#keys.isFull(most);
    return this.#line.freshBytes > 0 && this.#line.freshBytes >= most;
  }

  whenNotFull(callback: () => void): void {
    if (this.full) this.#notFull.push(callback);
    else callback();
  }

  get takes(): boolean {
    return this.#line.takes;
  }

  /** What was stored just now, and is not kept. */
  arrived(run: Run): void {
    this.#share(run, this.#copy);
  }

  /** A page that was read; everything up to this batch has been then. */
  arrivedPage(bytes: Uint8Array<ArrayBuffer>, upTo: number): void {
    const chunk = this.pool.adopt(bytes);
    for (const run of runsOf({ chunk, length: bytes.length }, this.#owner)) {
      this.#share(run, keep);
      run.release();
    }
    chunk.release();
    this.readUpTo(upTo);
  }

  /** Everything up to this batch has been read. */
  readUpTo(batch: number): void {
    this.#shared.progress.ledger.readUpTo(batch);
  }

  returned(run: Run, of: Returned): void {
    const { progress, name } = this.#shared;
    const { unit, attempt, cause, before } = of;
    if (attempt <= this.#owner.maxAttempts) {
      if (attempt > 1) this.#owner.counters.redelivered(run.count);
      if (this.#keys === undefined) this.#line.again({ run: run.kept(0, run.count), unit, attempt, before });
      else this.#returned(run, of);
      return this.goOn();
    }
    const { topicMost, topics } = this.#owner;
    this.#owner.counters.dead(run.count);
    const death = { group: name, attempts: attempt - 1, cause, topicMost, topics };
    progress.bury(deadLettersOf(run, death), of);
    this.#keys?.settled(of);
    this.goOn();
  }

  gone(of: Returned): void {
    this.#settle(of);
    // what has outlived its time is not missed
    const deleted = Math.min(of.end, this.#floors.get(of.topic) ?? 0) - of.from;
    if (deleted > 0) this.#shared.missed(deleted);
    this.goOn();
  }

  /** Retention has deleted these: what of them is to be given out again will not be there. */
  trimmed({ batches }: Trimmed): void {
    if (this.open === 0) return this.#floors.clear();
    for (const { topic, first, count } of batches) {
      if (matches(this.#shared.pattern, topic)) this.#floors.set(topic, first + count);
    }
  }

  failed(reason: string): void {
    this.#shared.failed(reason);
  }

  /** So many messages that are stored have left a member; these are settled with that. */
  passed(place: Place, settled: readonly Grant[]): void {
    for (const grant of settled) {
      place.holds -= grant.end - grant.from;
      this.#settle(grant);
    }
  }

  settle(place: Place, topic: string, { span, answer }: Settlement): boolean {
    const { progress } = this.#shared;
    const grants = this.#take(place, topic, span);
    for (const grant of grants) this.#settle(grant);
    if (grants.length > 0) progress.answer(answer);
    return grants.length > 0;
  }

  giveBack(place: Place, topic: string, { span, ...how }: GivenBack): boolean {
    const grants = this.#take(place, topic, span);
    for (const grant of grants) this.#giveAgain(grant, { place, cause: "nack", ...how });
    return grants.length > 0;
  }

  holdsAll(place: Place, topic: string, span: SequenceSpan): boolean {
    return this.#leases.holdsAll(place, topic, span);
  }

  extend(place: Place, topic: string, span: SequenceSpan): boolean {
    const grants = this.#leases.take(place, topic, span);
    for (const grant of grants) this.#leases.grant(place, grant, this.#until);
    return grants.length > 0;
  }

  /**
   * A member has left. `unsent`: what it was given and has not sent; `passing`: of what is settled when it
   * has been sent, what had not left.
   */
  left(place: Place, unsent: readonly Run[], passing: readonly Grant[]): void {
    const passes = this.#shared.settling === "auto";
    const held = passes ? new Leases() : this.#leases;
    if (passes) { for (const grant of passing) held.grant(place, grant, 0); }
    for (const run of unsent) {
      const { first } = run.stored!;
      for (const grant of held.take(place, run.route.topic, { from: first, end: first + run.count })) {
        const { from, end, unit, attempt } = grant;
        const part = run.kept(from - first, end - from);
        if (this.#keys === undefined) this.#line.again({ run: part, unit, attempt });
        else this.#keys.takeBack(part, this, { unit, attempt });
      }
      run.release();
    }
    for (const grant of held.clear(place)) {
      // what has begun to be written counts as written
      if (passes) this.#settle(grant);
      else this.#giveAgain(grant, { place, cause: "lost connection" });
    }
  }

  /** Time has passed. */
  tick(): void {
    const { clock } = this.#owner;
    const lapsed = this.#leases.lapse(clock);
    for (const { place, grant } of lapsed) {
      place.holds -= grant.end - grant.from;
      this.#giveAgain(grant, { place, cause: "timeout" });
    }
    // all of it is known to come again before anything behind it is given out
    for (const { place } of lapsed) place.changed();
    this.#redelivery.tick(clock);
    const keyed = KEYED_BYTES * (this.#keys?.open ?? 0);
    this.#count(LEASE_BYTES * this.#leases.size + RETURNED_BYTES * this.#redelivery.delayed + keyed);
  }

  /** Gives out what waits, and tells who waits for room. */
  goOn(): void {
    const gave = (this.#keys ?? this.#line).goOn();
    this.#redelivery.goOn();
    if (this.#notFull.length > 0 && !this.full) this.#tell();
    if (gave) this.flush();
  }

  /** Nothing more is given out; `buried`: called when what is to die has, or it is closed once more. */
  close(buried?: () => void): void {
    this.#line.clear();
    this.#keys?.forget(this, "stored");
    this.#count(0);
    if (buried === undefined) this.#redelivery.close();
    else this.#redelivery.finish(buried);
  }

  get #keys(): Keys | undefined {
    return this.#shared.keys;
  }

  get #until(): number {
    return this.#owner.clock + this.#owner.ackTimeout;
  }

  #take(place: Place, topic: string, span: SequenceSpan): Grant[] {
    const grants = this.#leases.take(place, topic, span);
    for (const { from, end } of grants) place.holds -= end - from;
    return grants;
  }

  /** Messages that a member does not hold any more and has not settled. */
  #giveAgain(
    grant: Grant,
    { place: before, cause, delay = 0, unused = false }: Partial<GivingBack> & {
      readonly place: Place;
      readonly cause: Cause;
    },
  ): void {
    this.#keys?.gaveBack(grant);
    const attempt = grant.attempt + (unused ? 0 : 1);
    if (!unused) this.#shared.progress.again(grant, attempt);
    this.#redelivery.add({ ...grant, attempt, cause, before }, attempt > this.#owner.maxAttempts ? 0 : delay);
  }

  /** Gives what is not settled of a run to members, or what `copy` makes of it waits until one has room. */
  #share(run: Run, copy: Copy): void {
    const { first } = run.stored!;
    const { ledger } = this.#shared.progress;
    const { unit } = ledger;
    const { topic } = run.route;
    const parts = run.parting();
    for (const unsettled of ledger.read(topic, first, run.count)) {
      for (const range of ledger.alike(topic, unsettled)) {
        const { attempt, from, end } = range;
        const part = parts(from - first, end - from);
        if (attempt > this.#owner.maxAttempts) {
          this.#keys?.expect(part);
          this.#redelivery.add({ topic, unit, ...range, cause: "lost connection", before: undefined }, 0);
        } else if (this.#keys === undefined) {
          this.#line.offer(part, { unit, attempt, copy });
        } else {
          this.#keys.offer(part, this, { unit, attempt, keeps: true });
        }
        if (part !== run) part.release();
      }
    }
    this.#redelivery.goOn();
  }

  /** It is here to be given out again, to who has its key. */
  #returned(run: Run, of: Returned): void {
    const { unit, attempt, before } = of;
    const none = this.#keys!.returned(run, this, { unit, attempt, before });
    for (const range of none) this.#redelivery.add({ ...of, ...range }, PUT_OFF_MS);
  }

  readonly #copy: Copy = (run, from) => copyOf(run, { at: from, count: run.count - from }, this.#owner);

  hand(place: Place, run: Run, { unit, attempt }: Terms): void {
    const { count, route: { topic }, stored } = run;
    const from = stored!.first;
    const grant: Grant = { topic, unit: unit!, attempt, from, end: from + count };
    if (this.#shared.settling === "explicit") {
      this.#leases.grant(place, grant, this.#until);
      place.handed!.leased(count);
    } else {
      place.handed!.passing(grant);
    }
    place.member.give(run, attempt);
  }

  #settle(grant: Grant): void {
    this.#shared.progress.settle(grant);
    this.#keys?.settled(grant);
  }

  /** What its objects take; what waits lies in chunks, which count by themselves. */
  #count(bytes: number): void {
    this.#owner.memory.hold(bytes - this.#counted);
    this.#counted = bytes;
  }

  #tell(): void {
    const callbacks = this.#notFull;
    this.#notFull = [];
    for (const callback of callbacks) callback();
  }
}

function keep(run: Run, from: number): Run {
  return run.kept(from, run.count - from);
}

/** Of the memory that is free, the part that waits for the members of one group at most. */
const AHEAD_PART = 64;
/** When what there was no place for is read once more. */
const PUT_OFF_MS = 1000;
/** What one lease takes, and what one message does that is to come again later: measured. */
const LEASE_BYTES = 130;
const RETURNED_BYTES = 130;
/** What one message is known by beside that while its key goes by members. */
const KEYED_BYTES = 150;
