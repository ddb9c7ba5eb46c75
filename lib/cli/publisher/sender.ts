/**
 * Sends messages ahead of their answers, and tells the answers.
 *
 * @module
 */
import { RefusedError, RunError } from "../../errors.ts";
import type { Ahead } from "../commands/runner.ts";
import type { PublishAction } from "../commands/grammar.ts";
import { messageJson } from "../messages/message.ts";
import { wallClock } from "../process/wall_clock.ts";
import type { Notices } from "../client/notices.ts";
import type { Output } from "../output/output.ts";
import { Answers, answerText } from "./answers.ts";
import {
  type Answer,
  laterProblem,
  type MessageOptions,
  type MessagePublisher,
  optionsOf,
  type Outgoing,
  type Place,
  type Refusals,
} from "./types.ts";

/** What a sender needs around it. */
export interface SenderContext {
  readonly publisher: MessagePublisher;
  readonly refusals: Refusals;
  readonly notices: Notices;
  /** For `json`. */
  readonly out: Output;
  /** Prints each acknowledged message. */
  readonly json: boolean;
  /** Answers are told: each where {@link Sender.tellsEach}, else in one line at the end. */
  readonly verbose: boolean;
  readonly keepGoing: boolean;
  /** Wants to know of each message that is acknowledged; undefined: nobody asks. */
  readonly acknowledged: ((topic: string) => void) | undefined;
  /** Whether the connection is being closed: what a limit of that gives up says nothing of a message. */
  readonly closing: () => boolean;
  /** What every message of a command has. */
  readonly options: MessageOptions | undefined;
  /** The header that says when a message was sent; undefined: none does. */
  readonly stamp: string | undefined;
}

/**
 * - Messages leave in the order of {@link put}, as far ahead of their answers as the publisher takes them.
 * - At one that is refused it fails, unless told to keep going; what was sent ahead of the answer is
 *   published all the same.
 * - Only where somebody wants to see the answers, or they have a time limit, is each waited for by itself:
 *   else nothing is held for a message but where it stands.
 */
export class Sender implements Ahead {
  /** Whether each answer is told instead of their sum. */
  tellsEach = false;
  readonly #context: SenderContext;
  readonly #asks: boolean;
  readonly #answers = new Answers();
  readonly #places = new Places();
  #sent = 0;
  #refused = 0;
  #lost = 0;
  #acknowledged = 0;
  /** Asked for and not answered. */
  #open = 0;
  #settled: PromiseWithResolvers<void> | undefined;
  #failure: RunError | undefined;
  /** Tells who waits, one at a time, that it failed. */
  #wake = (): void => {};

  constructor(context: SenderContext) {
    this.#context = context;
    // a message that is given up may still be on its way: the publisher is then not drained, but it is done
    this.#asks = context.json || context.verbose || context.acknowledged !== undefined ||
      context.options?.timeout !== undefined;
    context.refusals.listener = (number, error) => this.#refuse(error, this.#places.of(number));
  }

  /** How many are acknowledged. */
  get published(): number {
    if (this.#asks) return this.#acknowledged;
    return this.#sent - this.#refused - this.#context.publisher.pending;
  }

  get refused(): number {
    return this.#refused;
  }

  /** Why nothing more is to be sent. */
  get failure(): RunError | undefined {
    return this.#failure;
  }

  /** Whether a message that was sent is not published. */
  get left(): boolean {
    return this.#refused + this.#lost > 0;
  }

  /** What the answers said, in one line. */
  get summary(): string | undefined {
    return this.tellsEach ? undefined : this.#answers.summary;
  }

  /** Sends a message. Mind {@link room}. */
  put(unstamped: Outgoing): void {
    const message = this.#stamped(unstamped);
    this.#sent++;
    if (this.#asks) return this.#ask(message);
    const { publisher } = this.#context;
    const { topic, payload, options, place } = message;
    try {
      refuseLater(options);
      this.#places.add(publisher.send(topic, payload, options), place);
      if (this.#places.tooMany) this.#places.forget(publisher.pending);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#refuse(error, place);
    }
  }

  /** What to wait for before the next message, if anything. */
  room(): Promise<void> | undefined {
    const { publisher, out } = this.#context;
    if (publisher.full) return this.orFailed(publisher.ready());
    return out.full ? out.flush() : undefined;
  }

  send(action: PublishAction, place: string): Promise<void> | undefined {
    if (this.#failure !== undefined) return this.settle();
    this.put(this.#message(action, place));
    return this.room();
  }

  /** Publishes what was typed, and tells what came of it. A RefusedError is none of the sums. */
  async publish(action: PublishAction): Promise<void> {
    const message = this.#stamped(this.#message(action, ""));
    const { topic, payload, options } = message;
    this.#sent++;
    try {
      refuseLater(options);
      const answer = await this.#context.publisher.publish(topic, payload, options);
      this.#acknowledged++;
      this.#print(message, answer);
      if (this.#context.verbose) this.#context.notices.detail(answerText(topic, answer));
    } catch (error) {
      this.#sent--;
      if (this.#context.closing()) this.#lost++;
      throw isTooLate(error) && !this.#context.closing() ? new RefusedError("TIMEOUT", error.message) : error;
    }
  }

  async settle(): Promise<void> {
    // at a failure nothing more is told, and what is on its way has the time of the goodbye
    await this.orFailed(this.#asks ? this.#answered() : this.#context.publisher.drained());
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * What is to be sent, as it comes. Throws the failure as soon as there is one: who writes into a pipe may
   * be in no hurry to go on.
   */
  async *whileGood<T>(items: AsyncIterable<T>): AsyncGenerator<T, void> {
    const iterator = items[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.orFailed(iterator.next());
      if (next === undefined) return this.settle();
      if (next.done === true) return;
      yield next.value;
    }
  }

  /** What a promise gives; undefined when this fails first. For one at a time. */
  orFailed<T>(promise: Promise<T>): Promise<T | undefined> {
    if (this.#failure !== undefined) return Promise.resolve(undefined);
    // one for each: on a single promise a reaction would stay behind for every wait of an endless pipe
    const { promise: failed, resolve } = Promise.withResolvers<undefined>();
    this.#wake = () => resolve(undefined);
    return Promise.race([promise, failed]);
  }

  #answered(): Promise<void> {
    if (this.#open === 0) return Promise.resolve();
    this.#settled ??= Promise.withResolvers();
    return this.#settled.promise;
  }

  #ask(message: Outgoing): void {
    const { topic, payload, options, place } = message;
    this.#open++;
    this.#context.publisher.publish(topic, payload, options).then(
      (answer) => this.#tell(message, answer),
      (error) => {
        // that the broker was lost, or given up, is told by the publisher itself
        if (isOfOneMessage(error) && !this.#context.closing()) this.#refuse(error, place);
        else this.#lost++;
      },
    ).finally(() => {
      if (--this.#open > 0) return;
      this.#settled?.resolve();
      this.#settled = undefined;
    });
  }

  #message(action: PublishAction, place: Place): Outgoing {
    const { options } = this.#context;
    const { topic } = action;
    return action.verb === "pub"
      ? { topic, payload: action.message, options, place }
      : { topic, payload: action.message.payload, options: optionsOf(action.message, options), place };
  }

  #stamped(message: Outgoing): Outgoing {
    const { stamp } = this.#context;
    if (stamp === undefined) return message;
    const { options } = message;
    const headers = new Map([...options?.headers ?? [], [stamp, wallClock().toFixed(3)]]);
    return { ...message, options: { ...options, headers } };
  }

  #tell(message: Outgoing, answer: Answer): void {
    this.#acknowledged++;
    this.#print(message, answer);
    if (!this.#context.verbose) return;
    if (this.tellsEach) this.#context.notices.detail(answerText(message.topic, answer));
    else this.#answers.add(message.topic, answer);
  }

  #print({ topic, payload, options }: Outgoing, answer: Answer): void {
    const { out, json, acknowledged } = this.#context;
    acknowledged?.(topic);
    if (!json) return;
    const bytes = typeof payload === "string" ? encoder.encode(payload) : payload;
    out.text(`${messageJson({ topic, payload: bytes, ...options, ...answer }, new Date())}\n`);
  }

  #refuse(error: Error, place: Place): void {
    const { keepGoing, notices } = this.#context;
    this.#refused++;
    const shown = typeof place === "number" ? `stdin:${place}` : place;
    const problem = shown === "" ? error.message : `${shown}: ${error.message}`;
    if (keepGoing) notices.failed(problem);
    else {
      this.#failure ??= new RunError(problem);
      this.#wake();
    }
  }
}

/** Throws RefusedError in the words of the command line, where the library would in its own. */
function refuseLater(options: MessageOptions | undefined): void {
  const problem = laterProblem(options);
  if (problem !== undefined) throw new RefusedError("BAD_FIELD", problem);
}

/** Whether it is this one message that failed, and the next may fare better. */
function isOfOneMessage(error: unknown): error is Error {
  return error instanceof RefusedError || isTooLate(error);
}

/** Whether its time was over before the broker had answered. */
function isTooLate(error: unknown): error is RunError {
  return error instanceof RunError && error.code === "TIMEOUT";
}

const encoder = new TextEncoder();

/** Stretches from which on those that are answered are forgotten. */
const STRETCHES_MOST = 64 * 1024;

/** Messages one after the other: numbers, and places where one follows the other, too. */
interface Stretch {
  readonly number: number;
  readonly place: Place;
  count: number;
}

/**
 * Where the messages stand that are not answered, by number. Lines that follow one another are one stretch,
 * and what is answered is forgotten: an endless pipe must not fill the memory.
 */
class Places {
  #stretches: Stretch[] = [];
  #last: Stretch | undefined;
  #most = STRETCHES_MOST;

  /** Whether it is worth while to {@link forget}. */
  get tooMany(): boolean {
    return this.#stretches.length >= this.#most;
  }

  add(number: number, place: Place): void {
    const last = this.#last;
    if (
      last !== undefined && typeof last.place === "number" && place === last.place + last.count &&
      number === last.number + last.count
    ) {
      last.count++;
      return;
    }
    this.#last = { number, place, count: 1 };
    this.#stretches.push(this.#last);
  }

  /** All but the last so many messages are answered. */
  forget(pending: number): void {
    const last = this.#last;
    if (last === undefined) return;
    const answered = last.number + last.count - pending;
    // the last one stays in any case: it may still become longer
    this.#stretches = this.#stretches.filter((each) => each === last || each.number + each.count > answered);
    this.#most = 2 * this.#stretches.length + STRETCHES_MOST;
  }

  of(number: number): Place {
    // the last one that begins at or before it
    let [low, high] = [0, this.#stretches.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#stretches[middle]!.number <= number) low = middle + 1;
      else high = middle;
    }
    const stretch = this.#stretches[low - 1];
    if (stretch === undefined) return "";
    return typeof stretch.place === "number" ? stretch.place + number - stretch.number : stretch.place;
  }
}
