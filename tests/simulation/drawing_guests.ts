/**
 * Draws who has an account whose rights change.
 *
 * @module
 */
import type { Rules } from "../support/accounts.ts";
import type { GuestPlan, PublisherPlan, RightsPlan, SubscriptionPlan } from "./plan.ts";
import { PATTERNS, QUEUES, SHARED } from "./topics.ts";
import type { Random } from "./world/random.ts";

/** Of which some are allowed, and some denied. */
const RIGHTS = ["#>", "#>", "#d.>", "#m.>", "#d.*", "#m.a", "#d.b.>", "#*.b.>", "#*.*.x", "#d.a", "#dead.>"];
const DENIED = ["#d.b", "#d.b.>", "#*.a", "#m.*", "#m.b.>", "#*.*.x", "#dead.>", "#d.c.>", "#*.n.>"];
/** What they ask for beside what others do: dead letters of others' groups. */
const CURIOUS = [...PATTERNS, "#>", "#>", "#dead.>", "#dead.*.d.>", "#d.>", "#m.>"];

/** What a guest's plan is made of. */
export interface GuestOf {
  /** Which of them it is. */
  readonly at: number;
  readonly length: number;
  /** Whether it may share what is stored. */
  readonly stored: boolean;
  readonly publishes: Omit<PublisherPlan, "delays" | "keys">;
  readonly rate: number | undefined;
  readonly asks: (classic: boolean) => SubscriptionPlan;
}

export function guestOf(
  draw: Random,
  { at: number, length, stored, publishes, rate, asks }: GuestOf,
): GuestPlan {
  const rules = (): Rules => ({
    allow: Array.from({ length: draw.between(1, 3) }, () => draw.pick(RIGHTS)),
    deny: Array.from({ length: draw.pick([0, 1, 1, 2]) }, () => draw.pick(DENIED)),
  });
  const rights = (at: number): RightsPlan => {
    return { at, receive: rules(), publish: rules(), gone: at > 0 && draw.chance(0.15) };
  };
  const changes = Array.from({ length: draw.pick([1, 2, 4, 8]) }, () => rights(1 + draw.below(length)));
  const protocol = draw.pick(["2", "2", "2", "classic"] as const);
  const subscriptions = new Map<string, SubscriptionPlan>();
  for (let left = draw.between(1, 4); left > 0; left--) {
    const { slow: _, until: __, ...plan } = asks(protocol === "classic");
    const pattern = draw.pick(CURIOUS);
    // what is stored is asked for often, so that pages of it are being read when rights change
    const reads = stored && protocol === "2" && draw.chance(0.6);
    subscriptions.set(pattern, reads ? { pattern, at: plan.at, from: "earliest" } : { ...plan, pattern });
  }
  // nobody else is in its groups
  const pattern = draw.pick(stored ? [...QUEUES, ...SHARED] : SHARED);
  const joins = protocol === "classic" || draw.chance(0.5)
    ? []
    : [{ group: `q${number}`, pattern, ...(draw.chance(0.3) ? { from: "earliest" } as const : {}) }];
  const delays = stored && publishes.protocol === "2" ? draw.pick([0, 0.3]) : 0;
  return {
    name: `a${number}`,
    protocol,
    // in the end it may do something again, and is answered
    rights: [
      rights(0),
      ...changes.sort((one, other) => one.at - other.at),
      { ...rights(length), gone: false },
    ],
    subscriptions: [...subscriptions.values()],
    joins,
    rate,
    publishes: { ...publishes, ttl: 0, repeats: 0, delays, keys: 0 },
  };
}
