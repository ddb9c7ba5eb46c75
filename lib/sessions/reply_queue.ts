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
 * has no answer. Successes that follow each other are told together (V2); {@link flush} tells them.
 */
export class ReplyQueue {
  #replies: Replies;
  /** Tickets, and what was said behind the first of them. */
  #waiting: Waiting[] = NOTHING;
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
    this.#oks += count;
    this.#last = success;
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
    let at = 0;
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
        this.#oks += next.count;
        this.#last = next.answer;
        if (next.answer.from !== undefined) this.flush();
      }
    }
    this.#waiting = at === this.#waiting.length ? NOTHING : this.#waiting.slice(at);
    this.flush();
  }

  #wait(what: Waiting): void {
    if (this.#waiting === NOTHING) this.#waiting = [];
    this.#waiting.push(what);
  }
}

type Waiting = Ticket | ((replies: Replies) => void);

/** Shared by all who wait for nothing: never written to. */
const NOTHING: Waiting[] = [];
