/**
 * The names of what is subscribed to, and the patterns among them.
 *
 * @module
 */
import type { SubscriptionName } from "./subscription_name.ts";

/** A pattern is one of {@link patterns} as long as any subscription has it, alone or in a group. */
export class SubscriptionNames {
  readonly patterns = new Set<string>();
  readonly #byKey = new Map<string, SubscriptionName>();
  /** How many subscriptions a pattern has. */
  readonly #counts = new Map<string, number>();

  has({ key }: SubscriptionName): boolean {
    return this.#byKey.has(key);
  }

  /** It is subscribed to. */
  add(name: SubscriptionName): void {
    const { key, pattern } = name;
    if (this.#byKey.has(key)) return;
    this.#byKey.set(key, name);
    this.#counts.set(pattern, (this.#counts.get(pattern) ?? 0) + 1);
    this.patterns.add(pattern);
  }

  /** It is no more. */
  delete({ key, pattern }: SubscriptionName): void {
    if (!this.#byKey.delete(key)) return;
    const others = this.#counts.get(pattern)! - 1;
    if (others > 0) {
      this.#counts.set(pattern, others);
    } else {
      this.#counts.delete(pattern);
      this.patterns.delete(pattern);
    }
  }

  [Symbol.iterator](): Iterator<SubscriptionName> {
    return this.#byKey.values();
  }
}
