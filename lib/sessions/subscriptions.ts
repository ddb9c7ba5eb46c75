/**
 * What one session is subscribed to.
 *
 * @module
 */
import type { Engine } from "../engine/types.ts";
import type { Outbox } from "./outbox/outbox.ts";
import type { SlowPolicy } from "../slow_policy.ts";
import { SmallMap } from "../small_map.ts";
import { emptyAccount, type PatternBudget } from "../topics/pattern_budget.ts";
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
  readonly patterns: PatternBudget;
}

/** Patterns in canonical form, and the subscription that each one's messages come by. */
export class Subscriptions {
  readonly #owner: Subscribing;
  /** For all patterns that need nothing of their own. */
  readonly #shared: Subscription;
  readonly #byPattern = new SmallMap<string, Subscription>();
  /** What of the budget for patterns these have. */
  readonly #account = emptyAccount();
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

  /** Why there is no room for a pattern that it does not have, as a sentence; undefined: there is. */
  problem(pattern: string): string | undefined {
    return this.#owner.patterns.problem(pattern, this.#account);
  }

  /**
   * A subscription for a pattern; `own`: with a queue and a gap of its own. Takes the place of one it has.
   */
  open(
    pattern: string,
    { policy, own }: { readonly policy: SlowPolicy; readonly own: boolean },
  ): Subscription {
    const shared = !own && policy === this.policy;
    const subscription = shared
      ? this.#shared
      : new Subscription(policy, { outbox: this.#owner.outbox, speaker: this.#owner, pattern });
    this.close(pattern);
    this.#byPattern.set(pattern, subscription);
    this.#owner.patterns.add(pattern, { account: this.#account, own: !shared });
    if (policy === "block") this.#blocking++;
    this.#judgeStalls();
    return subscription;
  }

  /** Ends the subscription to a pattern, or only if it is still this one; what it has queued still leaves. */
  close(pattern: string, only?: Subscription): void {
    const subscription = this.#byPattern.get(pattern);
    if (subscription === undefined || (only !== undefined && subscription !== only)) return;
    this.#byPattern.delete(pattern);
    this.#owner.patterns.remove(pattern, { account: this.#account, own: subscription !== this.#shared });
    this.#owner.engine.unsubscribe(pattern, subscription);
    if (subscription.policy === "block") this.#blocking--;
    this.#judgeStalls();
  }

  /** The connection is gone. */
  closeAll(): void {
    for (const [pattern] of [...this.#byPattern]) this.close(pattern);
  }

  snapshot(): SubscriptionSnapshot[] {
    return [...this.#byPattern].map(([pattern, { policy }]) => ({ pattern, slow: policy }));
  }

  /** A stall harms nobody where nobody is made to wait: all that is subscribed to may be left out. */
  #judgeStalls(): void {
    this.#owner.outbox.watchesStalls = this.#blocking > 0 || (this.size === 0 && this.policy === "block");
  }
}
