/**
 * A broker in one's own process.
 *
 * ```ts
 * import { connectPublisher } from "@hashbus/hashbus";
 * import { Broker, listenersOn } from "@hashbus/hashbus/broker";
 *
 * await using broker = await Broker.open();
 * const [, publishers] = broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
 * await using publisher = await connectPublisher({ id: "p1", port: publishers.address.port });
 * await publisher.publish("#hello", "hi");
 * ```
 *
 * @module
 */
export { Broker, listenersOn, type Origin, PUBLISHERS, SUBSCRIBERS } from "./broker.ts";
export type { Admission, Credentials, Gatekeeper, Visitor } from "../auth/gatekeeper.ts";
export type { AccountLimits } from "../auth/account_limits.ts";
export { type Grant, UNLIMITED } from "../auth/grant.ts";
export type { Reception } from "../topics/reception.ts";
export { type CertificatePem, type Certificates, certificatesOf } from "./certificates.ts";
export type { BrokerOptions, DataOptions, EngineOption, StoreOption } from "./options.ts";
export type { BrokerSnapshot, Health } from "./snapshot.ts";
export type { Topics } from "./topics.ts";
export type { EngineSource } from "../engine/source.ts";
export type {
  CommitsSnapshot,
  CountedTopic,
  GroupListing,
  GroupSnapshot,
  LinkSnapshot,
  Settling,
} from "../engine/types.ts";
export type { Totals } from "../counters.ts";
export type { HistogramState } from "../histogram.ts";
export type { Limits } from "../limits.ts";
export type { Log, LogFields } from "../log.ts";
export type {
  CertificateSnapshot,
  ConnectionSnapshot,
  Handshake,
  Listener,
  Listening,
  ListenSpec,
  MembershipSnapshot,
  Role,
  SubscriptionSnapshot,
  TlsSource,
  Transport,
} from "../sessions/mod.ts";
export type { SlowPolicy } from "../slow_policy.ts";
/** A store that keeps nothing beyond the process: durable topics for tests. */
export { type MemoryOptions, MemoryStore } from "../store/memory.ts";
export type {
  Append,
  Commit,
  CommitOutcome,
  CommitPlaces,
  CountedGroup,
  Cursor,
  Delayed,
  DelayedRun,
  DueOutcome,
  DuePlace,
  DueQuery,
  From,
  FromLast,
  GroupCountOutcome,
  GroupMark,
  GroupName,
  GroupOutcome,
  GroupsOutcome,
  GroupsPlace,
  GroupState,
  Had,
  MayBegin,
  NamedMark,
  Page,
  ReadEnd,
  ReadExtent,
  ReadOutcome,
  RecentIds,
  ReplayRange,
  Retention,
  RetentionRules,
  SeekOutcome,
  SeekPlace,
  SeekRange,
  Store,
  Stored,
  StoredTopic,
  StoreState,
  To,
  TopicMark,
  TopicsOutcome,
  TopicsQuery,
  Trimmed,
  TrimmedBatch,
} from "../store/types.ts";
