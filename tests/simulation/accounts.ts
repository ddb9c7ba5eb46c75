/**
 * Holds what a subscriber got, and was told that it did not get, against what was sent: what was sent is
 * delivered, or dropped and counted, or had outlived its time to live (FAULTS, oracle 7).
 *
 * @module
 */
import { matches } from "../../lib/topics/topic.ts";
import {
  type History,
  isDurable,
  nameOf,
  type PublisherRecord,
  type Sent,
  type SubscriberRecord,
  type SubscriptionRecord,
} from "./history.ts";
import type { Plan } from "./plan.ts";

/**
 * Of a topic in memory, while the connection held, came all that was sent, or a gap told how many did not: by
 * the time the next message of the subscription came (V9), and when all is over.
 */
export function live(subscriber: SubscriberRecord, history: History): string[] {
  const { name, got, subscriptions } = subscriber;
  if (!held(subscriber)) return [];
  const came = new Set(got.flatMap((item) => item.is === "message" ? [item.text] : []));
  let owed = 0;
  let first: Sent | undefined;
  for (const sent of history.byText.values()) {
    if (isDurable(sent.topic) || sent.ackedAt === undefined || sent.ttl !== undefined) continue;
    if (came.has(sent.text)) continue;
    if (!subscriptions.some((subscription) => surely(subscription, sent))) continue;
    owed++;
    first ??= sent;
  }
  let missed = 0;
  for (const item of got) if (item.is === "gap") missed += item.missed;
  if (first === undefined || owed <= missed) return [];
  return [`${name}: ${owed} messages in memory did not come, ${missed} were counted, ${nameOf(first)} first`];
}

/**
 * The same for each subscription by itself, where nothing is in doubt: nobody was lost, no other subscription
 * of the connection wants any of it, and it has been there as long as anything was sent. Then what did not come
 * and what was counted are one number, but for what had a ttl; and the broker has counted the same.
 */
export function accounts(
  { got, ...subscriber }: SubscriberRecord,
  { history, plan }: { readonly history: History; readonly plan: Plan },
): string[] {
  const { name, subscriptions } = subscriber;
  if (!held({ got, ...subscriber })) return [];
  const wrong: string[] = [];
  const gaps = new Map<string, number>();
  for (const item of got) {
    if (item.is === "gap") gaps.set(item.pattern, (gaps.get(item.pattern) ?? 0) + item.missed);
  }
  const told = [...gaps.values()].reduce((sum, missed) => sum + missed, 0);
  const left = history.left.find(({ id }) => id === name);
  const reads = subscriptions.some(({ plan, endedAt }) => plan.from !== undefined || endedAt !== undefined);
  if (left !== undefined && !reads && left.dropped !== told) {
    wrong.push(`${name}: ${left.dropped} were left out for it, ${told} were told in gaps`);
  }
  const strangers = plan.hostile.length > 0;
  // what is garbage may be a publish
  if (plan.hostile.some(({ kind }) => kind === "garbage")) return wrong;
  const lost = new Set(history.publishers.filter(isInDoubt).map(({ name }) => name));
  for (const subscription of subscriptions) {
    const { pattern } = subscription.plan;
    const wanted = [...history.byText.values()].filter(({ topic }) => matches(pattern, topic));
    const doubtful = wanted.some((sent) =>
      !surely(subscription, sent) || lost.has(sent.publisher) || sent.ackedAt === undefined ||
      sent.repeats !== undefined
    );
    const shared = subscriptions.some((other) =>
      other !== subscription && wanted.some(({ topic }) => matches(other.plan.pattern, topic))
    );
    if (doubtful || shared || ((strangers || history.dead.length > 0) && pattern.startsWith("#>"))) continue;
    const came = new Set(got.flatMap((item) => item.is === "message" ? [item.text] : []));
    const missing = wanted.filter(({ text }) => !came.has(text));
    const least = missing.filter(({ ttl }) => ttl === undefined).length;
    const missed = gaps.get(pattern) ?? 0;
    if (missed < least || missed > missing.length) {
      wrong.push(
        `${name}: of ${wanted.length} for ${pattern} ${missing.length} did not come, ` +
          `${missing.length - least} of them had a ttl, ${missed} were counted`,
      );
    }
  }
  return wrong;
}

/** Its connection was there all the time, and tells it of gaps. */
function held({ over, protocol, got }: SubscriberRecord): boolean {
  return over === undefined && protocol === "2" && !got.some(({ is }) => is === "lost");
}

/** It sent something again, or does not know what became of it. */
function isInDoubt({ lostAt, protocol }: PublisherRecord): boolean {
  return lostAt.length > 0 || protocol === "auto";
}

/** Whether it was there when this was sent, and wants all of it as it is published. */
export function surely({ plan, okAt, endedAt }: SubscriptionRecord, { topic, at }: Sent): boolean {
  return okAt !== undefined && okAt < at && endedAt === undefined && plan.from === undefined &&
    matches(plan.pattern, topic);
}
