/**
 * Replies in the order of their requests, also when a later one is known first.
 *
 * @module
 */
import type { Acknowledgement, Receipt } from "../engine/types.ts";
import type { WireCode } from "../errors.ts";
import { DONE, type Refusal, type Replies, type Success } from "../protocols/types.ts";
import { refusal } from "./refusal.ts";

/**
 * The reply to `count` requests that is not known yet: it is told once, and whatever was asked later waits
 * for it.
 */
export class Ticket implements Acknowledgement {
  answer: Refusal | Success | undefined;
  readonly count: number;
  readonly #queue: ReplyQueue;

  constructor(count: number, queue: ReplyQueue) {
    this.count = count;
    this.#queue = queue;
  }

  /** The requests succeeded. */
  succeed(success: Success): void {
    this.answer = success;
    this.#queue.answered();
  }

  acknowledge(receipt: Receipt): void {
    this.succeed(receipt);
  }

  /** The requests were refused for one reason. */
  refuse(code: WireCode, reason?: string): void {
    this.answer = refusal(code, reason);
    this.#queue.answered();
  }
}

/**
 * Guarantees: what is said leaves in the order of the calls (C2), except that nothing overtakes a ticket that
 * has no answer. Successes that follow each other are told together as long as what is said of them holds for
 * each (V2); {@link flush} tells them.
 */
export class ReplyQueue {
  #replies: Replies;
  /** Tickets, and what was said behind the first of them; those before `#head` are done with. */
  #waiting: Waiting[] = NOTHING;
  #head = 0;
  #oks = 0;
  #last: Success = DONE;

  constructor(replies: Replies) {
    this.#replies = replies;
  }

  /** Whether everything that was asked is answered. */
  get allAnswered(): boolean {
    return this.#waiting.length === 0;
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
      const ticket = this.hold(count);
      ticket.answer = success;
      return;
    }
    this.#succeeded(count, success);
  }

  /** The reply to `count` requests comes later. */
  hold(count: number): Ticket {
    const ticket = new Ticket(count, this);
    this.#wait(ticket);
    return ticket;
  }

  /** Says anything else, in its place. */
  say(what: (replies: Replies) => void): void {
    if (this.#waiting.length > 0) {
      this.#wait(what);
      return;
    }
    this.flush();
    what(this.#replies);
  }

  /** Tells the successes that were counted so far. */
  flush(): void {
    if (this.#oks > 0) this.#replies.ok(this.#oks, this.#last);
    this.#oks = 0;
  }

  /** Only for {@link Ticket}: says what no longer has to wait. */
  answered(): void {
    let at = this.#head;
    for (; at < this.#waiting.length; at++) {
      const next = this.#waiting[at]!;
      if (typeof next === "function") {
        this.flush();
        next(this.#replies);
      } else if (next.answer === undefined) {
        break;
      } else if ("code" in next.answer) {
        this.flush();
        this.#replies.refuse(next.answer, next.count);
      } else {
        this.#succeeded(next.count, next.answer);
      }
    }
    this.#head = at;
    if (at === this.#waiting.length) {
      this.#waiting = NOTHING;
      this.#head = 0;
    } else if (at >= HEAD_MOST) {
      this.#waiting = this.#waiting.slice(at);
      this.#head = 0;
    }
    this.flush();
  }

  #succeeded(count: number, success: Success): void {
    // what is one object says the same: see engine/receipts.ts
    if (success !== this.#last) this.#turnTo(success, count);
    this.#oks += count;
  }

  #turnTo(success: Success, count: number): void {
    if (this.#oks > 0 && this.#replies.tellsReceipts && !goesOn(this.#last, count, success)) this.flush();
    this.#last = success;
  }

  #wait(what: Waiting): void {
    if (this.#waiting === NOTHING) this.#waiting = [];
    this.#waiting.push(what);
  }
}

/** Whether `count` successes more can be told with those before them, so that it is true of each (V2). */
function goesOn(before: Success, count: number, success: Success): boolean {
  if (before.reached !== success.reached || before.level !== success.level) return false;
  if ((before.from ?? before.newest ?? success.from ?? success.newest) !== undefined) return false;
  if (before.last === undefined || success.last === undefined) return before.last === success.last;
  return before.last + count === success.last && before.topic === success.topic;
}

type Waiting = Ticket | ((replies: Replies) => void);

/** So many that are done with stay in the list before it is cut. */
const HEAD_MOST = 1024;

/** Shared by all who wait for nothing: never written to. */
const NOTHING: Waiting[] = [];
