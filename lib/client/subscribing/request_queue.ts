/**
 * The requests of a subscriber that are not yet answered, whatever becomes of its connections.
 *
 * @module
 */
import type { Work } from "../connecting/work.ts";
import { Fifo } from "../fifo.ts";
import type { Link } from "../links/link.ts";
import { namesOf, needsV2, refused } from "../links/refusals.ts";
import type { Reply, Request } from "../links/request.ts";
import { neverUnhandled } from "../promises.ts";

/** One request and who waits for it. */
interface Entry extends PromiseWithResolvers<void> {
  readonly request: Request;
  /** What it asks for: `subscribe to "#hello"`. */
  readonly what: string;
  /** Asked just before it would be sent: true acknowledges it without sending. */
  readonly needless: (() => boolean) | undefined;
}

/**
 * First in, first out, as many on the wire as the link takes.
 *
 * - A request leaves the queue when it is acknowledged or refused. One that is on the wire when its link ends
 *   stays and is among the first to be sent on the next link; the broker may have taken it already, so it may
 *   take effect twice.
 * - Promises from {@link add} are never unhandled: a rejection nobody awaits does not end the process.
 */
export class RequestQueue implements Work {
  readonly #entries = new Fifo<Entry>();
  #link: Link | undefined;
  /** Entries at the front that are on the wire. */
  #sent = 0;
  /** Nothing more is to be sent over the link. */
  #finished = false;

  get size(): number {
    return this.#entries.size;
  }

  /**
   * Queues a request; resolves when it is acknowledged, rejects with RefusedError or what {@link failAll} is
   * given.
   */
  add(
    request: Request,
    { what, needless }: { readonly what: string; readonly needless?: () => boolean },
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#entries.push({ request, what, needless, promise, resolve, reject });
    this.#send();
    return neverUnhandled(promise);
  }

  async drained(): Promise<void> {
    await this.#entries.at(this.size - 1)?.promise.catch(() => {}); // whose failure it is hears of it
  }

  use(link: Link | undefined): void {
    this.#link = link;
    this.#finished = false;
    this.#sent = 0;
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
    while (link !== undefined && !this.#finished && this.#sent < link.ahead) {
      const entry = this.#entries.at(this.#sent);
      if (entry === undefined) return;
      if (link.protocol === "classic" && entry.request.fields !== "") {
        if (this.#sent > 0 || link.onTrial) return;
        this.#entries.shift();
        entry.reject(needsV2(namesOf(entry.request.fields)));
      } else if (this.#sent === 0 && entry.needless?.()) {
        this.#answer(entry, "ok");
      } else {
        this.#sent++;
        void link.ask(entry.request).then((reply) => this.#answered(entry, { link, reply }));
      }
    }
  }

  #answered(entry: Entry, { link, reply }: { link: Link; reply: Reply | undefined }): void {
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
