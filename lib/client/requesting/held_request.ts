/**
 * A request of a durable topic that a responder holds until it is answered.
 *
 * @module
 */
import type { Clock, Timer } from "../../clock.ts";
import { RefusedError, RunError } from "../../errors.ts";
import { TIMER_MOST_MS } from "../../limits.ts";
import { isLeased, type LeasedMessage } from "../leased_message.ts";
import type { Message } from "../message.ts";

/** Milliseconds until what failed comes again, the first time; twice as many each time behind it. */
const RETRY_MS = 1_000;
const RETRY_MOST_MS = 60_000;

/** What it needs. */
export interface HeldRequestParts {
  readonly clock: Clock;
  /** It could not be settled. */
  readonly onError: (error: unknown) => void;
}

/**
 * Guarantees: it says that it holds it before the broker takes it for dead, until it is {@link done} or
 * {@link giveBack given back}; neither rejects.
 */
export class HeldRequest {
  readonly #request: LeasedMessage;
  readonly #parts: HeldRequestParts;
  readonly #extending: Timer | undefined;

  constructor(request: LeasedMessage, parts: HeldRequestParts) {
    this.#request = request;
    this.#parts = parts;
    const { ackTimeout } = request;
    if (ackTimeout === undefined) return;
    const half = Math.max(1, Math.min(ackTimeout / 2, TIMER_MOST_MS));
    this.#extending = parts.clock.every(half, () => void this.#try(() => request.extend()));
  }

  /** Whether it does not come again when it is given back: it is a dead letter then. */
  get isLast(): boolean {
    const { attempt, maxAttempts = Infinity } = this.#request;
    return attempt >= maxAttempts;
  }

  /** It is answered. */
  done(): Promise<void> {
    this.#stop();
    return this.#try(() => this.#request.ack());
  }

  /** It is to come again, to whoever has room then. */
  giveBack(): Promise<void> {
    this.#stop();
    const delay = Math.min(RETRY_MS * 2 ** (this.#request.attempt - 1), RETRY_MOST_MS);
    return this.#try(() => this.#request.nack({ delay }));
  }

  /** Nobody has looked at it. */
  pass(): Promise<void> {
    this.#stop();
    return this.#try(() => this.#request.nack({ unused: true }));
  }

  #stop(): void {
    this.#parts.clock.cancel(this.#extending);
  }

  async #try(say: () => Promise<void>): Promise<void> {
    try {
      await say();
    } catch (error) {
      this.#stop();
      if (!(error instanceof RefusedError || error instanceof RunError)) throw error;
      this.#parts.onError(error);
    }
  }
}

/** That of a request; undefined: it was settled when it was sent. */
export function heldRequest(request: Message, parts: HeldRequestParts): HeldRequest | undefined {
  return isLeased(request) && request.seq !== undefined ? new HeldRequest(request, parts) : undefined;
}
