/**
 * A group of durable topics: its members, of this broker and of others, share what one consumer gives out.
 *
 * @module
 */
import type { Run } from "../../../wire/run.ts";
import { Handed } from "../../groups/handed.ts";
import type { Unit } from "../../groups/ledger.ts";
import { joinProblem } from "../../groups/joining.ts";
import { type GivenBack, Members, Place, type PlaceOwner, type Settlement } from "../../groups/members.ts";
import type { Cause } from "../../groups/redelivery.ts";
import type { GroupSnapshot, Joining, Member, Membership, SequenceSpan } from "../../types.ts";
import type { GroupConsumer } from "../streams_port.ts";
import type { Acks } from "./acks.ts";
import type { Burial, Dead } from "./burial.ts";
import type { Delivery } from "./delivery.ts";
import { type Held, HeldMessages } from "./group_held.ts";
import { GroupSource, type GroupSourceParts, type Waiting } from "./group_source.ts";
import { WaitingMessages } from "./group_waiting.ts";
import { ACK_WAIT_MORE_MS } from "./limits.ts";

/** What a group works with. */
export interface GroupParts extends GroupSourceParts {
  readonly acks: Acks;
  readonly burial: Burial;
  readonly flush: () => void;
  /** Milliseconds that a member may hold a message. */
  readonly ackTimeout: number;
}

/**
 * - Each message is given to one member at a time, of all brokers, until one has settled it (G6, N11).
 * - Only as many are asked for as the members of this broker have room for, so that another broker's get the
 *   rest. What comes when they have none any more waits for them here, as long as they take anything.
 * - What is given back, or has been held too long, NATS gives out again to any broker; how often it has been,
 *   NATS counts.
 */
export class StreamGroup implements PlaceOwner {
  readonly name: string;
  readonly pattern: string;
  readonly #parts: GroupParts;
  readonly #members = new Members();
  readonly #places = new Set<Place>();
  readonly #held = new HeldMessages();
  readonly #source: GroupSource;
  readonly #waiting = new WaitingMessages();
  #over = false;

  constructor({ name, pattern }: Pick<Joining, "name" | "pattern">, parts: GroupParts) {
    this.name = name;
    this.pattern = pattern;
    this.#parts = parts;
    this.#source = new GroupSource({ name, pattern }, {
      ...parts,
      came: (waiting) => this.#waiting.push(waiting),
      keeps: (delivery, reply) => this.#keeps(delivery, reply),
      dead: (dead, attempts) => this.#bury(dead, attempts, "lost connection"),
      room: () => this.#room(),
      ready: () => this.goOn(),
      madeAnew: () => this.#forget(),
      deleted: () => this.dissolve(`the group ${name} was deleted`),
    });
  }

  /** Whether anybody is in it. */
  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  /** Whether it is no more: who comes joins another. */
  get isOver(): boolean {
    return this.#over;
  }

  /** It has a consumer, or another than before: of the one before its members hold nothing any more. */
  attach(consumer: GroupConsumer): void {
    this.#source.attach(consumer);
  }

  /** Another broker makes it anew, or deletes it: its members hold nothing of it from now on. */
  changing(): void {
    this.#source.changing();
  }

  /** A place in it; `joined` is told. Only where it is attached, and not over. */
  join(joining: Joining, member: Member): Membership {
    const place = new Place(member, { window: joining.window, owner: this });
    const { settling } = this.#source;
    const problem = joinProblem(joining, { settling, by: undefined });
    if (problem !== undefined) {
      joining.joined(problem);
      return place;
    }
    this.#places.add(place);
    place.handed = new Handed();
    joining.joined({ kind: "joined" });
    // whoever was told may have left
    if (!place.gone) this.#members.enter(place);
    return place;
  }

  /** Gives out what waits, and asks for more. */
  goOn(): void {
    this.#source.read();
    const gave = this.#give();
    this.#source.ask();
    if (gave) this.#parts.flush();
  }

  tick(now: number, passed: number): void {
    this.#source.tick(passed);
    this.#lapse(now);
    if (this.#parts.link.up) this.#keepWaiting(now);
    this.goOn();
  }

  /** The link is lost: what was asked for does not come. */
  down(): void {
    this.#source.down();
  }

  up(): void {
    this.#source.open();
  }

  /** It is no more: its members are told. */
  dissolve(reason: string): void {
    this.#over = true;
    this.#source.close();
    this.#forget();
    for (const { member } of [...this.#places]) member.failed(reason);
  }

  /** Nobody is in it any more. */
  close(): void {
    this.#source.close();
    for (const waiting of this.#waiting.take()) this.#return(waiting);
    this.#disown();
  }

  snapshot(): GroupSnapshot {
    return {
      name: this.name,
      pattern: this.pattern,
      members: this.#places.size,
      held: this.#held.size,
      waiting: this.#waiting.size,
      settling: this.#source.settling,
    };
  }

  changed(place: Place): void {
    if (!this.#places.has(place)) return;
    this.#members.update(place);
    this.goOn();
  }

  passed(place: Place, messages: number): void {
    const { settled } = place.handed!.pass(messages);
    for (const { topic, from, end } of settled) this.#settle(this.#held.take(place, topic, { from, end }));
    this.changed(place);
  }

  settle(place: Place, topic: string, { span, answer }: Settlement): boolean {
    const held = this.#held.take(place, topic, span);
    if (held.length === 0) return false;
    this.#settle(held, (known) => {
      if (known) answer.acknowledge(SETTLED);
      else answer.refuse("STORE", "NATS does not answer: it may come again");
      this.#parts.flush();
    });
    this.changed(place);
    return true;
  }

  holdsAll(place: Place, topic: string, span: SequenceSpan): boolean {
    return this.#held.holdsAll(place, topic, span);
  }

  giveBack(place: Place, topic: string, { span, delay, unused }: GivenBack): boolean {
    const held = this.#held.take(place, topic, span);
    if (held.length === 0) return false;
    for (const each of held) {
      place.holds--;
      this.#again(each, { cause: "nack", delay, unused });
    }
    this.changed(place);
    return true;
  }

  extend(place: Place, topic: string, span: SequenceSpan): boolean {
    const { acks, now, ackTimeout } = this.#parts;
    const held = this.#held.take(place, topic, span);
    for (const each of held) {
      acks.extend([each.reply]);
      this.#held.add({ ...each, until: now() + ackTimeout });
    }
    return held.length > 0;
  }

  left(place: Place, unsent: readonly Run[]): void {
    if (!this.#places.delete(place)) {
      for (const run of unsent) run.release();
      return;
    }
    this.#members.leave(place);
    // or what is given back comes to who asked and is not there any more
    if (this.#places.size === 0) this.#source.close();
    const isAuto = this.#source.settling === "auto";
    this.#waiting.idle = this.#parts.now();
    this.#waiting.unshift(...unsent.flatMap((run) => this.#takenBack(place, run) ?? []));
    const held = this.#held.takeAll(place);
    if (isAuto) this.#settle(held);
    else for (const each of held) this.#again(each, { cause: "lost connection" });
    if (this.#places.size > 0) this.goOn();
    else this.close();
  }

  /**
   * What had not begun to be written to a member counts as not given out: another of this broker gets it.
   * Undefined: some of it was not the member's any more, and the rest comes again.
   */
  #takenBack(place: Place, run: Run): Waiting | undefined {
    const { ackTimeout } = this.#parts;
    const { first } = run.stored!;
    const span = { from: first, end: first + run.count };
    const held = this.#held.take(place, run.route.topic, span);
    if (held.length === run.count) {
      const replies = held.map(({ reply }) => reply);
      for (const each of held) each.run?.release();
      // its time at NATS began when theirs did
      const since = held.reduce((least, { until }) => Math.min(least, until), Infinity) - ackTimeout;
      return { run, replies, attempt: held[0]!.attempt, since };
    }
    for (const each of held) this.#again(each, { cause: "lost connection", unused: true });
    run.release();
    return undefined;
  }

  /** What waits is not given back, for that counts as giving it out, until other brokers are to have it. */
  #keepWaiting(now: number): void {
    const { ackTimeout, acks, maxAttempts } = this.#parts;
    if (now - this.#waiting.idle >= ackTimeout) {
      // what was given out for the last time would be buried, and nobody has had it
      const back = this.#waiting.take(({ attempt }) => attempt < maxAttempts);
      // or they come to who asked and takes nothing
      if (back.length > 0) this.#source.withdraw();
      for (const waiting of back) this.#return(waiting);
    }
    acks.extend(this.#waiting.prolong(now, ackTimeout / 2));
  }

  /** What NATS was not told of in time it gives out again, perhaps to another broker. */
  #drop(now: number): void {
    const { ackTimeout, link } = this.#parts;
    const most = link.up ? ackTimeout + ACK_WAIT_MORE_MS : ackTimeout;
    for (const { run } of this.#waiting.take(({ since }) => now - since >= most)) run.release();
  }

  /** Those that have waited, or been held, for too long are here no longer. */
  #lapse(now: number): void {
    this.#drop(now);
    const { ackTimeout, acks } = this.#parts;
    for (const held of this.#held.lapse(now)) {
      if (this.#source.settling === "auto") {
        // it waits to be written: nobody else is to have it
        acks.extend([held.reply]);
        this.#held.add({ ...held, until: now + ackTimeout });
        continue;
      }
      held.place.holds--;
      this.#members.update(held.place);
      // this broker stood still: NATS has given it out again meanwhile, perhaps to another
      if (now - held.until >= ACK_WAIT_MORE_MS) held.run?.release();
      else this.#again(held, { cause: "timeout" });
    }
  }

  /** NATS gives one out. Whether it is here: then it stays where it is. */
  #keeps({ sequence, attempt }: Delivery, reply: string): boolean {
    const { acks, now } = this.#parts;
    // nothing waits that NATS gives out for the first time; what is held it may, by mistake
    if (attempt === 1 && !this.#held.has(sequence)) return false;
    this.#lapse(now());
    if (!this.#waiting.renew(sequence, reply) && !this.#held.renew(sequence, reply)) return false;
    acks.extend([reply]);
    return true;
  }

  #settle(held: readonly Held[], done?: (known: boolean) => void): void {
    if (held.length === 0) return;
    for (const { place, run } of held) {
      if (this.#places.has(place)) place.holds--;
      run?.release();
    }
    this.#parts.acks.settle(held.map(({ reply }) => reply), done);
  }

  /** It is to be given out again or, where it has been as often as may be, to be buried. */
  #again(
    { run, reply, attempt, sequence }: Held,
    { cause, delay = 0, unused = false }: {
      readonly cause: Cause;
      readonly delay?: number;
      readonly unused?: boolean;
    },
  ): void {
    if (run === undefined || unused) {
      run?.release();
      this.#parts.acks.giveBack(reply, delay);
    } else {
      this.#bury({ run, reply, sequence }, attempt, cause);
    }
  }

  #bury(dead: Pick<Dead, "run" | "reply" | "sequence">, attempts: number, cause: Cause): void {
    const { name } = this;
    this.#parts.burial.bury({ ...dead, group: name, consumer: this.#source.consumer, attempts, cause });
  }

  #give(): boolean {
    const { acks, link } = this.#parts;
    const now = this.#parts.now();
    let gave = false;
    this.#drop(now);
    for (let waiting = this.#waiting.first; waiting !== undefined; waiting = this.#waiting.first) {
      const { run, replies, attempt, since } = waiting;
      // NATS cannot be told, and would give it out again before its member's time is over
      if (!link.up && now - since >= ACK_WAIT_MORE_MS) break;
      const place = this.#members.next();
      if (place === undefined) break;
      this.#waiting.shift();
      const count = Math.min(run.count, place.room);
      if (count < run.count) {
        const rest = run.kept(count, run.count - count);
        this.#waiting.unshift({ run: rest, replies: replies.slice(count), attempt, since });
      }
      // its member may hold it as long as any other
      if (now - since >= WAITED_MS) acks.extend(replies.slice(0, count));
      const part = run.part(0, count);
      this.#hand(place, part, { replies, attempt });
      if (part !== run) part.release();
      run.release();
      gave = true;
    }
    if (gave) this.#waiting.idle = now;
    return gave;
  }

  #hand(place: Place, run: Run, { replies, attempt }: Pick<Waiting, "replies" | "attempt">): void {
    const { now, ackTimeout, maxAttempts } = this.#parts;
    const { count, route: { topic }, stored } = run;
    const { first: from } = stored!;
    const until = now() + ackTimeout;
    for (let at = 0; at < count; at++) {
      const kept = attempt >= maxAttempts ? run.kept(at, 1) : undefined;
      this.#held.add({ topic, sequence: from + at, reply: replies[at]!, attempt, place, run: kept, until });
    }
    if (this.#source.settling === "explicit") place.handed!.leased(count);
    else place.handed!.passing({ topic, unit: UNIT, attempt, from, end: from + count });
    this.#members.gave(place, count);
    place.member.give(run, attempt);
  }

  #return({ run, replies }: Waiting): void {
    for (const reply of replies) this.#parts.acks.giveBack(reply, 0);
    run.release();
  }

  /** How many more messages than are here its members take now; who is full says when it is not. */
  #room(): number {
    let room = 0;
    for (const place of this.#places) if (this.#members.takes(place)) room += place.room;
    return room - this.#waiting.size;
  }

  /** Its consumer is another, or none. */
  #forget(): void {
    this.#parts.acks.forget(this.#source.consumer);
    this.#disown();
  }

  /** What its members hold they hold no longer. */
  #disown(): void {
    this.#held.clear();
    this.#source.forget();
    for (const { run } of this.#waiting.take()) run.release();
    for (const place of this.#places) {
      place.holds = place.handed!.disown();
      this.#members.update(place);
    }
  }
}

/** What has waited for so long may be given out for less time than NATS waits, milliseconds. */
const WAITED_MS = 1_000;
/** Nothing is known of commits here. */
const UNIT: Unit = { after: undefined, open: 0, ends: new Map() };
const SETTLED = { reached: undefined, level: "engine", last: undefined, topic: undefined } as const;
