/**
 * The side of an engine on NATS that keeps its durable topics: in one stream of JetStream, for all brokers.
 *
 * @module
 */
import type { From, StoreState, TopicsOutcome, TopicsQuery } from "../../../store/types.ts";
import type { Run } from "../../../wire/run.ts";
import { ReadingTurns } from "../../durable/reading_turns.ts";
import { Replays } from "../../durable/replays.ts";
import type {
  Gate,
  GroupChange,
  GroupName,
  GroupsListing,
  Joining,
  Member,
  Membership,
  Publisher,
  ReplayOptions,
  ReplaySubscriber,
  Route,
  Subscriber,
} from "../../types.ts";
import type { NatsLink } from "../port.ts";
import type { StoredParts, StoredSide, StoredSideState } from "../stored_side.ts";
import type { StreamsPort } from "../streams_port.ts";
import { Acks } from "./acks.ts";
import { Burial } from "./burial.ts";
import { Feed } from "./feed.ts";
import { StreamGroups } from "./groups.ts";
import { RETRY_MS } from "./limits.ts";
import { Publishing } from "./publishing.ts";
import { StreamLog } from "./stream_log.ts";
import { listTopics } from "./stored_topics.ts";

/** What makes topics durable. */
export interface StreamTerms {
  readonly link: NatsLink;
  readonly streams: StreamsPort;
  /** Which topics: canonical patterns, those of dead letters among them. */
  readonly patterns: readonly string[];
  /** Any text that no other broker has, fit for a subject. */
  readonly name: string;
  /** Milliseconds that a member of a group may hold a message; and how often one is given out. */
  readonly ackTimeout: number;
  readonly maxAttempts: number;
  /** How many groups may be stored. */
  readonly groupsMost: number;
  /** Bytes that the name of a topic may have. */
  readonly topicMost: number;
  /** What others stored cannot be read. */
  readonly onUnreadable: (reason: string) => void;
}

/** What is known of the stream is asked for so often, milliseconds. */
const STATE_MS = 2_000;
const ANEW =
  "what was stored in NATS has been deleted, stream and all, and numbers begin anew: subscribe again";
/** Where a broker was away for longer this is no time that has passed for others, milliseconds. */
const TICK_MOST = 1_000;

/** What was asked for and is to be done in a moment. */
interface Later {
  readonly at: number;
  readonly go: () => void;
}

/** Guarantees as those of {@link StoredSide}, by those of its parts. */
export class StreamSide implements StoredSide {
  readonly ackTimeout: number;
  readonly maxAttempts: number;
  readonly #terms: StreamTerms;
  readonly #parts: StoredParts;
  readonly #publishing: Publishing;
  readonly #acks: Acks;
  readonly #feed: Feed;
  readonly #log: StreamLog;
  readonly #replays: Replays;
  readonly #turns: ReadingTurns;
  readonly #groups: StreamGroups;
  /** Whose replay wants which pattern. */
  readonly #replaying = new Map<Subscriber, string>();
  #inboxes = 0;
  #later: Later[] = [];
  #ticked: number | undefined;
  #state: StoreState | undefined;
  #stateAt = -Infinity;

  constructor(terms: StreamTerms, parts: StoredParts) {
    this.#terms = terms;
    this.#parts = parts;
    ({ ackTimeout: this.ackTimeout, maxAttempts: this.maxAttempts } = terms);
    const { link, streams, onUnreadable, topicMost } = terms;
    const { subjects, routing, flushes, counters, pool, memory, now } = parts;
    const inbox = (): string => subjects.broker(`inbox.${terms.name}.${(++this.#inboxes).toString(36)}`);
    const flush = (): void => flushes.flush();
    const later = (go: () => void): void => void this.#later.push({ at: now() + RETRY_MS, go });
    const common = { link, streams, subjects, routing, pool, now, inbox, flush, later, onUnreadable };
    this.#publishing = new Publishing({
      link,
      subjects,
      flushes,
      counters,
      inbox: inbox(),
      name: terms.name,
      now,
    });
    this.#acks = new Acks({ link, inbox: inbox(), now });
    this.#feed = new Feed({
      ...common,
      handedOn: (sequence) => this.#replays.readOn(sequence),
      anew: () => {
        this.#replays.fail(ANEW);
        flush();
      },
    });
    this.#log = new StreamLog({ ...common, feed: this.#feed });
    this.#turns = new ReadingTurns(memory);
    const feed = this.#feed;
    this.#replays = new Replays({
      store: this.#log,
      routing,
      log: {
        finish: () => {},
        get delivered(): number {
          return feed.position;
        },
        get begun(): number {
          return feed.position;
        },
      },
      memory,
      turns: this.#turns,
      flush,
    });
    this.#groups = new StreamGroups({
      ...common,
      acks: this.#acks,
      burial: new Burial({
        link,
        publishing: this.#publishing,
        acks: this.#acks,
        subjects,
        topicMost,
        flush,
      }),
      routeOf: (topic) => routing.routeOf(topic),
      ackTimeout: terms.ackTimeout,
      maxAttempts: terms.maxAttempts,
      patterns: terms.patterns,
      groupsMost: terms.groupsMost,
    });
    link.watch({ read: flush });
  }

  gateOf(_route: Route, _publisher?: Publisher): Gate | undefined {
    return this.#publishing.full ? this.#publishing : undefined;
  }

  publish(run: Run, publisher: Publisher): void {
    this.#publishing.publish(run, publisher);
  }

  interest(pattern: string, change: "added" | "removed"): void {
    if (change === "added") this.#feed.add(pattern, { fresh: true });
    else this.#feed.remove(pattern);
  }

  subscribed(done: () => void): boolean {
    if (this.#feed.live) return true;
    this.#feed.whenLive(done);
    return false;
  }

  subscribe(pattern: string, subscriber: Subscriber): boolean {
    return this.#replays.subscribe(pattern, subscriber);
  }

  unsubscribe(pattern: string, subscriber: Subscriber): boolean {
    return !this.#replays.has(subscriber) && this.#replays.unsubscribe(pattern, subscriber);
  }

  join(joining: Joining, member: Member): Membership {
    return this.#groups.join(joining, member);
  }

  groups(done: (listing: GroupsListing) => void): void {
    this.#groups.list(done);
  }

  resetGroup(group: GroupName, from: From | undefined, done: (change: GroupChange) => void): void {
    this.#groups.reset(group, from, done);
  }

  deleteGroup(group: GroupName, done: (change: GroupChange) => void): void {
    this.#groups.remove(group, done);
  }

  replays(subscriber: Subscriber): boolean {
    return this.#replays.has(subscriber);
  }

  replace(before: ReplaySubscriber, subscriber: ReplaySubscriber): boolean {
    if (!this.#replays.replace(before, subscriber)) return false;
    const pattern = this.#replaying.get(before);
    this.#replaying.delete(before);
    if (pattern !== undefined) this.#replaying.set(subscriber, pattern);
    return true;
  }

  replay(pattern: string, subscriber: ReplaySubscriber, options: ReplayOptions): void {
    this.#feed.add(pattern, { fresh: false });
    this.#replaying.set(subscriber, pattern);
    this.#replays.start(pattern, subscriber, options);
  }

  endReplay(pattern: string, subscriber: Subscriber): boolean {
    if (!this.#replays.has(subscriber)) return false;
    this.#replays.unsubscribe(pattern, subscriber);
    this.#sweep();
    return true;
  }

  storedTopics(query: TopicsQuery, done: (outcome: TopicsOutcome) => void): void {
    listTopics(query, { streams: this.#terms.streams, subjects: this.#parts.subjects }, done);
  }

  permissionsChanged(): void {}

  tick(now: number): void {
    const passed = Math.min(Math.max(0, now - (this.#ticked ?? now)), TICK_MOST);
    this.#ticked = now;
    const due = this.#later.filter(({ at }) => now >= at);
    if (due.length > 0) this.#later = this.#later.filter(({ at }) => now < at);
    for (const { go } of due) go();
    this.#publishing.tick(now);
    this.#acks.tick(now);
    this.#feed.tick(now, passed);
    this.#log.tick(passed);
    this.#turns.go();
    this.#replays.tick(now);
    this.#groups.tick(now, passed);
    this.#sweep();
    this.#look(now);
  }

  trouble(): string | undefined {
    return this.#publishing.trouble;
  }

  get state(): StoredSideState {
    return {
      replays: this.#replays.size,
      groups: this.#groups.snapshot(),
      store: this.#state,
      commits: undefined,
    };
  }

  whenIdle(callback: () => void): void {
    this.#publishing.whenIdle(callback);
  }

  close(closed: () => void): void {
    this.#groups.close();
    this.#log.close();
    this.#feed.close();
    const end = (): void => {
      this.#acks.close();
      closed();
    };
    if (!this.#terms.link.up) this.#publishing.close();
    this.#publishing.whenIdle(() => {
      // what was given back and let go of is to reach NATS, and so is what comes until then
      const { link } = this.#terms;
      if (link.up) link.flush(() => link.up ? link.flush(end) : end());
      else end();
    });
  }

  /** Replays that are over want nothing more. */
  #sweep(): void {
    for (const [subscriber, pattern] of this.#replaying) {
      if (this.#replays.has(subscriber)) continue;
      this.#replaying.delete(subscriber);
      this.#feed.remove(pattern);
    }
  }

  /** What is stored is looked at now and then. */
  #look(now: number): void {
    if (now - this.#stateAt < STATE_MS || !this.#terms.link.up) return;
    this.#stateAt = now;
    this.#terms.streams.state((asked) => {
      if (asked.kind !== "done") return;
      const { subjects: topics, bytes, last, messages: batches } = asked.value;
      this.#state = {
        topics,
        batches,
        bytes,
        last,
        commits: 0,
        commitTime: 0,
        committing: this.#publishing.size,
        trimmed: 0,
        delayed: 0,
        delayedBytes: 0,
      };
    });
  }
}
