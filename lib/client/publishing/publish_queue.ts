/**
 * The messages of a publisher that are not yet acknowledged, whatever becomes of its connections.
 *
 * @module
 */
import { RefusedError } from "../../errors.ts";
import { DEFAULT_LIMITS } from "../../limits.ts";
import { encodePublish } from "../../protocols/classic/client_requests.ts";
import { quote } from "../../text.ts";
import { LF } from "../../wire/bytes.ts";
import type { Work } from "../connecting/work.ts";
import { Fifo } from "../fifo.ts";
import type { ClassicLink } from "../links/classic_link.ts";
import type { Answers } from "../links/frame_link.ts";
import type { Link } from "../links/link.ts";
import { needsV2, refused } from "../links/refusals.ts";
import type { Refusal } from "../links/request.ts";
import { neverUnhandled } from "../promises.ts";
import type { Receipt } from "../types.ts";
import { Backlog, type QueuedMessage } from "./backlog.ts";
import { MessageIds } from "./message_ids.ts";

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
  /** A message nobody waits for was refused; the first message of a client has number 1. */
  readonly onRefused: (number: number, error: RefusedError) => void;
}

/**
 * First in, first out; over a v2 link as much at once as the window allows, over a classic one a message at a
 * time.
 *
 * - A message leaves the queue when it is acknowledged or refused. What was on its way when its link ended is
 *   sent again on the next, in order, before anything else; the broker may have taken it already, so it may
 *   arrive twice (of a durable topic it is there once, by its id).
 * - Messages added in one turn of the event loop leave in one write, or as soon as there are 64 KiB of them.
 */
export class PublishQueue implements Work, Answers {
  /**
   * The patterns of the broker's durable topics, as far as the last connection has told; another array when
   * it changes.
   */
  durable: readonly string[] = [];
  readonly ids = new MessageIds();

  readonly #options: PublishQueueOptions;
  readonly #backlog = new Backlog();
  readonly #waiters = new Fifo<ReceiptWaiter>();
  readonly #drainWaiters = new Fifo<DrainWaiter>();
  #link: Link | undefined;
  /** The link on which something is being written, or asked. */
  #busy: Link | undefined;
  #stopped = false;
  #scheduled = false;
  #room: PromiseWithResolvers<void> | undefined;
  /** Messages that are done with since the beginning. */
  #doneCount = 0;
  #lineMost = DEFAULT_LIMITS.line;

  constructor(options: PublishQueueOptions) {
    this.#options = options;
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
  add(message: Outgoing): number {
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
    this.#schedule();
    return this.#doneCount + this.#backlog.size;
  }

  /**
   * Resolves when that message is acknowledged; rejects with RefusedError or what {@link failAll} is given.
   */
  acknowledged(number: number): Promise<Receipt> {
    const { promise, resolve, reject } = Promise.withResolvers<Receipt>();
    this.#waiters.push({ number, promise, resolve, reject });
    return promise;
  }

  drained(): Promise<void> {
    const number = this.#doneCount + this.size;
    if (number === this.#doneCount) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push({ number, resolve }));
  }

  use(link: Link | undefined): void {
    this.#link = link;
    if (link === undefined) return;
    this.#stopped = false;
    this.#busy = undefined;
    if (link.protocol === "2") {
      link.answers = this;
      this.durable = link.durable;
      this.#backlog.rewind();
    }
    this.#send();
  }

  succeeded(count: number, receipt: Receipt): boolean {
    if (count > this.size) return false;
    this.#done(count);
    for (let first = this.#waiters.at(0); first !== undefined; first = this.#waiters.at(0)) {
      if (first.number > this.#doneCount) break;
      this.#waiters.shift();
      first.resolve(receipt);
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
    this.#doneCount += this.size;
    this.#backlog.clear();
    this.#tellWaiters();
    for (let waiter = this.#waiters.shift(); waiter !== undefined; waiter = this.#waiters.shift()) {
      fail(waiter, error);
    }
  }

  failUnsent(error: Error): void {
    this.failAll(error);
  }

  #refuse(error: RefusedError): void {
    this.#done(1);
    const waiter = this.#waiters.at(0);
    if (waiter?.number !== this.#doneCount) return this.#options.onRefused(this.#doneCount, error);
    this.#waiters.shift();
    fail(waiter, error);
  }

  #done(count: number): void {
    this.#backlog.done(count);
    this.#doneCount += count;
    this.#tellWaiters();
  }

  #tellWaiters(): void {
    for (let waiter = this.#drainWaiters.at(0); waiter !== undefined; waiter = this.#drainWaiters.at(0)) {
      if (waiter.number > this.#doneCount) break;
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
    if (this.#link === undefined || this.#busy === this.#link) return;
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
    if (link === undefined || this.#busy === link || this.size === 0) return;
    if (link.protocol === "classic") return void this.#askOneByOne(link);
    this.#lineMost = link.lineMost ?? this.#lineMost;
    if (this.#stopped) return;
    const portion = this.#backlog.next(WINDOW);
    if (portion === undefined) return;
    this.#busy = link;
    void link.write(portion.bytes).then(() => {
      this.#backlog.written(portion);
      if (this.#busy === link) this.#busy = undefined;
      this.#send();
    });
  }

  async #askOneByOne(link: ClassicLink): Promise<void> {
    this.#busy = link;
    while (this.#link === link && this.size > 0) {
      const message = this.#backlog.first();
      const problem = classicProblem(message, this.ids);
      if (problem !== undefined) {
        this.#refuse(problem);
        continue;
      }
      const number = this.#doneCount;
      const reply = await link.request(encodePublish(this.#options.id, message.topic, message.payload));
      if (reply === undefined || this.#link !== link) break;
      if (this.#doneCount !== number) continue; // failAll came in between
      if (reply === "OK") this.succeeded(1, {});
      else this.refused({ code: reply, text: "" });
    }
    if (this.#busy === link) this.#busy = undefined;
  }
}

/** What the classic protocol cannot say. */
function classicProblem(
  { topic, fields, payload }: QueuedMessage,
  ids: MessageIds,
): RefusedError | undefined {
  // nobody asked for an id of ours
  if (fields !== "" && !ids.isOnly(fields)) return needsV2("headers, key, ttl, id or reply");
  const lf = payload.indexOf(LF);
  if (lf === -1) return undefined;
  return new RefusedError(
    "LINE_BREAK",
    `a message is one line in the classic protocol: the one to ${quote(topic)} has a line break at byte ${
      lf + 1
    }`,
  );
}

function fail(waiter: ReceiptWaiter, error: Error): void {
  neverUnhandled(waiter.promise);
  waiter.reject(error);
}
