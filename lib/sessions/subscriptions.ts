/**
 * What one session is subscribed to.
 *
 * @module
 */
import type { Engine } from "../engine/types.ts";
import type { Outbox } from "./outbox/outbox.ts";
import { subscribeRefusal } from "./permissions.ts";
import { keepsNewest, type SlowPolicy } from "../slow_policy.ts";
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

/** How a subscription is opened. */
export interface Opening {
  readonly policy: SlowPolicy;
  /** With a queue and a gap of its own. */
  readonly own: boolean;
  /** It reads what is stored at its own pace: nobody ever waits for it (D5). */
  readonly follows?: boolean;
  /** Whether what the subscription before it has goes on with this one. */
  readonly replaces?: (before: Subscription, subscription: Subscription) => boolean;
}

/** A pattern's subscription, and what it is to the outbox. */
interface Opened {
  readonly subscription: Subscription;
  readonly blocks: boolean;
}

/** Patterns in canonical form, and the subscription that each one's messages come by. */
export class Subscriptions {
  readonly #owner: Subscribing;
  /** For all patterns that need nothing of their own. */
  readonly #shared: Subscription;
  readonly #plain: Opened;
  readonly #byPattern = new SmallMap<string, Opened>();
  /** What of the budget for patterns these have. */
  readonly #account = emptyAccount();
  /** Patterns that make their publishers wait, and groups. */
  #blocking = 0;
  #groups = 0;
  /** Patterns that keep the newest. */
  #keeping = 0;

  /** `policy`: of subscriptions that choose none. */
  constructor(owner: Subscribing, policy: SlowPolicy) {
    this.#owner = owner;
    this.#shared = new Subscription(policy, { outbox: owner.outbox, speaker: owner });
    this.#plain = { subscription: this.#shared, blocks: policy === "block" };
    this.#tellOutbox();
  }

  get size(): number {
    return this.#byPattern.size;
  }

  /** How many groups its session is in. */
  get groups(): number {
    return this.#groups;
  }

  /** The policy of subscriptions that choose none. */
  get policy(): SlowPolicy {
    return this.#shared.policy;
  }

  get(pattern: string): Subscription | undefined {
    return this.#byPattern.get(pattern)?.subscription;
  }

  /** All of them, with their patterns. */
  *[Symbol.iterator](): Iterator<readonly [string, Subscription]> {
    for (const [pattern, { subscription }] of this.#byPattern) yield [pattern, subscription];
  }

  /** Why there is no room for a pattern that it does not have, as a sentence; undefined: there is. */
  problem(pattern: string): string | undefined {
    return this.#owner.patterns.problem(pattern, this.#account);
  }

  /**
   * A subscription for a pattern. Takes the place of one it has, which is ended unless `replaces` says that
   * this one goes on with it.
   */
  open(pattern: string, { policy, own, follows = false, replaces }: Opening): Subscription {
    const shared = !own && policy === this.policy;
    const subscription = shared
      ? this.#shared
      : new Subscription(policy, { outbox: this.#owner.outbox, speaker: this.#owner, pattern });
    const before = this.#byPattern.get(pattern);
    if (before !== undefined && replaces?.(before.subscription, subscription) === true) {
      this.#forget(pattern, before);
    } else {
      this.close(pattern);
    }
    const opened = shared && !follows
      ? this.#plain
      : { subscription, blocks: policy === "block" && !follows };
    this.#byPattern.set(pattern, opened);
    this.#owner.patterns.add(pattern, { account: this.#account, own: !shared });
    this.#count(opened, 1);
    return subscription;
  }

  /** Ends the subscription to a pattern; what it has queued still leaves. */
  close(pattern: string): void {
    const opened = this.#byPattern.get(pattern);
    if (opened === undefined) return;
    this.#forget(pattern, opened);
    this.#owner.engine.unsubscribe(pattern, opened.subscription);
  }

  /** Ends those whose pattern may not be received at all any more, and gives their patterns (P8). */
  endDenied(): string[] {
    const denied = [...this.#byPattern].map(([pattern]) => pattern)
      .filter((pattern) => subscribeRefusal(this.#owner, pattern) !== undefined);
    for (const pattern of denied) this.close(pattern);
    return denied;
  }

  /** The connection is gone. */
  closeAll(): void {
    for (const [pattern] of [...this.#byPattern]) this.close(pattern);
  }

  snapshot(): SubscriptionSnapshot[] {
    return [...this.#byPattern].map(([pattern, { subscription }]) => ({
      pattern,
      slow: subscription.policy,
    }));
  }

  /** So many more groups, of which what is held here keeps messages from others. */
  watch(groups: number): void {
    this.#blocking += groups;
    this.#groups += groups;
    this.#tellOutbox();
  }

  #forget(pattern: string, opened: Opened): void {
    this.#byPattern.delete(pattern);
    const own = opened.subscription !== this.#shared;
    this.#owner.patterns.remove(pattern, { account: this.#account, own });
    this.#count(opened, -1);
  }

  #count({ subscription, blocks }: Opened, by: 1 | -1): void {
    if (blocks) this.#blocking += by;
    if (keepsNewest(subscription.policy)) this.#keeping += by;
    this.#tellOutbox();
  }

  /**
   * A stall harms nobody where nobody is made to wait: all that is subscribed to may be left out, or is read
   * from the store.
   */
  #tellOutbox(): void {
    const { outbox } = this.#owner;
    outbox.watchesStalls = this.#blocking > 0 || (this.size === 0 && this.policy === "block");
    outbox.keepers = Math.max(1, this.#keeping);
  }
}
