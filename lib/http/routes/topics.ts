/**
 * Topics: what is published to them, what of them is stored, who gets it.
 *
 * @module
 */
import type { Grant } from "../../auth/grant.ts";
import type { CountedTopic, StoredTopic } from "../../broker/mod.ts";
import { compareNames } from "../../topics/compare_names.ts";
import { matches } from "../../topics/topic.ts";
import { limitOf, nextPath, wordOf } from "../answers.ts";
import { patternOf, topicIn } from "../names.ts";
import { Problem } from "../problem.ts";
import { perSecond, type Since } from "../rates.ts";
import type { App, Asked, Site } from "../types.ts";

/** Subscriptions of a topic that are listed. */
const SUBSCRIPTIONS_MOST = 100;
/** Of what is stored so many are read at a time. */
const STORED_PAGE = 1_000;

/** `/api/topics` and one of them. */
export function addTopics(app: App, site: Site): void {
  app.get("/api/topics", async (asked) => {
    const limit = limitOf(asked);
    const filter = filterOf(asked, site);
    return wordOf(asked, "sort", ["name", "rate"]) === "name"
      ? asked.json(await byName(asked, site, { limit, filter }))
      : asked.json(await byRate(site, { limit, filter }));
  });
  app.get("/api/topics/:topic", async (asked) => {
    const topic = topicIn(asked, site.limits.topic);
    if (!asked.var.grant.mayReceive(topic)) throw denied(topic);
    const [found] = await described(site, [site.broker.topics.one(topic) ?? unknown(topic)]);
    return asked.json({ ...found, subscriptions: subscriptionsOf(topic, site) });
  });
}

/** Which topics are asked for and may be seen. */
interface Filter {
  readonly match: string | undefined;
  readonly contains: string | undefined;
  readonly grant: Grant;
}

/** What is asked for. */
interface Listing {
  readonly limit: number;
  readonly filter: Filter;
}

function filterOf(asked: Asked, { limits }: Site): Filter {
  const match = asked.req.query("match");
  return {
    match: match === undefined ? undefined : patternOf(match, limits.topic),
    contains: asked.req.query("contains"),
    grant: asked.var.grant,
  };
}

function lets({ match, contains, grant }: Filter, topic: string): boolean {
  if (match !== undefined && !matches(match, topic)) return false;
  if (contains !== undefined && !topic.includes(contains)) return false;
  return grant.mayReceive(topic);
}

/** A page in the order of the names: those that are remembered and those that are stored, each once. */
async function byName(
  asked: Asked,
  site: Site,
  { limit, filter }: Listing,
): Promise<Record<string, unknown>> {
  const after = asked.req.query("after") ?? "";
  const counted = new Map<string, CountedTopic>();
  let remembered = 0;
  for (const topic of site.broker.topics.counted()) {
    if (!lets(filter, topic.topic)) continue;
    remembered++;
    if (compareNames(topic.topic, after) > 0) counted.set(topic.topic, topic);
  }
  const stored = await storedAfter(site, after, { limit, filter });
  for (const { topic } of stored.topics) if (!counted.has(topic)) counted.set(topic, unknown(topic, true));
  const names = [...counted.keys()].sort(compareNames);
  // beyond what was read of the store others may lie between
  const known = stored.next === undefined
    ? names
    : names.filter((name) => compareNames(name, stored.next!) <= 0);
  const page = known.slice(0, limit);
  const last = page.at(-1);
  const more = last !== undefined && (names.length > page.length || stored.next !== undefined);
  // those that are only stored are not counted one by one: their number is known where all are asked for
  const all = filter.match === undefined && filter.contains === undefined && filter.grant.mayShare("#>");
  const inStore = all ? site.broker.snapshot().store?.topics ?? 0 : 0;
  return {
    topics: await described(site, page.map((name) => counted.get(name)!)),
    total: Math.max(remembered, inStore),
    next: more ? nextPath(asked, { after: last }) : null,
  };
}

/** Stored topics behind a name, as many as may be wanted. */
async function storedAfter(
  { broker }: Site,
  after: string,
  { limit, filter }: Listing,
): Promise<{ readonly topics: readonly StoredTopic[]; readonly next: string | undefined }> {
  const { match, contains } = filter;
  const topics: StoredTopic[] = [];
  let at: string | undefined = after;
  do {
    const outcome = await broker.topics.stored({ after: at, most: STORED_PAGE, match, contains });
    if (outcome.kind === "failed") throw unreadable(outcome.reason);
    topics.push(...outcome.topics.filter(({ topic }) => lets(filter, topic)));
    at = outcome.next;
  } while (at !== undefined && topics.length < limit);
  return { topics, next: at };
}

/** Those with the highest rates, of those that are remembered: what is only stored has none. */
async function byRate(site: Site, { limit, filter }: Listing): Promise<Record<string, unknown>> {
  site.rates.look();
  let total = 0;
  const topics: CountedTopic[] = [];
  for (const topic of site.broker.topics.counted()) {
    if (!lets(filter, topic.topic)) continue;
    total++;
    topics.push(topic);
  }
  const grown = ({ messages, then }: CountedTopic): number => messages - then.messages;
  topics.sort((one, other) => grown(other) - grown(one) || other.messages - one.messages);
  return { topics: await described(site, topics.slice(0, limit)), total, next: null };
}

/** With what is stored of each, and who gets it now. */
async function described(site: Site, topics: readonly CountedTopic[]): Promise<Record<string, unknown>[]> {
  const { broker, rates } = site;
  const names = topics.filter(({ durable }) => durable).map(({ topic }) => topic);
  const outcome = names.length === 0 ? undefined : await broker.topics.stored({ most: names.length, names });
  if (outcome?.kind === "failed") throw unreadable(outcome.reason);
  const stored = new Map(outcome?.topics.map((topic) => [topic.topic, topic]));
  const since = rates.look();
  return topics.map((topic) =>
    topicJson(broker.topics.one(topic.topic) ?? topic, stored.get(topic.topic), since)
  );
}

function topicJson(
  counted: CountedTopic,
  stored: StoredTopic | undefined,
  since: Since,
): Record<string, unknown> {
  const { topic, durable, subscribers, messages, bytes, then } = counted;
  return {
    topic,
    durable,
    subscribers,
    messages,
    bytes,
    rate: perSecond(messages - then.messages, since),
    byte_rate: perSecond(bytes - then.bytes, since),
    first: stored?.first ?? null,
    last: stored?.last ?? null,
  };
}

/** One to which nothing was published that is remembered. */
function unknown(topic: string, durable = false): CountedTopic {
  return { topic, durable, messages: 0, bytes: 0, then: { messages: 0, bytes: 0 }, subscribers: 0 };
}

function subscriptionsOf(topic: string, { broker }: Site): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  for (const { number: connection, id, subscriptions, groups, full: slow } of broker.snapshot().connections) {
    const own = subscriptions.map(({ pattern }) => ({ pattern, group: null }));
    const shared = groups.map(({ pattern, name }) => ({ pattern, group: name }));
    for (const { pattern, group } of [...own, ...shared]) {
      if (!matches(pattern, topic)) continue;
      found.push({ connection, id, pattern, group, slow });
      if (found.length === SUBSCRIPTIONS_MOST) return found;
    }
  }
  return found;
}

function denied(topic: string): Problem {
  return new Problem(403, "DENIED", `your account may not receive ${JSON.stringify(topic)}`);
}

function unreadable(reason: string): Problem {
  return new Problem(503, "STORE", `what is stored cannot be read: ${reason}`);
}
