/**
 * What a command prints, as the answer to who asked.
 *
 * @module
 */
import { RefusedError, RunError } from "../../../errors.ts";
import { LARGEST_LIMITS, TIMER_MOST_MS } from "../../../limits.ts";
import { REPLY_ERROR } from "../../../topics/reply_topic.ts";
import type { Notices } from "../../client/notices.ts";
import { isLeased, type Job, nameOf } from "./job.ts";

/** Nothing longer is kept: no broker can be set to take it. */
const MOST = LARGEST_LIMITS.payload;

/** Where answers go. The library's Publisher is one. */
export interface Responding {
  /** Resolves when the broker has it; rejects with RefusedError or RunError. */
  respond(
    request: { readonly topic: string; readonly reply: string | undefined },
    payload?: Uint8Array,
    options?: { readonly headers?: Readonly<Record<string, string>>; readonly timeout?: number },
  ): Promise<unknown>;
}

/** The answers of one worker. */
export class Answers {
  readonly #to: Responding;
  readonly #notices: Pick<Notices, "notice">;

  constructor(to: Responding, notices: Pick<Notices, "notice">) {
    this.#to = to;
    this.#notices = notices;
  }

  /** The answer to a message; undefined where it asks for none. */
  to(job: Job): Answer | undefined {
    return job.reply === undefined ? undefined : new Answer(job, { to: this.#to, notices: this.#notices });
  }
}

/** One answer: what was printed, byte for byte. */
export class Answer {
  readonly #job: Job;
  readonly #to: Responding;
  readonly #notices: Pick<Notices, "notice">;
  #pieces: Uint8Array[] = [];
  #length = 0;

  constructor(
    job: Job,
    { to, notices }: { readonly to: Responding; readonly notices: Pick<Notices, "notice"> },
  ) {
    this.#job = job;
    this.#to = to;
    this.#notices = notices;
  }

  /** The bytes are not kept beyond the call but as a copy. */
  add(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#length <= MOST) this.#pieces.push(bytes.slice());
    else this.#pieces = [];
  }

  /**
   * Sends it, or why there is none. A message that comes again is answered when it is done. What goes wrong
   * with it is told: the work is done all the same.
   */
  async send(why: string | undefined): Promise<void> {
    if (why !== undefined) {
      if (!isLeased(this.#job)) await this.#try(() => this.#fail(why));
    } else if (this.#length > MOST) {
      await this.#try(() => this.#fail("the answer is larger than any broker takes"));
    } else {
      const refused = await this.#try(() => this.#respond(joined(this.#pieces, this.#length)));
      if (refused !== undefined) await this.#try(() => this.#fail(refused.message));
    }
  }

  #fail(why: string): Promise<unknown> {
    return this.#respond(new Uint8Array(), { [REPLY_ERROR]: why });
  }

  #respond(payload: Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const { topic, reply, ttl } = this.#job;
    // behind that nobody waits for it
    const patience = ttl === undefined ? {} : { timeout: Math.min(ttl * 1000, TIMER_MOST_MS) };
    return this.#to.respond({ topic, reply }, payload, { headers, ...patience });
  }

  /** Why it was refused; undefined: it was not, or nobody can be told. */
  async #try(send: () => Promise<unknown>): Promise<RefusedError | undefined> {
    try {
      await send();
      return undefined;
    } catch (error) {
      if (!(error instanceof RefusedError || error instanceof RunError)) throw error;
      this.#notices.notice(`${nameOf(this.#job)}: its answer could not be sent: ${error.message}`);
      return error instanceof RefusedError ? error : undefined;
    }
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first;
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
