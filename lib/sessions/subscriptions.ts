/**
 * What one session is subscribed to.
 *
 * @module
 */
import type { Engine } from "../engine/types.ts";
import type { Outbox } from "./outbox/outbox.ts";
import type { SlowPolicy } from "../slow_policy.ts";
import { SmallMap } from "../small_map.ts";
import { type Speaker, Subscription } from "./subscription.ts";

/** A subscription as a snapshot shows it. */
export interface SubscriptionSnapshot {
  /** In the form with `#`. */
  readonly pattern: string;
  /** What happens when it cannot keep up. */
  readonly slow: SlowPolicy;
}

/** Whose subscriptions these are. */
export interface Subscribing extends Speaker {
  readonly engine: Engine;
  readonly outbox: Outbox;
}

/** Patterns in canonical form, and the subscription that each one's messages come by. */
export class Subscriptions {
  readonly #owner: Subscribing;
  /** For all patterns that need nothing of their own. */
  readonly #shared: Subscription;
  readonly #byPattern = new SmallMap<string, Subscription>();
  /** Patterns that make their publishers wait. */
  #blocking = 0;

  /** `policy`: of subscriptions that choose none. */
  constructor(owner: Subscribing, policy: SlowPolicy) {
    this.#owner = owner;
    this.#shared = new Subscription(policy, { outbox: owner.outbox, speaker: owner });
    this.#judgeStalls();
  }

  get size(): number {
    return this.#byPattern.size;
  }

  /** The policy of subscriptions that choose none. */
  get policy(): SlowPolicy {
    return this.#shared.policy;
  }

  get(pattern: string): Subscription | undefined {
    return this.#byPattern.get(pattern);
  }

  /** All of them, with their patterns. */
  [Symbol.iterator](): Iterator<readonly [string, Subscription]> {
    return this.#byPattern[Symbol.iterator]();
  }

  /**
   * A subscription for a pattern; `own`: with a queue and a gap of its own. Takes the place of one it has,
   * which is ended unless `replaces` says that it goes on with this one.
   */
  open(
    pattern: string,
    { policy, own, replaces }: {
      readonly policy: SlowPolicy;
      readonly own: boolean;
      readonly replaces?: (before: Subscription, subscription: Subscription) => boolean;
    },
  ): Subscription {
    const shared = !own && policy === this.policy;
    const subscription = shared
      ? this.#shared
      : new Subscription(policy, { outbox: this.#owner.outbox, speaker: this.#owner, pattern });
    const before = this.#byPattern.get(pattern);
    if (before !== undefined && replaces?.(before, subscription) === true) this.#forget(pattern, before);
    else this.close(pattern);
    this.#byPattern.set(pattern, subscription);
    if (policy === "block") this.#blocking++;
    this.#judgeStalls();
    return subscription;
  }

  /** Ends the subscription to a pattern, or only if it is still this one; what it has queued still leaves. */
  close(pattern: string, only?: Subscription): void {
    const subscription = this.#byPattern.get(pattern);
    if (subscription === undefined || (only !== undefined && subscription !== only)) return;
    this.#forget(pattern, subscription);
    this.#owner.engine.unsubscribe(pattern, subscription);
  }

  /** The connection is gone. */
  closeAll(): void {
    for (const [pattern] of [...this.#byPattern]) this.close(pattern);
  }

  snapshot(): SubscriptionSnapshot[] {
    return [...this.#byPattern].map(([pattern, { policy }]) => ({ pattern, slow: policy }));
  }

  #forget(pattern: string, { policy }: Subscription): void {
    this.#byPattern.delete(pattern);
    if (policy === "block") this.#blocking--;
    this.#judgeStalls();
  }

  /** A stall harms nobody where nobody is made to wait: all that is subscribed to may be left out. */
  #judgeStalls(): void {
    this.#owner.outbox.watchesStalls = this.#blocking > 0 || (this.size === 0 && this.policy === "block");
  }
}
