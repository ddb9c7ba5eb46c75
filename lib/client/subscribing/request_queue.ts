/**
 * The requests of a subscriber that are not yet answered, whatever becomes of its connections.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { TIMER_MOST_MS } from "../../limits.ts";
import { RunError } from "../../errors.ts";
import type { Work } from "../connecting/work.ts";
import { Fifo } from "../fifo.ts";
import type { ClassicLink } from "../links/classic_link.ts";
import type { Link } from "../links/link.ts";
import { namesOf, needsV2, refused } from "../links/refusals.ts";
import type { Reply, Request } from "../links/request.ts";
import { neverUnhandled } from "../promises.ts";

/** One request and who waits for it. */
interface Entry extends PromiseWithResolvers<void> {
  readonly request: Request;
  /** What it asks for: `subscribe to "#hello"`. */
  readonly what: string;
  readonly needless: (() => boolean) | undefined;
  readonly alone: boolean;
  readonly unwanted: Request["accepted"];
  /** Who asked for it waits no more. */
  abandoned: boolean;
}

/** What goes with a request. */
export interface RequestOptions {
  /** What it asks for, for a person: `subscribe to "#hello"`. */
  readonly what: string;
  /** Asked just before it would be sent: true acknowledges it without sending. */
  readonly needless?: () => boolean;
  /** It leaves when all before it are answered, so that {@link needless} knows about them (false). */
  readonly alone?: boolean;
  /**
   * Told in place of the request's `accepted` where it had left, nobody waits for it any more, and it is
   * acknowledged all the same.
   */
  readonly unwanted?: Request["accepted"];
  /** Milliseconds after which nobody waits any more. */
  readonly timeout?: number | undefined;
  /** Aborted when nobody waits any more. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * First in, first out, as many on the wire as the link takes.
 *
 * - A request leaves the queue when it is acknowledged or refused. One that is on the wire when its link ends
 *   stays and is among the first to be sent on the next link; the broker may have taken it already, so it may
 *   take effect twice.
 * - What nobody waits for any more is withdrawn while it has not left, and is not sent on another link.
 * - Promises from {@link add} are never unhandled: a rejection nobody awaits does not end the process.
 */
export class RequestQueue implements Work {
  readonly #entries = new Fifo<Entry>();
  #link: Link | undefined;
  /** Entries at the front that are on the wire. */
  #sent = 0;
  readonly #clock: Clock;
  /** Nothing more is to be sent over the link. */
  #finished = false;
  /** The link that is being asked whether it answers, or has been. */
  #probed: Link | undefined;
  #probing = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether there is a connection for them. */
  get linked(): boolean {
    return this.#link !== undefined;
  }

  /**
   * Queues a request; resolves when it is acknowledged, rejects with RefusedError, what {@link failAll} is
   * given, RunError when its time is over, or its signal's reason.
   */
  add(
    request: Request,
    { what, needless, alone = false, unwanted, timeout, signal }: RequestOptions,
  ): Promise<void> {
    if (signal?.aborted) return neverUnhandled(Promise.reject(signal.reason));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const entry: Entry = {
      request,
      what,
      needless,
      alone,
      unwanted,
      promise,
      resolve,
      reject,
      abandoned: false,
    };
    this.#entries.push(entry);
    neverUnhandled(promise);
    if (timeout !== undefined || signal !== undefined) this.#limit(entry, { timeout, signal });
    this.#send();
    return promise;
  }

  async drained(): Promise<void> {
    const waiting: Promise<void>[] = [];
    for (let at = 0; at < this.size; at++) waiting.push(this.#entries.at(at)!.promise);
    await Promise.allSettled(waiting); // whose failure it is hears of it
  }

  use(link: Link | undefined): void {
    this.#link = link;
    this.#finished = this.#probing = false;
    this.#sent = 0;
    this.#withdraw(({ abandoned }) => abandoned);
    this.#send();
  }

  decided(): void {
    this.#send();
  }

  async finish(): Promise<void> {
    this.#finished = true;
    if (this.#sent > 0) await this.#entries.at(this.#sent - 1)?.promise.catch(() => {});
  }

  failAll(error: Error): void {
    this.#sent = 0;
    for (const { reject } of this.#entries.takeFrom(0)) reject(error);
  }

  failUnsent(error: Error): void {
    for (const { reject } of this.#entries.takeFrom(this.#sent)) reject(error);
  }

  #send(): void {
    const link = this.#link;
    if (link?.protocol === "classic" && (link.besideHello || this.#probing)) return this.#probe(link);
    while (link !== undefined && !this.#finished && this.#sent < link.ahead) {
      const entry = this.#entries.at(this.#sent);
      if (entry === undefined) return;
      if (entry.alone && this.#sent > 0) return;
      if (link.protocol === "classic" && entry.request.fields !== "") {
        if (this.#sent > 0 || link.onTrial) return;
        this.#entries.shift();
        entry.reject(needsV2(namesOf(entry.request.fields)));
      } else if (this.#sent === 0 && entry.needless?.()) {
        this.#answer(entry, "ok");
      } else {
        this.#sent++;
        const { accepted } = entry.request;
        const request: Request = {
          ...entry.request,
          accepted: (...told) => (entry.abandoned ? entry.unwanted : accepted)?.(...told),
        };
        request.leaves?.();
        void link.ask(request).then((reply) => this.#answered(entry, { link, reply }));
      }
    }
  }

  /**
   * Subscribes to nothing: a v2 broker would send over this link what has lost its headers, and once more
   * over the next what came while both were there. What is asked instead does nothing, and its answer tells
   * that the broker is awake.
   */
  #probe(link: ClassicLink): void {
    const entry = this.#entries.at(0);
    if (entry === undefined || this.#finished || this.#probed === link) return;
    this.#probed = link;
    this.#probing = true;
    void link.ask({ verb: "unsub", pattern: entry.request.pattern, fields: "" }).then(() => {
      if (this.#link !== link) return;
      this.#probing = false;
      this.#send();
    });
  }

  /** Gives it up when its time is over, or its signal says so. */
  #limit(entry: Entry, { timeout, signal }: Pick<RequestOptions, "timeout" | "signal">): void {
    const abort = (): void => this.#abandon(entry, () => signal?.reason);
    const timer = timeout === undefined
      ? undefined
      : this.#clock.after(Math.min(timeout, TIMER_MOST_MS), () => {
        this.#abandon(entry, (sent) =>
          new RunError(
            sent
              ? `the broker has not answered within ${timeout} ms to ${entry.what}; ` +
                "if it still does, that is taken back"
              : `could not ask the broker within ${timeout} ms to ${entry.what}; it is not asked any more`,
            "TIMEOUT",
          ));
      });
    signal?.addEventListener("abort", abort);
    const settled = (): void => {
      this.#clock.cancel(timer);
      signal?.removeEventListener("abort", abort);
    };
    entry.promise.then(settled, settled);
  }

  #abandon(entry: Entry, reason: (sent: boolean) => unknown): void {
    entry.abandoned = true;
    const left = this.#withdraw((each) => each === entry);
    entry.reject(reason(!left));
    this.#send();
  }

  /** Takes some of those out that have not left; whether there were any. */
  #withdraw(isChosen: (entry: Entry) => boolean): boolean {
    const before = this.size;
    for (const entry of this.#entries.takeFrom(this.#sent)) if (!isChosen(entry)) this.#entries.push(entry);
    return this.size < before;
  }

  #answered(entry: Entry, { link, reply }: { link: Link; reply: Reply | undefined }): void {
    entry.request.over?.();
    if (reply === undefined || this.#link !== link || this.#entries.at(0) !== entry) return;
    this.#sent--;
    this.#answer(entry, reply);
    this.#send();
  }

  #answer(entry: Entry, reply: Reply): void {
    this.#entries.shift();
    if (reply === "ok") entry.resolve();
    else entry.reject(refused(reply, entry.what));
  }
}
