/**
 * Requests that wait for their answers.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { RefusedError, RunError } from "../../errors.ts";
import { TIMER_MOST_MS } from "../../limits.ts";
import { quote, visible } from "../../text.ts";
import { REPLY_ERROR } from "../../topics/reply_topic.ts";
import type { Message } from "../message.ts";
import { inWords, neverUnhandled } from "../promises.ts";
import { type GivenUp, MessageTerms, termsOf } from "../publishing/message_terms.ts";
import { bytesOf, type Payload } from "../publishing/payload.ts";
import type { PublishOptions, Receipt } from "../types.ts";
import { wrongKind } from "../wrong_kind.ts";
import { ReplyInbox, type ReplyInboxParts } from "./reply_inbox.ts";
import type { RequestOptions } from "./types.ts";

/** Milliseconds that an answer may take. */
const TIMEOUT_MS = 5_000;
/** Characters that are shown of what a responder says. */
const SAID_MOST = 500;

/** What asking needs. */
export interface RequestsParts extends Pick<ReplyInboxParts, "connect" | "random32"> {
  readonly clock: Clock;
  /** Where answers come from, for a person: `127.0.0.1:9090`. */
  readonly address: string;
  readonly publish: (topic: string, payload: Payload, options: PublishOptions) => Promise<Receipt>;
}

/** One that is not answered. */
interface Waiting extends PromiseWithResolvers<Message> {
  readonly topic: string;
  readonly timeout: number;
  /** When its time is over, of one that has to wait before it is published. */
  readonly until: number | undefined;
  readonly signal: AbortSignal | undefined;
  /** Of the inbox, when it was asked. */
  readonly lost: number;
  /**
   * What is waited for: that answers can come, that the broker acknowledges the request (which tells by
   * itself when it takes too long, and whether it was published), that it is answered.
   */
  state: "connecting" | "publishing" | "asked";
  /** Its time was over while it was being published. */
  isLate: boolean;
}

/**
 * - A request is settled once, by what comes first: an answer, that nobody is there, its time, its signal.
 *   What comes for one that is settled, or was never asked, is passed over.
 * - Nothing is published before its answer can come.
 * - A request costs one entry, one timer and one more while it is being published; there is one subscription.
 */
export class Requests {
  readonly #parts: RequestsParts;
  readonly #inbox: ReplyInbox;
  readonly #waiting = new Map<number, Waiting>();
  readonly #terms: MessageTerms;
  #last = 0;

  constructor(parts: RequestsParts) {
    this.#parts = parts;
    this.#terms = new MessageTerms(parts.clock, (number, why) => this.#giveUp(number, why));
    this.#inbox = new ReplyInbox({
      connect: parts.connect,
      random32: parts.random32,
      onAnswer: (number, answer) => this.#answered(number, answer),
      onLost: (error) => this.#failAll(error),
    });
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Asks. Throws TypeError for what is of the wrong kind, RefusedError for what cannot be meant, and the
   * reason of a signal that is aborted already; everything else is a rejection.
   */
  ask(topic: string, payload: Payload, options: RequestOptions): Promise<Message> {
    if (typeof topic !== "string") throw wrongKind("a topic is a string", topic);
    if (typeof options !== "object" || options === null) {
      throw wrongKind("the options of a request are an object", options);
    }
    const { timeout = TIMEOUT_MS, signal } = options;
    const terms = termsOf(topic, { timeout, ...(signal === undefined ? {} : { signal }) });
    if (timeout === 0 || terms === undefined) {
      throw new RefusedError("BAD_FIELD", `timeout is milliseconds from 1 to ${TIMER_MOST_MS}, 0 is not`);
    }
    const coming = this.#inbox.ready();
    const data = typeof payload === "string" ? payload : bytesOf(payload);
    const number = ++this.#last;
    const waiting: Waiting = {
      ...Promise.withResolvers<Message>(),
      topic,
      timeout,
      until: coming === undefined ? undefined : this.#parts.clock.now() + timeout,
      signal,
      lost: this.#inbox.lost,
      state: "connecting",
      isLate: false,
    };
    this.#waiting.set(number, waiting);
    this.#terms.add(number, terms);
    if (coming === undefined) {
      this.#publish(number, data, options);
    } else {
      // what is given may be changed meanwhile
      const kept = typeof data === "string" ? data : data.slice();
      coming.then(
        () => this.#publish(number, kept, options),
        (error) => this.#fail(number, withAdvice(error)),
      );
    }
    return neverUnhandled(waiting.promise);
  }

  /** Nothing is waited for any more, and nothing is asked from then on. */
  async end(error: Error): Promise<void> {
    this.#failAll(error);
    await this.#inbox.close();
  }

  #publish(number: number, payload: Payload, options: RequestOptions): void {
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) return;
    waiting.state = "publishing";
    const { topic, until } = waiting;
    const reply = this.#inbox.topicOf(number);
    const timeout = until === undefined ? waiting.timeout : Math.max(0, until - this.#parts.clock.now());
    // nobody needs it when nobody waits any more (V10: three decimals)
    const { ttl = Math.ceil(timeout + 1) / 1000 } = options;
    this.#parts.publish(topic, payload, { ...options, ttl, reply, timeout }).then(
      (receipt) => this.#published(number, receipt),
      (error) => this.#fail(number, error),
    );
  }

  #published(number: number, { subs, seq }: Receipt): void {
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) return;
    waiting.state = "asked";
    if (subs === 0) this.#fail(number, noResponder(waiting.topic, seq));
    else if (waiting.isLate) this.#fail(number, this.#late(waiting));
  }

  #answered(number: number, answer: Message): void {
    const waiting = this.#settle(number);
    if (waiting === undefined) return;
    const problem = answer.headers.get(REPLY_ERROR);
    if (problem === undefined) return waiting.resolve(answer);
    const said = visible(problem.slice(0, SAID_MOST)).slice(0, SAID_MOST);
    waiting.reject(new RunError(`who answers at ${quote(waiting.topic)} could not do it: ${said}`, "FAILED"));
  }

  #giveUp(number: number, why: GivenUp): void {
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) return;
    if (waiting.state === "publishing") waiting.isLate = why === "timeout";
    else this.#fail(number, why === "signal" ? waiting.signal?.reason : this.#late(waiting));
  }

  #late({ topic, timeout, lost, state }: Waiting): RunError {
    if (state === "connecting") {
      const { reason } = this.#inbox;
      const why = reason === undefined ? "" : ` (${reason})`;
      return new RunError(
        `the request to ${
          quote(topic)
        } was not published: answers come from ${this.#parts.address}, and that ` +
          `was not reached within ${inWords(timeout)}${why}`,
        "TIMEOUT",
      );
    }
    const gone = this.#inbox.lost === lost
      ? ""
      : ": the connection that answers come over was lost meanwhile, and one may have been lost with it";
    return new RunError(`no answer from ${quote(topic)} within ${inWords(timeout)}${gone}`, "TIMEOUT");
  }

  #fail(number: number, error: unknown): void {
    this.#settle(number)?.reject(error);
  }

  #failAll(error: Error): void {
    for (const number of [...this.#waiting.keys()]) this.#fail(number, error);
  }

  #settle(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(number);
    this.#terms.drop(number);
    return waiting;
  }
}

/** That there is no broker may mean that it listens for subscribers elsewhere (`subPort`). */
function withAdvice(error: unknown): unknown {
  if (!(error instanceof RunError) || error.code !== "NO_BROKER") return error;
  return new RunError(`${error.message}: answers come from there, its port for subscribers`, error.code);
}

/** Nobody was given the request (R3). */
function noResponder(topic: string, seq: number | undefined): RunError {
  const kept = seq === undefined ? "" : `; the topic is durable and keeps the request as its message ${seq}`;
  return new RunError(`nobody is there to answer at ${quote(topic)}${kept}`, "NO_RESPONDER");
}
