/**
 * What holds for single messages on their way: how long they may take, what they are given up with, how many
 * have to have them.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { TIMER_MOST_MS } from "../../limits.ts";
import { RefusedError, RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { Deadlines } from "../deadlines.ts";
import { inWords } from "../promises.ts";
import type { PublishOptions } from "../types.ts";
import { wrongKind } from "../wrong_kind.ts";

/** The terms of one message. */
export interface Terms {
  readonly topic: string;
  /** Milliseconds. */
  readonly timeout: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly minSubs: number | undefined;
}

/** Terms that hold, and who waits. */
export interface HeldTerms extends Terms {
  /** When its time is over, as {@link Deadlines} has it. */
  readonly due: number | undefined;
  /** Told why it failed; undefined: nobody waits for this one. */
  fail: ((error: unknown) => void) | undefined;
  /** It is given up, and may be on its way: what becomes of it is told to nobody. */
  readonly isGivenUp: boolean;
}

/** Why a message is given up: its time is over, or its signal was aborted. */
export type GivenUp = "timeout" | "signal";

/**
 * The terms in a message's options; undefined: there are none. Throws TypeError for one of the wrong kind,
 * RefusedError for one that cannot be meant, and the reason of a signal that is aborted already.
 */
export function termsOf(topic: string, { timeout, signal, minSubs }: PublishOptions): Terms | undefined {
  if (timeout === undefined && signal === undefined && minSubs === undefined) return undefined;
  if (timeout !== undefined && !(number("timeout", timeout) >= 0 && timeout <= TIMER_MOST_MS)) {
    throw new RefusedError(
      "BAD_FIELD",
      `timeout is milliseconds from 0 to ${TIMER_MOST_MS}, ${timeout} is not`,
    );
  }
  if (minSubs !== undefined && !(Number.isSafeInteger(number("minSubs", minSubs)) && minSubs >= 0)) {
    throw new RefusedError("BAD_FIELD", `minSubs is a whole number from 0 on, ${minSubs} is not`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw wrongKind("signal is an AbortSignal", signal);
  }
  signal?.throwIfAborted();
  return { topic, timeout, signal, minSubs };
}

/** What is said of a message that is given up. */
export function givenUp(
  { topic, timeout = 0, signal }: Pick<Terms, "topic" | "timeout" | "signal">,
  { why, withdrawn }: { readonly why: GivenUp; readonly withdrawn: boolean },
): RunError {
  const what = `the message to ${quote(topic)}`;
  const fate = withdrawn ? "it was not published" : "it may have been published, or may still be";
  if (why === "timeout") {
    return new RunError(`${what} was not acknowledged within ${inWords(timeout)}: ${fate}`, "TIMEOUT");
  }
  const error = new RunError(`${what} was given up, for its signal was aborted: ${fate}`, "ABORTED");
  error.cause = signal?.reason;
  return error;
}

function number(name: string, value: unknown): number {
  if (typeof value === "number") return value;
  throw wrongKind(`${name} is a number`, value);
}

/** The terms of the messages that wait, by their numbers. Nothing is kept for a message without. */
export class MessageTerms {
  /** In the order of the numbers, which is that of {@link add}. */
  readonly #held = new Map<number, HeldTerms>();
  readonly #deadlines: Deadlines;
  /** One listener a signal, however many messages go by it: signals look for theirs one by one. */
  readonly #signals = new Map<AbortSignal, { readonly numbers: Set<number>; readonly abort: () => void }>();
  readonly #giveUp: (number: number, why: GivenUp) => void;

  /** `giveUp` is told of a message whose time is over or whose signal was aborted, while it is held. */
  constructor(clock: Clock, giveUp: (number: number, why: GivenUp) => void) {
    this.#deadlines = new Deadlines(clock, (number) => giveUp(number, "timeout"));
    this.#giveUp = giveUp;
  }

  /** Takes in the terms of the message that was added last. */
  add(number: number, terms: Terms): void {
    const { topic, timeout, signal, minSubs } = terms;
    const due = timeout === undefined ? undefined : this.#deadlines.add(number, timeout);
    this.#held.set(number, { topic, timeout, signal, minSubs, due, fail: undefined, isGivenUp: false });
    if (signal !== undefined) this.#listen(signal).add(number);
  }

  get(number: number): HeldTerms | undefined {
    return this.#held.get(number);
  }

  /** Lets go of those of one message. */
  drop(number: number): void {
    const held = this.#held.get(number);
    if (held === undefined) return;
    this.#held.delete(number);
    this.#forget(number, held);
  }

  /** One that is held is given up: until it is settled nothing else holds for it. */
  giveUp(number: number): void {
    const held = this.#held.get(number)!;
    this.#forget(number, held);
    this.#held.set(number, { ...held, minSubs: undefined, isGivenUp: true });
  }

  /** Its time and its signal are waited for no longer. */
  #forget(number: number, { due, signal }: HeldTerms): void {
    if (due !== undefined) this.#deadlines.drop(number, due);
    const listened = signal === undefined ? undefined : this.#signals.get(signal);
    if (signal === undefined || listened === undefined) return;
    listened.numbers.delete(number);
    if (listened.numbers.size > 0) return;
    signal.removeEventListener("abort", listened.abort);
    this.#signals.delete(signal);
  }

  /** Lets go of those of all messages up to a number, and gives those that asked for subscribers. */
  settle(upTo: number): readonly (readonly [number: number, terms: HeldTerms])[] {
    const asked: [number, HeldTerms][] = [];
    for (const [number, terms] of this.#held) {
      if (number > upTo) break;
      this.drop(number);
      if (terms.minSubs !== undefined) asked.push([number, terms]);
    }
    return asked;
  }

  #listen(signal: AbortSignal): Set<number> {
    const known = this.#signals.get(signal);
    if (known !== undefined) return known.numbers;
    const numbers = new Set<number>();
    const abort = (): void => {
      for (const number of [...numbers]) this.#giveUp(number, "signal");
    };
    this.#signals.set(signal, { numbers, abort });
    signal.addEventListener("abort", abort);
    return numbers;
  }
}
