/**
 * How fast an account publishes, over all of its connections.
 *
 * @module
 */
import type { Gate } from "../../engine/types.ts";

/** What an account may publish in a second; Infinity: as much as it can. */
export interface Rates {
  readonly messages: number;
  readonly bytes: number;
}

/**
 * A bucket for messages and one for bytes, each filled by as much a second as may be published, and holding a
 * second's worth at most. A run is published while both hold something, and may overdraw them: so what is
 * larger than a bucket gets through, and those who come next wait for as much longer.
 *
 * Guarantees: over any time no more is published than that time's worth, a second's, and a run. Who waits
 * goes on in the order of waiting, one at a time, for what it has read at most, before it waits anew: an
 * account's connections share its rate, however many runs each brings (A9).
 *
 * It reads no clock: who has it says that time has passed.
 */
export class PublishRate {
  #rates: Rates;
  #messages: number;
  #bytes: number;
  readonly #waiting = new Set<RateGate>();
  /** Those who were called and publish. */
  readonly #on = new Set<RateGate>();

  constructor(rates: Rates) {
    this.#rates = rates;
    this.#messages = rates.messages;
    this.#bytes = rates.bytes;
  }

  /** What may be published in a second. */
  get rates(): Rates {
    return this.#rates;
  }

  /** From now on it is so much. */
  set rates(rates: Rates) {
    const had = this.#rates;
    this.#rates = rates;
    this.#messages = refitted(this.#messages, had.messages, rates.messages);
    this.#bytes = refitted(this.#bytes, had.bytes, rates.bytes);
  }

  /** Whether nothing of it is missing. */
  get isFull(): boolean {
    return this.#messages >= this.#rates.messages && this.#bytes >= this.#rates.bytes;
  }

  /** Whether more was published than may be by now. */
  get isOverdrawn(): boolean {
    return this.#messages < 0 || this.#bytes < 0;
  }

  /** Whether who comes has to wait: for time to pass, or for those who came before. */
  get mustWait(): boolean {
    return this.isOverdrawn || this.#waiting.size > 0 || this.#on.size > 0;
  }

  /** Whether that one was called. */
  isOn(gate: RateGate): boolean {
    return this.#on.has(gate);
  }

  /** So much is published. */
  spend(messages: number, bytes: number): void {
    this.#messages -= messages;
    this.#bytes -= bytes;
  }

  /** Time has passed. */
  tick(milliseconds: number): void {
    const { messages, bytes } = this.#rates;
    this.#messages = Math.min(messages, this.#messages + messages * milliseconds / 1000);
    this.#bytes = Math.min(bytes, this.#bytes + bytes * milliseconds / 1000);
    this.callNext();
  }

  /** Lets the next one go on, if there is one and it may. */
  callNext(): void {
    if (this.isOverdrawn) return;
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    this.#on.add(next);
    next.called();
  }

  /** Only for {@link RateGate}: it waits. */
  queue(gate: RateGate): void {
    this.#on.delete(gate);
    this.#waiting.add(gate);
  }

  /** Only for {@link RateGate}: it neither waits nor publishes. Whether it did publish. */
  forget(gate: RateGate): boolean {
    this.#waiting.delete(gate);
    return this.#on.delete(gate);
  }
}

/** One connection's way through: a {@link Gate} that its session stands still at, as at a full subscriber. */
export class RateGate implements Gate {
  readonly #rate: PublishRate;
  #callback: (() => void) | undefined;

  constructor(rate: PublishRate) {
    this.#rate = rate;
  }

  get full(): boolean {
    return this.#rate.isOn(this) ? this.#rate.isOverdrawn : this.#rate.mustWait;
  }

  whenNotFull(callback: () => void): void {
    if (!this.full) return callback();
    this.#callback = callback;
    this.#rate.queue(this);
  }

  /** Bytes that may be read at a time: about a quarter of a second's worth, of the smallest messages. */
  get readMost(): number {
    const { messages, bytes } = this.#rate.rates;
    return Math.ceil(Math.min(bytes, messages * MESSAGE_LEAST) / 4);
  }

  /** So much has been published through it. */
  spend(messages: number, bytes: number): void {
    this.#rate.spend(messages, bytes);
    if (this.#rate.isOverdrawn) this.#rate.forget(this);
  }

  /** All that was read has been published: it is the next one's turn. */
  rest(): void {
    if (this.#rate.isOn(this)) this.close();
  }

  /** Nothing more is published through it. */
  close(): void {
    const wasOn = this.#rate.forget(this);
    this.called();
    if (wasOn) this.#rate.callNext();
  }

  /** Only for {@link PublishRate}: it is its turn. */
  called(): void {
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.();
  }
}

/** Bytes of the smallest messages there are: `p pub #a ` and an LF, `pub #a 0` and two. */
const MESSAGE_LEAST = 10;

/** What is left of a bucket when its size changes: what is owed stays owed. */
function refitted(left: number, had: number, has: number): number {
  if (has === Infinity) return Infinity;
  return had === Infinity ? has : Math.min(left, has);
}
