/**
 * The broker at a glance.
 *
 * @module
 */
import type { BrokerSnapshot } from "../../broker/mod.ts";
import { type HistogramState, quantile } from "../../histogram.ts";
import { rounded, timeText } from "../answers.ts";
import { perSecond, type Since } from "../rates.ts";
import type { App, Site } from "../types.ts";

/** `/api/broker`. */
export function addBroker(app: App, { broker, rates, listening }: Site): void {
  app.get("/api/broker", (asked) => {
    const snapshot = broker.snapshot();
    const { account = null, administrator } = asked.var.grant;
    return asked.json({
      ...overview(snapshot),
      listeners: listenersOf(snapshot, listening()),
      you: { account, administrator },
      rates: ratesOf(snapshot, rates.look()),
    });
  });
}

function overview(snapshot: BrokerSnapshot): Record<string, unknown> {
  const { version, time, started, health, connections, groups } = snapshot;
  const { durable, held, heldMost, subscriptions, topics, replays } = snapshot;
  return {
    version,
    time: timeText(time),
    started: timeText(started),
    ready: health.ready,
    reason: health.ready ? null : health.reason,
    durable,
    totals: totalsOf(snapshot),
    connections: connections.length,
    slow: connections.filter(({ full }) => full).length,
    subscriptions,
    topics,
    replays,
    groups: groups.length,
    memory: { held_bytes: held, most_bytes: heldMost, resident_bytes: Deno.memoryUsage().rss },
    outbox: { queued_bytes: connections.reduce((sum, { queued }) => sum + queued, 0) },
    write: snapshot.writes === undefined ? null : quantilesOf(snapshot.writes),
    store: storeOf(snapshot),
    engine: engineOf(snapshot),
  };
}

/** Those of the broker, and this one. */
function listenersOf(
  { listeners }: BrokerSnapshot,
  own: { readonly address: Deno.NetAddr; readonly tls: boolean },
): Record<string, unknown>[] {
  const others = listeners.map(({ name, address, certificate }) => ({
    name,
    address,
    tls: certificate !== undefined,
  }));
  const all = [...others, { name: "http", ...own }];
  return all.map(({ name, address, tls }) => ({ name, address: shown(address), tls }));
}

function totalsOf({ totals, endings }: BrokerSnapshot): Record<string, unknown> {
  return {
    published: totals.published,
    published_bytes: totals.publishedBytes,
    delivered: totals.delivered,
    delivered_bytes: totals.deliveredBytes,
    dropped: totals.dropped,
    expired: totals.expired,
    unsent: totals.unsent,
    refused: totals.refused,
    redelivered: totals.redelivered,
    dead: totals.dead,
    disconnects: Object.fromEntries(endings),
  };
}

function ratesOf({ totals: now }: BrokerSnapshot, since: Since): Record<string, number> {
  const { totals: then } = since;
  return {
    over_ms: Math.round(since.over),
    published: perSecond(now.published - then.published, since),
    published_bytes: perSecond(now.publishedBytes - then.publishedBytes, since),
    delivered: perSecond(now.delivered - then.delivered, since),
    delivered_bytes: perSecond(now.deliveredBytes - then.deliveredBytes, since),
    dropped: perSecond(now.dropped - then.dropped, since),
    refused: perSecond(now.refused - then.refused, since),
  };
}

function storeOf({ store, commits }: BrokerSnapshot): Record<string, unknown> | null {
  if (store === undefined || commits === undefined) return null;
  const { topics, batches, bytes, trimmed, delayed, delayedBytes } = store;
  const { p50_ms, p99_ms } = quantilesOf(commits.times);
  const each = store.commits === 0 ? null : rounded(commits.messages / store.commits);
  return {
    topics,
    batches,
    bytes,
    stored: commits.messages,
    commits: store.commits,
    batch_messages: each,
    commit_ms: store.commits === 0 ? null : rounded(store.commitTime / store.commits),
    commit_p50_ms: p50_ms,
    commit_p99_ms: p99_ms,
    trimmed,
    delayed,
    delayed_bytes: delayedBytes,
  };
}

function engineOf({ link }: BrokerSnapshot): Record<string, unknown> | null {
  if (link === undefined) return null;
  const { kind, server, up, reconnects, refused, unreadable } = link;
  return {
    kind,
    server,
    up,
    reconnects,
    received: link.inMessages,
    received_bytes: link.inBytes,
    sent: link.outMessages,
    sent_bytes: link.outBytes,
    pending_bytes: link.pending,
    refused,
    unreadable,
  };
}

function quantilesOf(
  times: HistogramState,
): { readonly p50_ms: number | null; readonly p99_ms: number | null } {
  const [p50, p99] = [0.5, 0.99].map((part) => quantile(times, part));
  return {
    p50_ms: p50 === undefined ? null : rounded(p50),
    p99_ms: p99 === undefined ? null : rounded(p99),
  };
}

function shown({ hostname, port }: Deno.NetAddr): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
