/**
 * The messages of a publisher that are not yet acknowledged, whatever becomes of its connections.
 *
 * @module
 */
import { RefusedError, type RunError } from "../../errors.ts";
import { DEFAULT_LIMITS } from "../../limits.ts";
import { encodePublish } from "../../protocols/classic/client_requests.ts";
import { quote } from "../../text.ts";
import type { FrameReceipt } from "../../protocols/frames/client_lines.ts";
import type { Host } from "../host.ts";
import type { Work } from "../connecting/work.ts";
import { Fifo } from "../fifo.ts";
import type { ClassicLink } from "../links/classic_link.ts";
import type { Answers, FrameLink } from "../links/frame_link.ts";
import type { Link } from "../links/link.ts";
import { refused } from "../links/refusals.ts";
import type { Refusal } from "../links/request.ts";
import { neverUnhandled } from "../promises.ts";
import type { Receipt } from "../types.ts";
import { Backlog } from "./backlog.ts";
import { classicProblem } from "./classic_problem.ts";
import { MessageIds } from "./message_ids.ts";
import { MessageNumbers } from "./message_numbers.ts";
import { type GivenUp, givenUp, MessageTerms, type Terms } from "./message_terms.ts";
import { receiptAt, receiptOf, tooFewSubs } from "./receipts.ts";

/**
 * What may be on its way and not acknowledged. More would only wait in the broker, and be sent twice after a
 * loss.
 */
const WINDOW = { bytes: 1024 * 1024, count: 64 * 1024 };
/** Bytes that leave at once instead of at the end of the turn. */
const FLUSH_EARLY_BYTES = 64 * 1024;
/** What may wait before {@link PublishQueue.full} says so, and what is left when it no longer does. */
const FULL = { bytes: 4 * 1024 * 1024, classicCount: 1024 };
const ROOM = { bytes: 2 * 1024 * 1024, classicCount: 512 };

const ANY: readonly string[] = ["#>"];

/** Who waits for a message to be acknowledged. */
interface ReceiptWaiter extends PromiseWithResolvers<Receipt> {
  readonly number: number;
}

/** Who waits until all up to a message is done with. */
interface DrainWaiter {
  readonly number: number;
  readonly resolve: () => void;
}

/** A message put together, as {@link Backlog.add} takes it. */
export interface Outgoing {
  readonly head: Uint8Array;
  readonly fields: Uint8Array;
  readonly payload: string | Uint8Array;
}

/** What a queue is told by and whom it tells. */
export interface PublishQueueOptions {
  readonly id: string;
  readonly machine: Host;
  /** A message nobody waits for was refused or given up; the first message of a client has number 1. */
  readonly onRefused: (number: number, error: RefusedError | RunError) => void;
}

/**
 * First in, first out; over a v2 link as much at once as the window allows, over a classic one a message at a
 * time.
 *
 * - A message leaves the queue when it is acknowledged or refused. What was on its way when its link ended is
 *   sent again on the next, in order, before anything else; the broker may have taken it already, so it may
 *   arrive twice (of a durable topic it is there once, by its id).
 * - A message that is given up, by its time or its signal, leaves at once if it has never been on its way;
 *   else it stays, and nobody is told what becomes of it.
 * - Who waits for room is told by whatever makes some: an acknowledgement, a refusal, a write that is done,
 *   another link.
 * - Messages added in one turn of the event loop leave in one write, or as soon as there are 64 KiB of them.
 */
export class PublishQueue implements Work, Answers {
  /**
   * The patterns of the broker's durable topics, as far as the last connection has told; another array when
   * it changes.
   */
  durable: readonly string[] = [];
  readonly ids: MessageIds;

  readonly #options: PublishQueueOptions;
  readonly #backlog = new Backlog();
  readonly #numbers = new MessageNumbers();
  readonly #terms: MessageTerms;
  readonly #waiters = new Fifo<ReceiptWaiter>();
  readonly #drainWaiters = new Fifo<DrainWaiter>();
  #link: Link | undefined;
  /** The link on which something is being written, or asked. */
  #busy: Link | undefined;
  #asking: Promise<void> = Promise.resolve();
  #stopped = false;
  #scheduled = false;
  #room: PromiseWithResolvers<void> | undefined;
  /** The message that was last asked for over a classic link. */
  #askedLast = 0;
  #lineMost = DEFAULT_LIMITS.line;

  constructor(options: PublishQueueOptions) {
    this.#options = options;
    const { clock, random32 } = options.machine;
    this.ids = new MessageIds([random32(), random32()]);
    this.#terms = new MessageTerms(clock, (number, why) => this.#giveUp(number, why));
  }

  get size(): number {
    return this.#backlog.size;
  }

  get waiting(): number {
    return this.#backlog.size;
  }

  /** Whether so much waits that whoever adds should wait for {@link ready}. */
  get full(): boolean {
    return this.#exceeds(FULL);
  }

  ready(): Promise<void> {
    if (!this.full) return Promise.resolve();
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Queues a message; its number. Throws RefusedError for a header that no broker takes. */
  add(message: Outgoing, terms?: Terms): number {
    const { head, fields } = message;
    if (head.length + fields.length + 10 > this.#lineMost) {
      throw new RefusedError(
        "LINE_TOO_LONG",
        `topic, headers and fields of a message have at most ${this.#lineMost} bytes together, these have ${
          head.length + fields.length
        }`,
      );
    }
    this.#backlog.add(head, message);
    const number = this.#numbers.next();
    if (terms !== undefined) this.#terms.add(number, terms);
    this.#schedule();
    return number;
  }

  /**
   * Resolves when the message that was added last is acknowledged; rejects with RefusedError, what {@link
   * failAll} is given, or why it was given up.
   */
  acknowledged(number: number): Promise<Receipt> {
    const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
    const waiter = { number, promise, resolve, reject };
    this.#waiters.push(waiter);
    const terms = this.#terms.get(number);
    if (terms !== undefined) terms.fail = (error) => fail(waiter, error);
    return promise;
  }

  drained(): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push({ number: this.#numbers.last, resolve }));
  }

  use(link: Link | undefined): void {
    this.#link = link;
    this.#tellWaiters(); // how much is much depends on what the link speaks
    if (link === undefined) return;
    this.#stopped = false;
    if (link.protocol === "2") {
      link.answers = this;
      this.#learnDurable(link);
      this.#backlog.rewind();
    } else if (link.onTrial) {
      this.durable = ANY; // a v2 broker, if it is one, has to know what it is sent again
    }
    this.#send();
  }

  decided(): void {
    this.durable = [];
    this.#send();
  }

  /** As long as a broker has not told what it stores, that may be anything. */
  #learnDurable(link: FrameLink): void {
    this.durable = link.told ? link.durable : ANY;
    if (link.told) return;
    void link.informed.then(() => {
      if (this.#link === link && link.told) this.durable = link.durable;
    });
  }

  async finish(): Promise<void> {
    this.#stopped = true;
    await this.#asking;
  }

  succeeded(count: number, answer: FrameReceipt): boolean {
    if (count > this.size) return false;
    this.#done(count);
    const numbers = this.#numbers;
    const receipt = receiptOf(answer);
    for (const [number, terms] of this.#terms.settle(numbers.done)) {
      const problem = tooFewSubs(terms, receipt.subs);
      if (problem === undefined) continue;
      if (terms.fail === undefined) this.#options.onRefused(number, problem);
      else terms.fail(problem);
    }
    for (let first = this.#waiters.at(0); first !== undefined; first = this.#waiters.at(0)) {
      if (first.number > numbers.done) break;
      this.#waiters.shift();
      first.resolve(receiptAt(receipt, numbers.behind(first.number)));
    }
    this.#send();
    return true;
  }

  refused(why: Refusal): boolean {
    if (this.size === 0) return false;
    this.#refuse(refused(why, `publish to ${quote(this.#backlog.first().topic)}`));
    this.#send();
    return true;
  }

  stopped(): void {
    this.#stopped = true;
  }

  failAll(error: Error): void {
    this.#backlog.clear();
    this.#numbers.clear();
    this.#terms.settle(this.#numbers.done);
    this.#tellWaiters();
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift()) {
      fail(waiter, error);
    }
  }

  failUnsent(error: Error): void {
    this.failAll(error);
  }

  #refuse(error: RefusedError): void {
    const number = this.#numbers.done + 1;
    this.#done(1);
    let told = this.#terms.get(number)?.isGivenUp ?? false;
    this.#terms.settle(number);
    for (let first = this.#waiters.at(0); first !== undefined; first = this.#waiters.at(0)) {
      if (first.number > number) break;
      // those before it were withdrawn
      this.#waiters.shift();
      if (first.number < number) continue;
      fail(first, error);
      told = true;
    }
    if (!told) this.#options.onRefused(number, error);
  }

  /** Withdraws a message that has never left, and tells who waits for it in any case. */
  #giveUp(number: number, why: GivenUp): void {
    const terms = this.#terms.get(number);
    if (terms === undefined) return;
    const withdrawn = number > this.#askedLast && this.#backlog.withdraw(this.#numbers.placeOf(number));
    if (withdrawn) {
      this.#terms.drop(number);
      this.#numbers.withdraw(number);
    } else {
      this.#terms.giveUp(number);
    }
    if (terms.fail === undefined) this.#options.onRefused(number, givenUp(terms, { why, withdrawn }));
    else terms.fail(why === "signal" ? terms.signal?.reason : givenUp(terms, { why, withdrawn }));
    if (withdrawn) this.#tellWaiters();
  }

  #done(count: number): void {
    this.#backlog.done(count);
    this.#numbers.advance(count);
    this.#tellWaiters();
  }

  #tellWaiters(): void {
    const { done } = this.#numbers;
    for (let waiter = this.#drainWaiters.at(0); waiter !== undefined; waiter = this.#drainWaiters.at(0)) {
      if (waiter.number > done) break;
      this.#drainWaiters.shift();
      waiter.resolve();
    }
    if (this.#room === undefined || this.#exceeds(ROOM)) return;
    this.#room.resolve();
    this.#room = undefined;
  }

  #exceeds(bound: { readonly bytes: number; readonly classicCount: number }): boolean {
    const classic = this.#link?.protocol === "classic" && this.size >= bound.classicCount;
    return classic || this.#backlog.bytes >= bound.bytes;
  }

  #schedule(): void {
    if (this.#backlog.unsent >= FLUSH_EARLY_BYTES) return this.#send();
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  #send(): void {
    const link = this.#link;
    if (link === undefined || this.#busy === link || this.#stopped) return;
    if (link.protocol === "classic") {
      this.#asking = this.#askOneByOne(link);
      return;
    }
    this.#lineMost = link.lineMost ?? this.#lineMost;
    const portion = this.#backlog.next(WINDOW);
    if (portion === undefined) return;
    this.#busy = link;
    void link.write(portion.bytes).then(() => {
      this.#backlog.written(portion);
      this.#tellWaiters(); // the messages of it may have been answered before, and their memory is free now
      if (this.#busy === link) this.#busy = undefined;
      this.#send();
    });
  }

  async #askOneByOne(link: ClassicLink): Promise<void> {
    this.#busy = link;
    while (this.#link === link && this.size > 0 && !this.#stopped) {
      const message = this.#backlog.first();
      const number = this.#numbers.done + 1;
      const problem = classicProblem(message, { ids: this.ids, minSubs: this.#terms.get(number)?.minSubs });
      if (problem !== undefined) {
        if (link.onTrial) break;
        this.#refuse(problem);
        continue;
      }
      this.#askedLast = number;
      const reply = await link.request(encodePublish(this.#options.id, message.topic, message.payload));
      if (reply === undefined || this.#link !== link) break;
      if (this.#numbers.done >= number) continue; // failAll came in between
      if (reply === "OK") this.succeeded(1, {});
      else this.refused({ code: reply, text: "" });
    }
    if (this.#busy === link) this.#busy = undefined;
  }
}

function fail(waiter: ReceiptWaiter, error: unknown): void {
  neverUnhandled(waiter.promise);
  waiter.reject(error);
}
