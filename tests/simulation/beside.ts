/**
 * Holds two histories of one seed against each other, one with clients that are hostile and one without: all the
 * others are answered the same, and are brought the same (FAULTS, oracle 8).
 *
 * @module
 */
import { surely } from "./accounts.ts";
import type { History, Sent, SubscriberRecord } from "./history.ts";
import { isCalm, type Plan } from "./plan.ts";

/** Whether they can be compared: nothing goes wrong by itself, and no answer hangs on the moment. */
export function areComparable(plan: Plan): boolean {
  return plan.hostile.length > 0 && isCalm(plan) && plan.guests.length === 0 &&
    plan.publishers.every(({ repeats }) => repeats === 0);
}

/** What is different. */
export function differences(
  { beside, without, plan }: { readonly beside: History; readonly without: History; readonly plan: Plan },
): string[] {
  const wrong: string[] = [];
  for (const [text, { failed: alone = "ok" }] of without.byText) {
    const sent = beside.byText.get(text);
    // who is held back sends less in its time
    if (sent === undefined) continue;
    const { failed = "ok" } = sent;
    if (failed === alone) continue;
    wrong.push(`${text.slice(0, 12)} is answered ${failed} beside hostile clients, ${alone} without`);
  }
  for (const subscriber of beside.subscribers) {
    const alone = without.subscribers.find(({ name }) => name === subscriber.name);
    if (alone === undefined || !isWhole(subscriber) || !isWhole(alone)) continue;
    const here = brought(subscriber, { history: beside, plan });
    const there = brought(alone, { history: without, plan });
    for (const [stream, texts] of there) {
      // each as far as both have it: what was sent in one world only is missing in the other
      const got = [...here.get(stream) ?? []].filter((text) => without.byText.has(text));
      const others = [...texts].filter((text) => isOwed(beside, { subscriber, text, plan }));
      const owed = got.filter((text) => isOwed(without, { subscriber: alone, text, plan }));
      if (owed.join() === others.join()) continue;
      wrong.push(
        `${subscriber.name}: ${owed.length} of ${stream} came beside hostile clients, ${others.length} without`,
      );
    }
  }
  return wrong;
}

/**
 * What came of each publisher and topic, in the order in which it came first, of what cannot be left out and is not to
 * come later: what that comes behind hangs on the moment. A replay may bring it again, and which messages those are hangs on the moment (D8).
 */
function brought(
  subscriber: SubscriberRecord,
  { history, plan }: { readonly history: History; readonly plan: Plan },
): Map<string, ReadonlySet<string>> {
  const streams = new Map<string, Set<string>>();
  for (const item of subscriber.got) {
    if (item.is !== "message") continue;
    const sent = history.find(item.text);
    if (
      sent === undefined || sent.ttl !== undefined || sent.later !== undefined ||
      !isLossless(subscriber, { sent, plan })
    ) continue;
    const stream = `${sent.publisher} ${sent.topic}`;
    const texts = streams.get(stream);
    if (texts === undefined) streams.set(stream, new Set([sent.text]));
    else texts.add(sent.text);
  }
  return streams;
}

/** Whether it could not be left out in that world either. */
function isOwed(
  history: History,
  { subscriber, text, plan }: {
    readonly subscriber: SubscriberRecord;
    readonly text: string;
    readonly plan: Plan;
  },
): boolean {
  const sent = history.byText.get(text);
  return sent?.ackedAt !== undefined && isLossless(subscriber, { sent, plan });
}

/** Some subscription of it wants this, and makes publishers wait before anything is left out. */
function isLossless(
  { subscriptions }: SubscriberRecord,
  { sent, plan }: { readonly sent: Sent; readonly plan: Plan },
): boolean {
  return subscriptions.some((subscription) =>
    (subscription.plan.slow ?? plan.slowConsumer) === "block" && surely(subscription, sent)
  );
}

/** It was there all the time. */
function isWhole({ over, got }: SubscriberRecord): boolean {
  return over === undefined && !got.some(({ is }) => is === "lost");
}
