/**
 * Judges a history. A sentence for each thing that is wrong. What has to hold for a subscriber's account of what
 * it got is in `accounts.ts`, what has to hold at every moment in `watch.ts`, what a broker has counted in
 * `totals.ts`.
 *
 * An oracle is a function from a history to sentences: who adds one adds it to {@link judge}. What it excuses it
 * says with a reason, and as narrowly as it can: an excuse that is too wide is a blind spot, which
 * `deno task planted` shows.
 *
 * @module
 */
import { matches } from "../../lib/topics/topic.ts";
import { accounts, live } from "./accounts.ts";
import {
  type Drain,
  type History,
  isDurable,
  nameOf,
  type PublisherRecord,
  type Sent,
  type SubscriberRecord,
} from "./history.ts";
import { isRetained, mayRefuse, type Plan } from "./plan.ts";

/** What is judged, and by what was meant to be. */
interface Judged {
  readonly history: History;
  readonly plan: Plan;
}

/** A publisher is not away for longer, before it sends again what it has no answer to. */
const AWAY_MOST_MS = 100_000;
/** So many milliseconds behind a fault there is still something of it. */
const TRACED_MS = 6_000;
/** Clocks of broker and publisher are not compared to the millisecond. */
const WINDOW_SLACK_MS = 500;

/** Everything that is wrong. */
export function judge(history: History, plan: Plan): string[] {
  return [
    ...stored(history, plan),
    ...numbers(history),
    ...ids(history, plan),
    ...history.subscribers.flatMap((subscriber) => [
      ...delivered(subscriber, { history, plan }),
      ...replayed(subscriber, { history, plan }),
      ...live(subscriber, history),
      ...accounts(subscriber, { history, plan }),
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
  const retained = isRetained(plan);
  const firsts = new Map<string, number>();
  const found = new Map<string, number>();
  /** By topic, those of what was found. */
  const ids = new Set<string>();
  const last = new Map<string, number>();
  for (const { text, topic, seq } of history.stored) {
    if (!firsts.has(topic)) firsts.set(topic, seq);
    const sent = history.find(text);
    if (sent === undefined) {
      if (isOurs(text)) wrong.push(`stored and never sent: ${topic} ${show(text)}`);
      continue;
    }
    if (sent.topic !== topic) wrong.push(`stored in ${topic}, was sent to ${sent.topic}: ${nameOf(sent)}`);
    found.set(text, (found.get(text) ?? 0) + 1);
    if (sent.id !== undefined) ids.add(`${topic} ${sent.id}`);
    const stream = `${sent.publisher} ${topic}`;
    const before = last.get(stream) ?? 0;
    // what is to come later is in an order of its own, see `delays.ts`
    if (sent.later === undefined) {
      if (before > sent.number && !mayTurn(sent, { history, plan })) {
        wrong.push(`stored behind ${before}: ${nameOf(sent)}`);
      }
      last.set(stream, sent.number);
    }
    if (
      sent.failed !== undefined && isRefusal(sent.failed) && !mayRepeat(sent, { history, plan }) &&
      !isDeniedAgain(sent, history)
    ) {
      wrong.push(`refused and stored: ${nameOf(sent)}`);
    }
  }
  for (const sent of history.byText.values()) {
    if (!isDurable(sent.topic)) continue;
    const times = found.get(sent.text) ?? 0;
    if (times > 1 && !mayRepeat(sent, { history, plan })) {
      wrong.push(`stored ${times} times: ${nameOf(sent)}`);
    }
    if (times > 0 || sent.ackedAt === undefined || sent.ttl !== undefined) continue;
    // what is deleted is the oldest
    if (retained && !((sent.seq ?? 0) > (firsts.get(sent.topic) ?? Infinity))) continue;
    // the message whose id it has is there in its place, or one that has its id, where it was refused unheard
    if (sent.repeats !== undefined || (sent.id !== undefined && ids.has(`${sent.topic} ${sent.id}`))) {
      continue;
    }
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

/**
 * What has the id of a message that is stored is acknowledged, not stored, and not refused, whatever becomes of
 * the commit it waits for (D6).
 */
function ids(history: History, plan: Plan): string[] {
  if (mayForget(plan)) return [];
  const wrong: string[] = [];
  const stored = new Set(history.stored.map(({ text }) => text));
  for (const sent of history.byText.values()) {
    const { repeats: first, answeredAt = Infinity } = sent;
    if (first === undefined || !isDurable(sent.topic) || first.level !== "synced") continue;
    // as old as it may be when the other one comes
    if (answeredAt - first.at > plan.dedupWindow - WINDOW_SLACK_MS) continue;
    if (stored.has(first.text) && stored.has(sent.text)) {
      wrong.push(`${nameOf(first)} and ${nameOf(sent)} are stored, and have one id`);
    }
    if (sent.failed === "STORE" && first.ackedAt !== undefined && first.ackedAt <= sent.at) {
      wrong.push(
        `refused with ${sent.failed} though ${nameOf(first)} is stored, whose id it has: ${nameOf(sent)}`,
      );
    }
  }
  return wrong;
}

/**
 * A broker that drains answers what it has read (C11): whose connection was lost with a drain, and to nothing
 * else, does not send anything again that was stored before.
 */
function drained(history: History, plan: Plan): string[] {
  const { disk, weather } = plan;
  // what was on its way when the broker ended is gone
  if (disk.losses > 0 || weather.latency > 5) return [];
  // it was over before its time was
  const inTime = ({ from, to, ms, cut }: Drain): boolean => cut === 0 && to - from < 0.8 * ms;
  const drains = history.drains.filter(inTime);
  const others = [
    ...plan.faults.filter(({ kind, at }) =>
      // one that was killed while it drained has no record
      kind === "drain the broker" ? !history.drains.some(({ from }) => from === at) : kind !== "fill the disk"
    ),
    ...history.drains.filter((drain) => !inTime(drain)).map(({ from, to }) => ({ at: from, ms: to - from })),
  ];
  const isOther = (from: number, to: number): boolean =>
    others.some(({ at, ms }) => at <= to && at + ms >= from - TRACED_MS);
  return history.publishers.flatMap(({ sent, protocol, name, lostAt }) =>
    // who was given up for taking nothing (V11) has lost a connection to that
    protocol !== "2" || history.stalled.has(name) ? [] : sent.flatMap((each) => {
      const { level, seq, repeats, later, at, answeredAt = Infinity } = each;
      if (level !== "synced" || seq !== undefined || repeats !== undefined || later !== undefined) return [];
      const losses = lostAt.filter((lost) => lost >= at && lost <= answeredAt);
      const explained = losses.length === 0 || isOther(at, losses.at(-1)!) ||
        losses.some((lost) => !drains.some(({ from, to }) => lost >= from && lost <= to + TRACED_MS));
      return explained ? [] : [`${name}: ${nameOf(each)} was sent again behind a drain`];
    })
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
    const sent = history.find(text);
    if (sent === undefined) {
      if (isOurs(text)) wrong.push(`${name}: never sent: ${topic} ${show(text)}`);
      return;
    }
    if (sent.topic !== topic) wrong.push(`${name}: ${nameOf(sent)} came as ${topic}`);
    if (
      sent.failed !== undefined && isRefusal(sent.failed) && !mayRepeat(sent, { history, plan }) &&
      !isDeniedAgain(sent, history)
    ) {
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
    if (sent.later !== undefined) return;
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

/**
 * Who reads what is stored has all of it from where it began, in its order, and all gaps told (1, 2). Where that
 * is by its own account, the first message of each topic shows it, where no other subscription brings any of it.
 */
function replayed(
  { name, protocol, got, subscriptions, over }: SubscriberRecord,
  { history, plan }: Judged,
): string[] {
  if (over !== undefined || isRetained(plan)) return [];
  return subscriptions.flatMap((subscription) => {
    const { plan: asked, okAt, endedAt, refused } = subscription;
    const { pattern, from, to = Infinity } = asked;
    if (okAt === undefined || endedAt !== undefined || refused !== undefined || from === undefined) return [];
    // what is live may be left out by it, or by another one that it shares it with (D8), and is counted then
    const lossy = subscriptions.some(({ plan: { slow = plan.slowConsumer } }) => slow !== "block");
    if (lossy && (protocol !== "2" || got.some(({ is }) => is === "lost"))) return [];
    if (got.some((item) => item.is === "failed" && item.pattern === pattern)) {
      return [`${name}: the replay of ${pattern} failed`];
    }
    const first = new Map<string, number>();
    const came = new Set<string>();
    for (const item of got) {
      if (item.is !== "message" || item.seq === undefined) continue;
      came.add(`${item.topic} ${item.seq}`);
      if (item.seq < (first.get(item.topic) ?? Infinity)) first.set(item.topic, item.seq);
    }
    const begins = (topic: string): number => {
      if (from === "earliest") return 0;
      const shared = subscriptions.some((other) =>
        other !== subscription && matches(other.plan.pattern, topic)
      );
      return shared ? Infinity : first.get(topic) ?? Infinity;
    };
    const missing = history.stored.filter(({ topic, seq, text }) =>
      matches(pattern, topic) && seq >= begins(topic) && seq <= to && !came.has(`${topic} ${seq}`) &&
      history.find(text)?.ttl === undefined
    );
    const [one] = missing;
    const missed = lossy ? got.reduce((sum, item) => item.is === "gap" ? sum + item.missed : sum, 0) : 0;
    if (one === undefined || missing.length <= missed) return [];
    return [
      `${name}: ${missing.length} of ${pattern} from=${from} did not come, ${one.topic} ${one.seq} first`,
    ];
  });
}

/** It may be there twice: its publisher sent it again, and the broker could not know that it was the same. */
function mayRepeat(sent: Sent, { history, plan }: Judged): boolean {
  const publisher = history.publishers.find(({ name }) => name === sent.publisher);
  if (publisher === undefined || !wasResent(sent, publisher)) return false;
  if (!isDurable(sent.topic) || publisher.protocol !== "2") return true;
  return plan.dedupWindow < AWAY_MOST_MS || mayForget(plan);
}

/** Ids go by the broker's clock, by what they take of its memory, and by what is kept of them on disk (D6). */
function mayForget({ faults, memory, retain }: Plan): boolean {
  return faults.some(({ kind }) => kind === "jump the clock") || memory !== undefined ||
    retain.bytes !== undefined;
}

/** Whether the connection was lost while it had no answer (C11 excepted: that is what {@link drained} is for). */
function wasResent({ at, answeredAt = Infinity }: Sent, { lostAt, protocol }: PublisherRecord): boolean {
  if (protocol === "auto") return lostAt.length > 0;
  return lostAt.some((lost) => lost >= at && lost <= answeredAt);
}

/** It was taken, and then sent again by who had lost the right to (P1). */
function isDeniedAgain(sent: Sent, { publishers }: History): boolean {
  const publisher = publishers.find(({ name }) => name === sent.publisher);
  return sent.failed === "DENIED" && publisher !== undefined && wasResent(sent, publisher);
}

/** It may stand behind what was sent after it: it was refused, which its publisher never heard (guarantees, order). */
function mayTurn(sent: Sent, { history, plan }: Judged): boolean {
  if (mayRepeat(sent, { history, plan })) return true;
  const publisher = history.publishers.find(({ name }) => name === sent.publisher);
  if (publisher === undefined || !wasResent(sent, publisher)) return false;
  // a guest may have had no right to it then
  return mayRefuse(plan) || !plan.publishers.some(({ name }) => name === publisher.name);
}

/** The broker, or the client before it, said no: it is nowhere. */
function isRefusal(code: string): boolean {
  return /^[A-Z_0-9]+$/.test(code) && code !== "TOO_FEW_SUBS";
}

/** What the others publish is theirs. */
function isOurs(text: string): boolean {
  return /^(p\d+|c\d+-\d+)\./.test(text);
}

function show(text: string): string {
  return `${JSON.stringify(text.slice(0, 30))} (${text.length})`;
}
