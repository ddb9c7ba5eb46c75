/**
 * Replies in the order of their requests, also when a later one is known first.
 *
 * @module
 */
import type { Gate } from "../engine/types.ts";
import type { Flushable, FlushList } from "../flush_list.ts";
import type { HeldMemory } from "../held_memory.ts";
import { ASKED_BYTES, HELD_OKS_MOST, REPLIES_HIGH_WATER, REPLY_BYTES } from "../limits.ts";
import { DONE, type Refusal, type Replies, type Success } from "../protocols/types.ts";
import { ReplyHold } from "./reply_hold.ts";
import { Ticket } from "./ticket.ts";
import type { HeldBack, Turns } from "./turns/turns.ts";

/** Where replies leave, as far as it can be too full for more. */
export interface ReplyOutlet {
  readonly aboveHighWater: boolean;
  whenNotFull(callback: () => void): void;
}

/** What a queue works with. */
export interface ReplyQueueOptions {
  readonly replies: Replies;
  readonly outlet: ReplyOutlet;
  readonly flushes: FlushList;
  readonly memory: HeldMemory;
  readonly turns: Pick<Turns, "holds" | "rounds" | "holdBack">;
}

/** Anything else that is said in its place. */
type Saying = (replies: Replies) => void;

/**
 * Guarantees: what is said leaves in the order of the calls (C2), except that nothing overtakes a ticket that
 * has no answer. Successes that follow each other are told together as long as what is said of them holds for
 * each (V2); {@link flush} tells them. As a {@link Gate} it is full while too much waits for an answer, or
 * its outlet is full: who asks in its name asks nothing more then, so what one connection has unanswered is
 * bounded, and so is what it does not read.
 */
export class ReplyQueue implements Gate, Flushable, HeldBack {
  #replies: Replies;
  readonly #outlet: ReplyOutlet;
  readonly #flushes: FlushList;
  readonly #memory: HeldMemory;
  /** Tickets, and what was said behind the first of them; those before `#head` are done with. */
  #waiting: Waiting[] = NOTHING;
  #head = 0;
  /** Bytes that what waits makes the broker keep. */
  #bytes = 0;
  #announced = false;
  #closed = false;
  #notFull: Array<() => void> | undefined;
  readonly #turns: ReplyQueueOptions["turns"];
  #oks = 0;
  #last: Success = DONE;
  /** Whether a success waits for the next; of those who publish in no crowd there is none. */
  #hold: ReplyHold | undefined;
  /** Whether {@link Turns} asks {@link staysIn}. */
  #held = false;
  #holdsNone = false;

  constructor({ replies, outlet, flushes, memory, turns }: ReplyQueueOptions) {
    this.#turns = turns;
    this.#replies = replies;
    this.#outlet = outlet;
    this.#flushes = flushes;
    this.#memory = memory;
  }

  /** Full until everything that was asked is answered. */
  get answers(): Gate {
    return { full: this.#waiting.length > 0, whenNotFull: (callback) => this.say(callback) };
  }

  /** Full while something is unanswered that does not {@link begin}. */
  get otherAnswers(): Gate {
    let at = this.#head;
    for (; at < this.#waiting.length; at++) {
      const next = this.#waiting[at]!;
      if (next instanceof Ticket && next.answer === undefined && !next.begins) break;
    }
    return { ...this.answers, full: at < this.#waiting.length };
  }

  get full(): boolean {
    return this.#keepsTooMuch || this.#outlet.aboveHighWater;
  }

  whenNotFull(callback: () => void): void {
    if (this.#keepsTooMuch) (this.#notFull ??= []).push(callback);
    else this.#outlet.whenNotFull(callback);
  }

  /** From here on replies are in another protocol's words. */
  speak(replies: Replies): void {
    this.say(() => {
      this.#replies = replies;
    });
  }

  /** `count` requests succeeded. */
  ok(count: number, success: Success): void {
    if (this.#waiting.length > 0) {
      const last = this.#waiting[this.#waiting.length - 1]!;
      if (last instanceof Ticket && last.answer === success) last.count += count;
      else this.#wait(ticketOf(this, { count, bytes: REPLY_BYTES, answer: success }));
      return;
    }
    this.#succeeded(count, success);
  }

  /** `count` requests were refused for one reason. */
  refuse(why: Refusal, count: number): void {
    const last = this.#waiting[this.#waiting.length - 1];
    if (last instanceof Ticket && isSame(last.answer, why)) {
      last.count += count;
      return;
    }
    const left = { count };
    if (this.#waiting.length === 0 && this.#refused(why, left)) return;
    const bytes = REPLY_BYTES + why.text.length;
    this.#wait(ticketOf(this, { count: left.count, bytes, answer: why }));
  }

  /** The reply to `count` publishes comes later. */
  hold(count: number): Ticket {
    return this.#wait(new Ticket(this, { count, bytes: REPLY_BYTES }));
  }

  /** The reply to a request that takes work to answer comes later: of these only some wait at a time. */
  ask(): Ticket {
    return this.#wait(new Ticket(this, { count: 1, bytes: ASKED_BYTES }));
  }

  /** As {@link ask}, of those that are answered one after the other, each before what comes of it. */
  begin(): Ticket {
    return this.#wait(new Ticket(this, { count: 1, bytes: ASKED_BYTES, begins: true }));
  }

  /** Says anything else, in its place. */
  say(what: Saying): void {
    if (this.#waiting.length > 0) {
      this.#wait(what);
      return;
    }
    this.#tellOks();
    what(this.#replies);
  }

  /** Tells what was said and counted so far. */
  flush(): void {
    this.#tellOks();
    this.#replies.flush();
    this.#holdsNone = false;
  }

  /** What is told next waits for no other: something comes of it. */
  holdNone(): void {
    this.#holdsNone = true;
  }

  /**
   * As {@link flush}, but in a crowd a success may wait for the next one, so that both leave in one write.
   */
  flushOrHold(): void {
    if (!this.#mayHold || !(this.#hold ??= new ReplyHold()).begins(this.#turns.rounds)) return this.flush();
    if (!this.#held) this.#turns.holdBack(this);
    this.#held = true;
    this.#replies.flush();
  }

  /** Only for {@link Turns}: whether what is held back still waits. */
  staysIn(rounds: number): boolean {
    const hold = this.#hold;
    if (!this.#closed && hold?.isOver(rounds) === true) this.flush();
    this.#held = !this.#closed && hold?.holds === true;
    return this.#held;
  }

  /** The connection is gone: nothing is told any more, whatever becomes of what it asked. */
  close(): void {
    this.#closed = true;
    const waiting = this.#waiting;
    this.#waiting = NOTHING;
    this.#letGo(this.#bytes);
    // who waits for the end of what was asked is told
    for (const each of waiting) if (typeof each === "function") each(SILENT);
    this.#callNotFull();
  }

  /** Only for {@link Ticket}: it has its answer. */
  answered(ticket: Ticket, told: "now" | "soon"): void {
    if (this.#waiting[this.#head] !== ticket) return;
    if (told === "now") this.#tellAnswered();
    else this.#announce();
  }

  /** Only for {@link FlushList}. */
  ready(): void {
    this.#announced = false;
    if (!this.#closed) this.#tellAnswered();
  }

  /** Says what no longer has to wait. */
  #tellAnswered(): void {
    let at = this.#head;
    let bytes = 0;
    for (; at < this.#waiting.length; at++) {
      const next = this.#waiting[at]!;
      if (typeof next === "function") {
        this.#tellOks();
        next(this.#replies);
        bytes += REPLY_BYTES;
        continue;
      }
      const { answer } = next;
      if (answer === undefined || ("code" in answer && !this.#refused(answer, next))) break;
      if (!("code" in answer)) this.#succeeded(next.count, answer);
      bytes += next.bytes;
    }
    this.#advanceTo(at);
    this.flush();
    this.#letGo(bytes);
    if (!this.#keepsTooMuch) this.#callNotFull();
  }

  get #mayHold(): boolean {
    return this.#turns.holds && !this.#holdsNone && this.#oks > 0 && this.#oks <= HELD_OKS_MOST &&
      this.#waiting.length === 0;
  }

  get #keepsTooMuch(): boolean {
    return this.#bytes > 0 && this.#bytes >= Math.min(REPLIES_HIGH_WATER, this.#memory.share);
  }

  /**
   * Refuses as many of them as there is room for, since one read can bring many; false: some are left, and
   * follow when there is room again.
   */
  #refused(why: Refusal, left: { count: number }): boolean {
    this.#tellOks();
    for (; left.count > 0; left.count -= REFUSED_AT_A_TIME) {
      if (this.#outlet.aboveHighWater) {
        this.#outlet.whenNotFull(() => this.#announceAndFlush());
        return false;
      }
      this.#replies.refuse(why, Math.min(left.count, REFUSED_AT_A_TIME));
    }
    return true;
  }

  #succeeded(count: number, success: Success): void {
    // what is one object says the same: see engine/receipts.ts
    if (success !== this.#last) this.#turnTo(success, count);
    this.#oks += count;
  }

  #turnTo(success: Success, count: number): void {
    if (this.#oks > 0 && this.#replies.tellsReceipts && !goesOn(this.#last, count, success)) this.#tellOks();
    this.#last = success;
  }

  #tellOks(): void {
    if (this.#oks === 0) return;
    this.#hold?.ends(this.#oks);
    this.#replies.ok(this.#oks, this.#last);
    this.#oks = 0;
  }

  #wait<What extends Waiting>(what: What): What {
    if (this.#closed) return what;
    if (this.#waiting === NOTHING) this.#waiting = [];
    this.#waiting.push(what);
    const bytes = typeof what === "function" ? REPLY_BYTES : what.bytes;
    this.#bytes += bytes;
    this.#memory.hold(bytes);
    return what;
  }

  /** What waits before this position is done with. */
  #advanceTo(at: number): void {
    this.#head = at;
    if (at === this.#waiting.length) {
      this.#waiting = NOTHING;
      this.#head = 0;
    } else if (at >= HEAD_LEAST && 2 * at >= this.#waiting.length) {
      // what is moved is no more than what has left since the last time
      this.#waiting = this.#waiting.slice(at);
      this.#head = 0;
    }
  }

  #letGo(bytes: number): void {
    this.#bytes -= bytes;
    this.#memory.letGo(bytes);
  }

  #announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    this.#flushes.add(this);
  }

  #announceAndFlush(): void {
    this.#announce();
    this.#flushes.flush();
  }

  #callNotFull(): void {
    const callbacks = this.#notFull;
    this.#notFull = undefined;
    callbacks?.forEach((callback) => callback());
  }
}

/** Whether `count` successes more can be told with those before them, so that it is true of each (V2). */
function goesOn(before: Success, count: number, success: Success): boolean {
  if (before.reached !== success.reached || before.level !== success.level) return false;
  if ((before.from ?? before.newest ?? success.from ?? success.newest) !== undefined) return false;
  if (before.last === undefined || success.last === undefined) return before.last === success.last;
  return before.last + count === success.last && before.topic === success.topic;
}

function isSame(answer: Ticket["answer"], why: Refusal): boolean {
  return answer !== undefined && "code" in answer && answer.code === why.code && answer.text === why.text;
}

function ticketOf(
  queue: ReplyQueue,
  { answer, ...of }: { readonly count: number; readonly bytes: number; readonly answer: Refusal | Success },
): Ticket {
  const ticket = new Ticket(queue, of);
  ticket.answer = answer;
  return ticket;
}

type Waiting = Ticket | Saying;

/** So many that are done with stay in the list before it is cut. */
const HEAD_LEAST = 1024;
/** Requests that are refused together before it is looked whether there is room for more. */
const REFUSED_AT_A_TIME = 256;

/** Shared by all who wait for nothing: never written to. */
const NOTHING: Waiting[] = [];

/** Stands where nobody hears it any more. */
const SILENT: Replies = {
  tellsReceipts: false,
  ok: () => {},
  refuse: () => {},
  welcome: () => {},
  pong: () => {},
  goodbye: () => {},
  bye: () => {},
  info: () => {},
  flush: () => {},
};
