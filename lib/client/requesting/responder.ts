/**
 * A member of a group that answers requests.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { RefusedError, RunError } from "../../errors.ts";
import { TIMER_MOST_MS } from "../../limits.ts";
import { REPLY_ERROR } from "../../topics/reply_topic.ts";
import { type Host, THIS_MACHINE } from "../host.ts";
import type { Message } from "../message.ts";
import { neverUnhandled, waitAtMost } from "../promises.ts";
import type { Payload } from "../publishing/payload.ts";
import { openPublisher } from "../publishing/publisher.ts";
import { openSubscriber } from "../subscribing/subscriber.ts";
import type { ConnectOptions, Publisher, SubscribeOptions, Subscriber } from "../types.ts";
import { nameOf, wrongKind } from "../wrong_kind.ts";
import { type HeldRequest, heldRequest } from "./held_request.ts";

/** Requests that are worked on at a time. */
const JOBS = 16;
const JOBS_MOST = 65_536;
/** Characters of an error that who asked is told. */
const TOLD_MOST = 500;

/** How to reach the broker, and what to answer there. */
export interface ResponderOptions extends Omit<ConnectOptions, "port" | "localPort"> {
  /** The topic or pattern whose requests are answered. */
  readonly pattern: string;
  /** Responders of one group share the requests, each goes to one of them (`responders`). */
  readonly group?: string;
  /** How many requests are worked on at a time, 1 to 65,536 (16). The next ones wait. */
  readonly jobs?: number;
  /**
   * Of durable topics (NOT_DURABLE otherwise): a request is acknowledged when its answer has been, so one
   * whose responder dies is another's. What the function throws gives it back, to come again behind a second,
   * two, four, up to a minute; who asked is told with the last attempt, behind which it is a dead letter.
   * Left out, each request is given once, and who asked is told at once. All of a group have the same.
   */
  readonly ack?: "explicit";
  /** The broker's port for subscribers, where requests come from (9090). */
  readonly subPort?: number;
  /** The broker's port for publishers, where answers go (9000). */
  readonly pubPort?: number;
  /**
   * Told what could not be answered: what the function threw (who asked is told that, too), or that the
   * answer could not be sent. What it throws is reported as an uncaught error.
   */
  readonly onError?: (error: unknown, request: Message) => void;
}

/** Answers. Ends with {@link close} or `await using`. */
export interface Responder extends AsyncDisposable {
  /**
   * Takes no more requests, answers those that it was given and closes. With `timeout` (milliseconds) it
   * waits no longer than that for their answers, and those that are not there then are not sent; a second
   * call gives the same promise. Never rejects for a lost broker.
   */
  close(options?: { readonly timeout?: number }): Promise<void>;
  /**
   * Settles when it is over: resolves after {@link close}, rejects with RunError when the broker was lost for
   * good.
   */
  readonly closed: Promise<void>;
}

/** What answers a request: with text, with bytes, or with nothing, which is an empty answer. */
export type Answer = (
  request: Message,
) =>
  | string
  | ArrayBuffer
  | SharedArrayBuffer
  | ArrayBufferView
  | void
  | Promise<string | ArrayBuffer | SharedArrayBuffer | ArrayBufferView | void>;

/**
 * Subscribes as a member of a group and answers each request with what the function gives. What it throws is
 * told to who asked, whose request then fails. A message that asks for no answer is handed to it, too, and
 * what it gives is dropped.
 */
export function connectResponder(options: ResponderOptions, answer: Answer): Promise<Responder> {
  return openResponder(options, { answer, machine: THIS_MACHINE });
}

/** {@link connectResponder} from another machine than this. */
export async function openResponder(
  options: ResponderOptions,
  { answer, machine }: { readonly answer: Answer; readonly machine: Host },
): Promise<Responder> {
  const { pattern, group = "responders", jobs = JOBS, ack, subPort, pubPort, onError, ...connection } =
    options;
  if (typeof answer !== "function") throw wrongKind("what answers is a function", answer);
  if (!(Number.isInteger(jobs) && jobs >= 1 && jobs <= JOBS_MOST)) {
    const given = typeof jobs === "number" ? `${jobs}` : nameOf(jobs);
    throw new RefusedError("BAD_FIELD", `jobs is a whole number from 1 to ${JOBS_MOST}, ${given} is not`);
  }
  const to = (port: number | undefined): ConnectOptions =>
    port === undefined ? connection : { ...connection, port };
  await using opened = new AsyncDisposableStack();
  const publisher = opened.use(await openPublisher(to(pubPort), machine));
  const subscriber = opened.use(await openSubscriber(to(subPort), machine));
  // what it may hold is what it works on: the rest is for others
  const terms = (window: number): SubscribeOptions => ack === undefined ? { group } : { group, ack, window };
  const requests = await subscriber.subscribe(pattern, terms(jobs));
  opened.move();
  const { clock } = machine;
  const hold = ack === undefined ? undefined : () => subscriber.subscribe(pattern, terms(1));
  return new GroupResponder({ publisher, subscriber, requests, answer, jobs, onError, clock, hold });
}

/** What a responder has. */
interface ResponderParts {
  readonly publisher: Publisher;
  readonly subscriber: Subscriber;
  readonly requests: AsyncIterable<Message>;
  readonly answer: Answer;
  readonly jobs: number;
  readonly onError: ResponderOptions["onError"];
  readonly clock: Clock;
  /** Nothing more is to come while a request is held; undefined: none are. */
  readonly hold: (() => Promise<unknown>) | undefined;
}

/**
 * Works on as many at a time as it may; a request that is answered makes room for the next. What is held is
 * acknowledged when the broker has its answer (R4).
 */
class GroupResponder implements Responder {
  readonly closed: Promise<void>;
  readonly #parts: ResponderParts;
  readonly #served: Promise<void>;
  #working = 0;
  #done: PromiseWithResolvers<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Nothing more is begun of what others may have. */
  #leaving = false;
  /** Nobody waits for what is being worked on any more. */
  readonly #over = Promise.withResolvers<void>();

  constructor(parts: ResponderParts) {
    this.#parts = parts;
    this.#served = neverUnhandled(this.#serve());
    this.closed = neverUnhandled(this.#end());
  }

  close({ timeout }: { readonly timeout?: number } = {}): Promise<void> {
    return this.#closing ??= this.#close(timeout);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(timeout: number | undefined): Promise<void> {
    const { publisher, subscriber, clock } = this.#parts;
    // what became of them `closed` tells
    const served = Promise.allSettled([this.#leave(), this.#served]);
    if (timeout === undefined) await served;
    else await waitAtMost({ clock, ms: timeout }, served);
    this.#over.resolve();
    await subscriber.close();
    await publisher.close().catch(() => {});
  }

  /** What is held would be others' at once. */
  async #leave(): Promise<void> {
    const { subscriber, hold } = this.#parts;
    this.#leaving = true;
    if (hold !== undefined && this.#working > 0) {
      void hold().catch(() => {}); // a connection that is lost holds nothing
      await this.#lessThan(1);
    }
    await subscriber.close();
  }

  /** One connection is of no use without the other. */
  async #end(): Promise<void> {
    const { publisher, subscriber } = this.#parts;
    try {
      const served = Promise.race([this.#served, this.#over.promise]);
      await Promise.all([subscriber.closed, publisher.closed, served]);
    } finally {
      await this.close();
    }
  }

  async #serve(): Promise<void> {
    const { requests, jobs } = this.#parts;
    for await (const request of requests) {
      const held = this.#heldOf(request);
      if (this.#leaving && held !== undefined) {
        void held.pass();
        continue;
      }
      this.#working++;
      void this.#work(request, held);
      if (this.#working >= jobs) await this.#lessThan(jobs);
    }
    await this.#lessThan(1);
  }

  async #lessThan(jobs: number): Promise<void> {
    while (this.#working >= jobs) {
      this.#done ??= Promise.withResolvers();
      await this.#done.promise;
    }
  }

  #heldOf(request: Message): HeldRequest | undefined {
    const { hold, clock } = this.#parts;
    if (hold === undefined) return undefined;
    return heldRequest(request, { clock, onError: (error) => this.#failed(error, request) });
  }

  async #work(request: Message, held: HeldRequest | undefined): Promise<void> {
    try {
      if (await this.#answer(request, held)) await held?.done();
      else await held?.giveBack();
    } finally {
      this.#working--;
      this.#done?.resolve();
      this.#done = undefined;
    }
  }

  /** Whether it is over with that: it is answered, or nobody waits for an answer any more. */
  async #answer(request: Message, held: HeldRequest | undefined): Promise<boolean> {
    let isMade = false;
    try {
      const answer = await this.#parts.answer(request);
      isMade = true;
      return await this.#respond(request, answer);
    } catch (error) {
      // what the broker refuses it would refuse again
      const isOver = isMade && error instanceof RefusedError;
      this.#failed(error, request);
      if (held === undefined || held.isLast || isOver) await this.#tell(error, request);
      return isOver;
    }
  }

  /**
   * Whether it has left, or nobody waits for it. Rejects with what makes this one no answer: the next one may
   * be.
   */
  async #respond(
    request: Message,
    payload: Payload | void,
    headers?: Record<string, string>,
  ): Promise<boolean> {
    if (request.reply === undefined) return true;
    const patience = patienceOf(request);
    try {
      await this.#parts.publisher.respond(request, payload ?? "", {
        ...patience,
        ...(headers && { headers }),
      });
      return true;
    } catch (error) {
      // who asked cannot be told either
      if (!(error instanceof RunError)) throw error;
      this.#failed(error, request);
      return error.code === "TIMEOUT";
    }
  }

  async #tell(error: unknown, request: Message): Promise<void> {
    try {
      await this.#respond(request, "", { [REPLY_ERROR]: wordsOf(error) });
    } catch (again) {
      this.#failed(again, request);
    }
  }

  #failed(error: unknown, request: Message): void {
    try {
      this.#parts.onError?.(error, request);
    } catch (thrown) {
      reportError(thrown);
    }
  }
}

/** An answer that has not left when nobody waits for it any more need not leave. */
function patienceOf({ ttl }: Message): { readonly timeout?: number } {
  return ttl === undefined ? {} : { timeout: Math.min(ttl * 1000, TIMER_MOST_MS) };
}

function wordsOf(error: unknown): string {
  const words = error instanceof Error && error.message !== "" ? error.message : String(error);
  return words.slice(0, TOLD_MOST).toWellFormed();
}
