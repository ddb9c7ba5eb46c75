/**
 * Messages that are to be settled, as they arrive.
 *
 * @module
 */
import { RefusedError } from "../../errors.ts";
import { GIVEN_BACK_MOST_MS } from "../../limits.ts";
import { quote } from "../../text.ts";
import type { LeasedMessage, NackOptions } from "../leased_message.ts";
import { nameOf, wrongKind } from "../wrong_kind.ts";
import { type SharedBytes, SharedDelivery } from "./delivery.ts";
import { leaseLost, type Settlements } from "./settlements.ts";

/** What one connection holds of one group. */
export class Holding {
  readonly settlements: Settlements;
  /** The group was left, or the client closed: what is held is given back. */
  left = false;

  constructor(settlements: Settlements) {
    this.settlements = settlements;
  }

  /** Nothing of it is held any more. */
  get over(): boolean {
    return this.left || this.settlements.over;
  }
}

const DONE = Promise.resolve();

/** A message that is held until it is settled. It is settled once. */
export class LeasedDelivery extends SharedDelivery implements LeasedMessage {
  readonly attempt: number;
  readonly #holding: Holding;
  #settled = false;

  constructor(topic: string, message: SharedBytes, holding: Holding) {
    super(topic, message);
    this.attempt = message.attempt;
    this.#holding = holding;
  }

  override get lapsed(): boolean {
    return this.#holding.over && this.seq !== undefined;
  }

  get ackTimeout(): number | undefined {
    return this.seq === undefined ? undefined : this.#holding.settlements.ackTimeout;
  }

  get maxAttempts(): number | undefined {
    return this.seq === undefined ? undefined : this.#holding.settlements.maxAttempts;
  }

  ack(): Promise<void> {
    if (this.seq === undefined) return DONE;
    return this.#no(true) ?? this.#holding.settlements.ack(this as Numbered);
  }

  nack(options: NackOptions = {}): Promise<void> {
    const delay = delayOf(options);
    if (typeof delay !== "number") return delay;
    const unused = options.unused === true;
    return this.#no(true) ?? this.#holding.settlements.nack(this as Numbered, { delay, unused });
  }

  /** Nobody has looked at it, and nobody will: gives it back, if it is of this holding. */
  release(of: Holding): void {
    if (this.#holding !== of || this.seq === undefined || this.#settled) return;
    this.#settled = true;
    of.settlements.release(this as Numbered);
  }

  extend(): Promise<void> {
    return this.#no(false) ?? this.#holding.settlements.extend(this as Numbered);
  }

  /** Only for {@link Settlements}. */
  stillHeld(): void {
    this.#settled = false;
  }

  /** Why it cannot be settled; undefined: it can, and `settles` says that it is now. */
  #no(settles: boolean): Promise<void> | undefined {
    const { seq, topic } = this;
    if (seq === undefined) {
      return refusal(`a message of ${quote(topic)}, which is in memory, was settled when it was sent`);
    }
    if (this.#settled) return refusal(`message ${seq} of ${quote(topic)} was settled or given back before`);
    if (this.#holding.over) {
      const why = this.#holding.left ? "its group was left" : "the connection it came over has ended";
      return silent(Promise.reject(leaseLost(this as Numbered, why)));
    }
    this.#settled = settles;
    return undefined;
  }
}

/** It has a number. */
type Numbered = LeasedDelivery & { readonly seq: number };

function delayOf(options: unknown): number | Promise<never> {
  if (typeof options !== "object" || options === null) {
    return Promise.reject(wrongKind("the options of nack are an object", options));
  }
  const { delay = 0 }: { readonly delay?: unknown } = options;
  if (typeof delay === "number" && delay >= 0 && delay <= GIVEN_BACK_MOST_MS) return Math.round(delay);
  const given = typeof delay === "number" ? `${delay}` : nameOf(delay);
  return silent(
    Promise.reject(
      new RefusedError(
        "BAD_FIELD",
        `delay: milliseconds from 0 to ${GIVEN_BACK_MOST_MS} (a day), not ${given}`,
      ),
    ),
  );
}

function refusal(why: string): Promise<never> {
  return silent(Promise.reject(new RefusedError("NOT_HELD", why)));
}

/** Nobody has to look: the message comes again, or has been settled. */
function silent(rejection: Promise<never>): Promise<never> {
  rejection.catch(() => {});
  return rejection;
}
