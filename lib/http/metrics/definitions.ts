/**
 * The metrics: their names, what they mean, and where their numbers come from. docs/operations.md has them in
 * words, and a test holds one against the other.
 *
 * @module
 */
import type { GroupListing, LinkSnapshot } from "../../broker/mod.ts";
import type { HistogramState } from "../../histogram.ts";
import type { Reading } from "./reading.ts";

/** A number and what it is of. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** A metric that is a number, or one for each of its labels. */
export interface NumberMetric {
  readonly type: "counter" | "gauge";
  readonly name: string;
  readonly help: string;
  /** Undefined: there is none. */
  readonly read: (reading: Reading) => number | undefined | readonly Sample[];
}

/** A metric that is a histogram of times. */
export interface TimesMetric {
  readonly type: "histogram";
  readonly name: string;
  readonly help: string;
  readonly read: (reading: Reading) => HistogramState | undefined;
}

/** The label of what has none of its own. */
export const OTHER = "other";

function counter(name: string, help: string, read: NumberMetric["read"]): NumberMetric {
  return { type: "counter", name: `hashbus_${name}_total`, help, read };
}

function gauge(name: string, help: string, read: NumberMetric["read"]): NumberMetric {
  return { type: "gauge", name: `hashbus_${name}`, help, read };
}

function times(name: string, help: string, read: TimesMetric["read"]): TimesMetric {
  return { type: "histogram", name: `hashbus_${name}_seconds`, help, read };
}

/** In the order in which they are given. */
export const METRICS: readonly (NumberMetric | TimesMetric)[] = [
  gauge("info", "1, with the version of the broker", ({ snapshot }) => [[{ version: snapshot.version }, 1]]),
  gauge(
    "start_time_seconds",
    "when the broker began, seconds since 1970",
    ({ snapshot }) => snapshot.started / 1000,
  ),
  gauge(
    "ready",
    "1: it takes connections and can store; 0: it cannot",
    ({ snapshot }) => +snapshot.health.ready,
  ),

  counter(
    "published_messages",
    "messages accepted from publishers",
    ({ snapshot }) => snapshot.totals.published,
  ),
  counter(
    "published_bytes",
    "bytes of those, as they came",
    ({ snapshot }) => snapshot.totals.publishedBytes,
  ),
  counter(
    "delivered_messages",
    "messages given to the operating system, counted for each subscriber",
    ({ snapshot }) => snapshot.totals.delivered,
  ),
  counter(
    "delivered_bytes",
    "bytes of those, as they were given",
    ({ snapshot }) => snapshot.totals.deliveredBytes,
  ),
  counter(
    "dropped_messages",
    "messages left out for subscribers that were too slow",
    ({ snapshot }) => snapshot.totals.dropped,
  ),
  counter(
    "expired_messages",
    "messages whose time to live was over while they waited",
    ({ snapshot }) => snapshot.totals.expired,
  ),
  counter(
    "unsent_messages",
    "messages that waited for a subscriber whose connection ended",
    ({ snapshot }) => snapshot.totals.unsent,
  ),
  counter("refused_requests", "requests answered with an error", ({ snapshot }) => snapshot.totals.refused),
  times(
    "write",
    "from when something waits for a subscriber until that has been given to the operating system, sampled",
    ({ snapshot }) => snapshot.writes,
  ),

  counter(
    "topic_messages",
    `messages published, by topic, and as "${OTHER}" those of topics beyond the first thousand`,
    (reading) => byTopic(reading, "messages"),
  ),
  counter("topic_bytes", "bytes of those, as they came", (reading) => byTopic(reading, "bytes")),

  gauge("connections", "connections, by what they came in by", byListener),
  gauge("slow_connections", "connections whose queue is full", ({ snapshot }) => {
    return snapshot.connections.filter(({ full }) => full).length;
  }),
  gauge(
    "waiting_connections",
    "connections that nothing is read from, since others are slow",
    ({ snapshot }) => {
      return snapshot.connections.filter(({ waits }) => waits).length;
    },
  ),
  counter("ended_connections", "connections that ended, by why", ({ snapshot }) => {
    return [...snapshot.endings].map(([reason, count]): Sample => [{ reason }, count]);
  }),
  gauge("outbox_bytes", "bytes that wait to be written to connections", ({ snapshot }) => {
    return snapshot.connections.reduce((sum, { queued }) => sum + queued, 0);
  }),
  gauge("outbox_largest_bytes", "bytes that wait for the one that most wait for", ({ snapshot }) => {
    return snapshot.connections.reduce((most, { queued }) => Math.max(most, queued), 0);
  }),
  gauge(
    "certificate_expiry_seconds",
    "when the certificate that is shown expires, since 1970",
    ({ snapshot }) => {
      return snapshot.listeners.flatMap(({ name, certificate }): Sample[] =>
        certificate === undefined ? [] : [[{ listener: name }, certificate.notAfter / 1000]]
      );
    },
  ),
  gauge("subscriptions", "subscriptions, one for each pattern of a subscriber", ({ snapshot }) => {
    return snapshot.subscriptions;
  }),
  gauge("topics", "topics that the broker remembers that something was published to", ({ snapshot }) => {
    return snapshot.topics;
  }),
  gauge("replays", "subscriptions that began in what is stored and have not ended", ({ snapshot }) => {
    return snapshot.replays;
  }),
  gauge("held_bytes", "bytes kept for all connections together", ({ snapshot }) => snapshot.held),
  gauge("held_limit_bytes", "what --max-memory lets them be", ({ snapshot }) => snapshot.heldMost),
  gauge("resident_bytes", "memory of the process", ({ resident }) => resident),

  gauge("store_topics", "topics of which something is stored", ({ snapshot }) => snapshot.store?.topics),
  gauge("store_topics_limit", "what --max-topics lets them be", ({ snapshot }) => {
    return snapshot.store && snapshot.topicsMost;
  }),
  gauge("store_bytes", "bytes that the store occupies", ({ snapshot }) => snapshot.store?.bytes),
  gauge("store_batches", "batches in the store", ({ snapshot }) => snapshot.store?.batches),
  counter("store_messages", "messages that were stored", ({ snapshot }) => snapshot.commits?.messages),
  counter(
    "store_commits",
    "commits; with --sync commit each is one fsync",
    ({ snapshot }) => snapshot.store?.commits,
  ),
  times("store_commit", "how long commits took", ({ snapshot }) => snapshot.commits?.times),
  gauge(
    "store_committing_messages",
    "messages of the commit that is under way",
    ({ snapshot }) => snapshot.store?.committing,
  ),
  counter(
    "store_trimmed_messages",
    "messages that retention deleted",
    ({ snapshot }) => snapshot.store?.trimmed,
  ),
  gauge(
    "store_delayed_messages",
    "messages that wait until they are due",
    ({ snapshot }) => snapshot.store?.delayed,
  ),
  gauge("store_delayed_bytes", "bytes of those", ({ snapshot }) => snapshot.store?.delayedBytes),

  gauge("engine_up", "1: the engine that brokers share is reached; 0: it is not", ofLink(({ up }) => +up)),
  counter("engine_reconnects", "how often it was connected to again", ofLink(({ reconnects }) => reconnects)),
  counter(
    "engine_received_messages",
    "messages that came from it, each of which may hold a run of ours",
    ofLink(({ inMessages }) => inMessages),
  ),
  counter("engine_received_bytes", "bytes of those", ofLink(({ inBytes }) => inBytes)),
  counter(
    "engine_sent_messages",
    "messages that were sent to it, counted likewise",
    ofLink(({ outMessages }) => outMessages),
  ),
  counter("engine_sent_bytes", "bytes of those", ofLink(({ outBytes }) => outBytes)),
  gauge(
    "engine_pending_bytes",
    "bytes that were sent to it, and are not known to have been taken",
    ofLink(({ pending }) => pending),
  ),
  counter(
    "engine_refused_messages",
    "messages that publishers were refused since it was not reached",
    ofLink(({ refused }) => refused),
  ),
  counter(
    "engine_unreadable_messages",
    "messages that came from it and were none that can be delivered",
    ofLink(({ unreadable }) => unreadable),
  ),

  gauge(
    "group_lag_messages",
    "messages that are stored and that the group has not settled",
    byGroup(({ lag }) => lag),
  ),
  gauge(
    "group_outstanding_messages",
    "messages that its members hold",
    byGroup(({ outstanding }) => outstanding),
  ),
  gauge("group_members", "members it has", byGroup(({ members }) => members)),
  gauge("group_oldest_seconds", "how long ago the oldest of its lag was stored", byAge),
  counter("redelivered_messages", "messages that groups gave out once more", ({ snapshot }) => {
    return snapshot.totals.redelivered;
  }),
  counter("dead_messages", "messages that became dead letters", ({ snapshot }) => snapshot.totals.dead),
];

function ofLink(read: (link: LinkSnapshot) => number): NumberMetric["read"] {
  return ({ snapshot: { link } }) => link === undefined ? undefined : read(link);
}

/** Those with a label, and the rest of all that was published. */
function byTopic({ topics, snapshot }: Reading, what: "messages" | "bytes"): readonly Sample[] {
  const all = what === "messages" ? snapshot.totals.published : snapshot.totals.publishedBytes;
  const own = topics.map((topic): Sample => [{ topic: topic.topic }, topic[what]]);
  const labelled = own.reduce((sum, [, value]) => sum + value, 0);
  return [...own, [{ topic: OTHER }, Math.max(0, all - labelled)]];
}

function byListener({ snapshot }: Reading): readonly Sample[] {
  const counts = new Map(snapshot.listeners.map(({ name }) => [name, 0]));
  for (const { listener } of snapshot.connections) counts.set(listener, (counts.get(listener) ?? 0) + 1);
  return [...counts].map(([listener, count]) => [{ listener }, count]);
}

function byGroup(read: (group: GroupListing) => number): NumberMetric["read"] {
  return ({ groups }) => groups.map((group) => [{ group: group.name, pattern: group.pattern }, read(group)]);
}

function byAge({ groups, snapshot }: Reading): readonly Sample[] {
  return groups.map(({ name: group, pattern, oldest }) => {
    return [{ group, pattern }, oldest === undefined ? 0 : Math.max(0, snapshot.time - oldest) / 1000];
  });
}
