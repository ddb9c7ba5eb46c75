/**
 * A subscription in the hands of who asked for it.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import type { Gap } from "../gap.ts";
import type { Delivery } from "../links/delivery.ts";
import { neverUnhandled } from "../promises.ts";
import type { Subscription } from "../subscription.ts";
import type { Inbox } from "./inbox.ts";
import type { Stream } from "./stream.ts";
import type { SubscriptionName } from "./subscription_name.ts";

/** What it needs of its subscriber. */
export interface SubscriptionParts {
  readonly inbox: Inbox;
  /** Asks the broker to end it. */
  readonly unsubscribe: (name: SubscriptionName) => Promise<void>;
  readonly caughtUp: (name: SubscriptionName) => Promise<void>;
}

/** Any number of them may stand for one stream. */
export class PatternSubscription<M extends Delivery = Delivery> implements Subscription<M> {
  readonly #stream: Stream;
  readonly #parts: SubscriptionParts;
  #ending: Promise<void> | undefined;

  constructor(stream: Stream, parts: SubscriptionParts) {
    this.#stream = stream;
    this.#parts = parts;
  }

  get pattern(): string {
    return this.#stream.name.pattern;
  }

  get group(): string | undefined {
    return this.#stream.name.group;
  }

  [Symbol.asyncIterator](): AsyncIterator<M, undefined> {
    // a reader that wants no gaps is given none
    return this.#parts.inbox.iterate(this.#stream, { gaps: false }) as AsyncIterator<M, undefined>;
  }

  withGaps(): AsyncIterable<M | Gap> {
    const { inbox } = this.#parts;
    return {
      [Symbol.asyncIterator]: () => {
        return inbox.iterate(this.#stream, { gaps: true }) as AsyncIterator<M | Gap, undefined>;
      },
    };
  }

  caughtUp(): Promise<void> {
    return this.#parts.caughtUp(this.#stream.name);
  }

  unsubscribe(): Promise<void> {
    return this.#ending ??= neverUnhandled(this.#end());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await Promise.race([this.unsubscribe(), this.#parts.inbox.stalled()]);
    } catch (error) {
      // that the subscriber is closed, or has lost its broker, `closed` tells
      if (!(error instanceof RunError)) throw error;
    }
  }

  #end(): Promise<void> {
    const { inbox, unsubscribe } = this.#parts;
    const { state, name } = this.#stream;
    if (state === "over") return Promise.resolve();
    const asked = state === "live" ? unsubscribe(name) : Promise.resolve();
    inbox.drop(this.#stream);
    return asked;
  }
}
