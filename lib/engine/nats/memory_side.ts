/**
 * Topics in memory over core NATS.
 *
 * @module
 */
import type { Flushable } from "../../flush_list.ts";
import { matches } from "../../topics/topic.ts";
import type { Run } from "../../wire/run.ts";
import type { Routing, SubscribedRoute } from "../routing.ts";
import type {
  Gate,
  GroupSnapshot,
  Joining,
  LinkSnapshot,
  Member,
  Membership,
  Publisher,
  Subscriber,
} from "../types.ts";
import { Backlog } from "./backlog.ts";
import type { NatsEngineOptions } from "./options.ts";
import { FullBrokers } from "./full_brokers.ts";
import { Incoming } from "./incoming.ts";
import { Interest, type Wanted } from "./interest.ts";
import { Outgoing } from "./outgoing.ts";
import type { NatsMessage } from "./port.ts";
import { Senders } from "./senders.ts";
import { SharedGroups } from "./shared_groups.ts";
import { WaitingRoom } from "./waiting_room.ts";

/** What it is made of. */
export interface MemorySideOptions extends Omit<NatsEngineOptions, "stored"> {
  readonly routing: Routing;
}

/**
 * The side of the engine that keeps nothing: what is published here goes to local subscribers at once and to
 * NATS behind the read that brought it; what comes from there goes to local subscribers, or waits for them
 * while other brokers' publishers are told to wait.
 */
export class MemorySide implements Flushable {
  readonly #options: MemorySideOptions;
  readonly #outgoing: Outgoing;
  readonly #interest: Interest;
  readonly #incoming: Incoming;
  readonly #senders = new Senders();
  readonly #room: WaitingRoom;
  readonly #groups: SharedGroups;
  readonly #backlog: Backlog;
  readonly #full: FullBrokers;
  #announced = false;

  constructor(options: MemorySideOptions) {
    this.#options = options;
    const { routing, flushes, plain, link, groupLink, memory, counters, now } = options;
    const changed = (): void => this.#announce();
    const flush = (): void => flushes.flush();
    // who is told first has what the others ask for
    this.#backlog = new Backlog(link, flushes, changed);
    this.#outgoing = new Outgoing({
      ...options,
      isPlain: (topic) => plain.some((pattern) => matches(pattern, topic)),
      deliver: (run) => {
        counters.published(run.count, run.bytes);
        return routing.deliver(run);
      },
    }, now());
    this.#incoming = new Incoming({
      ...options,
      routeOf: (topic) => routing.routeOf(topic),
      onUnreadable: (reason) => options.onUnreadable?.(reason),
    });
    this.#room = new WaitingRoom({
      memory,
      changed,
      flush,
      gateOf: ({ route }) => routing.gateOf(route as SubscribedRoute),
      deliver: (run) => void routing.deliver(run),
      // their connections are cut where that is more than memory allows
      overflows: (run) => void routing.deliver(run),
    });
    this.#interest = new Interest({ ...options, onMessage: (message, by) => this.#arrived(message, by) });
    this.#groups = new SharedGroups({ ...options, link: groupLink, incoming: this.#incoming, changed });
    this.#full = new FullBrokers({ ...options, own: () => this.#fullPatterns(), flush }, now());
    link.watch({ read: flush });
  }

  /** How many subscriptions NATS has for local subscribers: for tests. */
  get subscriptions(): number {
    return this.#interest.subscriptions;
  }

  gateOf(route: SubscribedRoute, _publisher?: Publisher): Gate | undefined {
    return this.#outgoing.full ? this.#outgoing : this.#full.gateFor(route.topic);
  }

  /** Takes a run that is kept, and releases it. */
  publish(run: Run, publisher: Publisher): void {
    this.#outgoing.publish(run, publisher);
  }

  /** As {@link import("./stored_side.ts").StoredSide.interest}. */
  interest(pattern: string, change: "added" | "removed"): void {
    if (change === "added") this.#interest.add(pattern);
    else this.#interest.remove(pattern);
  }

  subscribed(done: () => void): boolean {
    return this.#interest.subscribed(done);
  }

  join(joining: Joining, member: Member): Membership {
    return this.#groups.join(joining, member);
  }

  groups(): GroupSnapshot[] {
    return this.#groups.snapshot();
  }

  /** How NATS is reached. */
  link(): LinkSnapshot {
    const { version: _, ...link } = this.#options.link.state;
    const groups = this.#options.groupLink.state;
    const { pending, refused } = this.#outgoing;
    return {
      kind: "NATS",
      ...link,
      inMessages: link.inMessages + groups.inMessages,
      inBytes: link.inBytes + groups.inBytes,
      pending,
      refused,
      unreadable: this.#incoming.unreadable,
    };
  }

  tick(now: number): void {
    this.#outgoing.tick(now);
    this.#interest.tick();
    this.#full.tick(now);
  }

  trouble(): string | undefined {
    return this.#outgoing.trouble;
  }

  whenIdle(callback: () => void): void {
    this.#outgoing.whenIdle(callback);
  }

  close(closed: () => void): void {
    const { link, groupLink } = this.#options;
    this.#groups.close();
    this.#room.clear();
    link.close(() => groupLink.close(closed));
  }

  /** Only for {@link import("../../flush_list.ts").FlushList}. */
  ready(): void {
    this.#announced = false;
    this.#full.tell();
  }

  #arrived(message: NatsMessage, by: Wanted): void {
    this.#backlog.received(message.bytes.length);
    const arrived = this.#incoming.arrived(message);
    if (arrived === undefined) return;
    const { topic, stamp } = arrived;
    const isNew = stamp === undefined ? this.#interest.isFirst(topic, by) : this.#senders.isNew(stamp);
    if (!isNew) return;
    for (const run of arrived.read()) this.#room.offer(run);
  }

  #announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    this.#options.flushes.add(this);
  }

  /** What our subscribers have no room for. */
  *#fullPatterns(): Generator<string> {
    yield* this.#groups.full();
    if (this.#backlog.behind) yield* this.#interest.patterns();
    for (const { gate, topics } of this.#room.standing()) {
      const found = new Set<string>();
      for (const topic of topics) {
        if ([...found].some((pattern) => matches(pattern, topic))) continue;
        const before = found.size;
        for (const pattern of this.#interest.patternsOf(topic)) {
          if (this.#options.routing.has(pattern, gate as Subscriber)) found.add(pattern);
        }
        // who has unsubscribed meanwhile is known by no pattern
        if (found.size === before) found.add(topic);
      }
      yield* found;
    }
  }
}
