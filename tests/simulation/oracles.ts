/**
 * Judges a history. A sentence for each thing that is wrong.
 *
 * @module
 */
import { matches } from "../../lib/topics/topic.ts";
import type { History, Sent, SubscriberRecord, SubscriptionRecord } from "./history.ts";
import type { Plan } from "./plan.ts";

/** What is judged, and by what was meant to be. */
interface Judged {
  readonly history: History;
  readonly plan: Plan;
}

/** A publisher is not away for longer, before it sends again what it has no answer to. */
const AWAY_MOST_MS = 100_000;

/** Everything that is wrong. */
export function judge(history: History, plan: Plan): string[] {
  return [
    ...stored(history, plan),
    ...numbers(history),
    ...history.subscribers.flatMap((subscriber) => [
      ...delivered(subscriber, { history, plan }),
      ...replayed(subscriber, { history, plan }),
      ...live(subscriber, history),
    ]),
    ...drained(history, plan),
    ...history.publishers.flatMap(({ name, sent }) => {
      const hanging = sent.filter(({ ackedAt, failed }) => ackedAt === undefined && failed === undefined);
      return hanging.length === 0 ? [] : [`${name}: ${hanging.length} messages were never answered`];
    }),
  ];
}

/** What was acknowledged is stored, once, whole, in the order of its publisher (FAULTS, oracles 1, 3, 6). */
function stored(history: History, plan: Plan): string[] {
  if (!plan.durable) return [];
  const wrong: string[] = [];
  const retained = plan.retain.bytes !== undefined;
  const found = new Map<string, number>();
  const last = new Map<string, number>();
  for (const { text, topic } of history.stored) {
    const sent = history.byText.get(text);
    if (sent === undefined) {
      if (isOurs(text)) wrong.push(`stored and never sent: ${topic} ${show(text)}`);
      continue;
    }
    if (sent.topic !== topic) wrong.push(`stored in ${topic}, was sent to ${sent.topic}: ${nameOf(sent)}`);
    found.set(text, (found.get(text) ?? 0) + 1);
    const stream = `${sent.publisher} ${topic}`;
    const before = last.get(stream) ?? 0;
    if (before > sent.number && !mayTurn(sent, { history, plan })) {
      wrong.push(`stored behind ${before}: ${nameOf(sent)}`);
    }
    last.set(stream, sent.number);
    if (sent.failed !== undefined && isRefusal(sent.failed) && !mayRepeat(sent, { history, plan })) {
      wrong.push(`refused and stored: ${nameOf(sent)}`);
    }
  }
  for (const sent of history.byText.values()) {
    if (!isDurable(sent.topic)) continue;
    const times = found.get(sent.text) ?? 0;
    if (times > 1 && !mayRepeat(sent, { history, plan })) {
      wrong.push(`stored ${times} times: ${nameOf(sent)}`);
    }
    if (times > 0 || sent.ackedAt === undefined || retained || sent.ttl !== undefined) continue;
    // the message whose id it has is there in its place
    if (sent.repeats !== undefined) continue;
    wrong.push(`acknowledged and not stored: ${nameOf(sent)} seq=${sent.seq} ${show(sent.text)}`);
  }
  return wrong;
}

/** Of a topic one number is one message, whoever sees it and whenever, and numbers have no gaps (2). */
function numbers(history: History): string[] {
  const wrong: string[] = [];
  const known = new Map<string, string>();
  const note = (who: string, topic: string, seq: number, text: string): void => {
    const key = `${topic} ${seq}`;
    const before = known.get(key);
    if (before === undefined) known.set(key, text);
    else if (before !== text) wrong.push(`${who}: ${key} was ${show(before)}, is ${show(text)}`);
  };
  const mortal = new Set<string>();
  for (const { topic, ttl } of history.byText.values()) if (ttl !== undefined) mortal.add(topic);
  const next = new Map<string, number>();
  for (const { topic, seq, text } of history.stored) {
    note("stored", topic, seq, text);
    const expected = next.get(topic);
    // what has outlived its ttl is not brought
    const ttl = mortal.has(topic);
    if (expected !== undefined && seq !== expected && !(ttl && seq > expected)) {
      wrong.push(`${topic}: ${seq} where ${expected} should be`);
    }
    next.set(topic, seq + 1);
  }
  for (const { name, got } of history.subscribers) {
    for (const item of got) {
      if (item.is === "message" && item.seq !== undefined) note(name, item.topic, item.seq, item.text);
    }
  }
  for (const sent of history.byText.values()) {
    if (sent.seq !== undefined && isDurable(sent.topic)) {
      if (sent.repeats === undefined) note(sent.publisher, sent.topic, sent.seq, sent.text);
    }
  }
  return wrong;
}

/** A broker that drains answers what it has read: nobody who only ever met that sends anything again (C11). */
function drained(history: History, plan: Plan): string[] {
  const calm = plan.faults.every(({ kind, ms }) => kind === "drain the broker" && ms >= 3000);
  if (!calm || plan.hostile.length > 0 || plan.disk.refusals + plan.disk.losses + plan.weather.refusals > 0) {
    return [];
  }
  return history.publishers.flatMap(({ sent, protocol, name }) =>
    // who was given up for taking nothing (V11) has lost a connection to that
    protocol !== "2" || history.stalled.has(name)
      ? []
      : sent.flatMap((each) =>
        each.level !== "synced" || each.seq !== undefined || each.repeats !== undefined
          ? []
          : [`${name}: ${nameOf(each)} was sent again behind a drain`]
      )
  );
}

/** Nothing is invented, altered, or brought to who did not ask for it; order and repeats have their reasons. */
function delivered(
  { name, got, subscriptions }: SubscriberRecord,
  { history, plan }: Judged,
): string[] {
  const wrong: string[] = [];
  const seen = new Map<string, number>();
  const last = new Map<string, Sent>();
  got.forEach((item, at) => {
    if (item.is !== "message") return;
    const { topic, text } = item;
    const wanted = subscriptions.filter(({ plan }) => matches(plan.pattern, topic));
    if (wanted.length === 0) wrong.push(`${name}: ${topic} came unasked`);
    const sent = history.byText.get(text);
    if (sent === undefined) {
      if (isOurs(text)) wrong.push(`${name}: never sent: ${topic} ${show(text)}`);
      return;
    }
    if (sent.topic !== topic) wrong.push(`${name}: ${nameOf(sent)} came as ${topic}`);
    if (sent.failed !== undefined && isRefusal(sent.failed) && !mayRepeat(sent, { history, plan })) {
      wrong.push(`${name}: refused and delivered: ${nameOf(sent)}`);
    }
    const replays = wanted.filter(({ plan }) => plan.from !== undefined).length;
    const before = seen.get(text);
    if (before !== undefined && !mayRepeat(sent, { history, plan }) && !(replays > 0 && wanted.length > 1)) {
      wrong.push(
        `${name}: came twice: ${nameOf(sent)} seq=${item.seq}, at ${got[before]!.at} and ${item.at}`,
      );
    }
    seen.set(text, at);
    const stream = `${sent.publisher} ${topic}`;
    const previous = last.get(stream);
    if (
      previous !== undefined && previous.number > sent.number && !mayTurn(sent, { history, plan }) &&
      wanted.length < 2
    ) {
      wrong.push(`${name}: ${nameOf(sent)} came behind ${previous.number}`);
    }
    last.set(stream, sent);
  });
  return wrong;
}

/** Who reads from the beginning, and alone, has all that is stored, in its order, and all gaps told (1, 2). */
function replayed(
  { name, got, subscriptions, over }: SubscriberRecord,
  { history, plan }: Judged,
): string[] {
  if (over !== undefined || plan.retain.bytes !== undefined) return [];
  return subscriptions.flatMap((subscription) => {
    const { plan: asked, okAt, endedAt, refused } = subscription;
    const { pattern, from, to, slow } = asked;
    if (okAt === undefined || endedAt !== undefined || refused !== undefined) return [];
    if (from !== "earliest" || to !== undefined) return [];
    if (slow !== undefined && slow !== "block") return [];
    if (got.some((item) => item.is === "failed" && item.pattern === pattern)) {
      return [`${name}: the replay of ${pattern} failed`];
    }
    const came = new Set(got.flatMap((item) => item.is === "message" ? [`${item.topic} ${item.seq}`] : []));
    const missing = history.stored.filter(({ topic, seq, text }) =>
      matches(pattern, topic) && !came.has(`${topic} ${seq}`) &&
      history.byText.get(text)?.ttl === undefined
    );
    const [first] = missing;
    if (first === undefined) return [];
    return [
      `${name}: ${missing.length} of ${pattern} from=earliest did not come, ${first.topic} ${first.seq} first`,
    ];
  });
}

/** Of a topic in memory, while the connection held, came all that was sent, or a gap told how many did not (7). */
function live(subscriber: SubscriberRecord, history: History): string[] {
  const { name, got, subscriptions, over, protocol } = subscriber;
  if (over !== undefined || protocol !== "2") return [];
  if (got.some(({ is }) => is === "lost")) return [];
  const came = new Set(got.flatMap((item) => item.is === "message" ? [item.text] : []));
  let owed = 0;
  let first: Sent | undefined;
  for (const sent of history.byText.values()) {
    if (
      isDurable(sent.topic) || sent.ackedAt === undefined || sent.ttl !== undefined || came.has(sent.text)
    ) continue;
    if (!subscriptions.some((subscription) => surely(subscription, sent))) continue;
    owed++;
    first ??= sent;
  }
  let missed = 0;
  for (const item of got) if (item.is === "gap") missed += item.missed;
  if (first === undefined || owed <= missed) return [];
  return [`${name}: ${owed} messages in memory did not come, ${missed} were counted, ${nameOf(first)} first`];
}

function surely({ plan, okAt, endedAt }: SubscriptionRecord, { topic, at }: Sent): boolean {
  return okAt !== undefined && okAt < at && endedAt === undefined && plan.from === undefined &&
    matches(plan.pattern, topic);
}

/** It may be there twice: its publisher sent it again, and the broker could not know that it was the same. */
function mayRepeat(sent: Sent, { history, plan }: Judged): boolean {
  const publisher = history.publishers.find(({ name }) => name === sent.publisher);
  if (publisher === undefined || publisher.losses === 0) return false;
  if (!isDurable(sent.topic) || publisher.protocol !== "2") return true;
  // ids are forgotten by the broker's clock
  return plan.dedupWindow < AWAY_MOST_MS || plan.faults.some(({ kind }) => kind === "jump the clock");
}

/** It may stand behind what was sent after it: it was refused, which its publisher never heard (guarantees, order). */
function mayTurn(sent: Sent, { history, plan }: Judged): boolean {
  if (mayRepeat(sent, { history, plan })) return true;
  const publisher = history.publishers.find(({ name }) => name === sent.publisher);
  return plan.disk.refusals > 0 && publisher !== undefined && publisher.losses > 0;
}

/** The broker, or the client before it, said no: it is nowhere. */
function isRefusal(code: string): boolean {
  return /^[A-Z_0-9]+$/.test(code) && code !== "TOO_FEW_SUBS";
}

function isDurable(topic: string): boolean {
  return topic.startsWith("#d.");
}

/** What hostile clients publish is theirs. */
function isOurs(text: string): boolean {
  return /^p\d+\./.test(text);
}

function nameOf({ publisher, number, topic }: Sent): string {
  return `${publisher}.${number} of ${topic}`;
}

function show(text: string): string {
  return `${JSON.stringify(text.slice(0, 30))} (${text.length})`;
}
