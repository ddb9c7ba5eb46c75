/**
 * The seam: what sessions ask of an engine, and what an engine asks of publishers and subscribers. The engine
 * never sees a socket.
 *
 * @module
 */
import type { WireCode } from "../errors.ts";
import type { HistogramState } from "../histogram.ts";
import type {
  From,
  GroupName,
  GroupState,
  ReplayRange,
  StoreState,
  TopicsOutcome,
  TopicsQuery,
} from "../store/types.ts";
import type { Reception } from "../topics/reception.ts";
import type { Encoding } from "../wire/encoding.ts";
import type { Route, Run } from "../wire/run.ts";
import type { LinkSnapshot } from "./link_snapshot.ts";
import type { CountedTopic } from "./topic_counts.ts";

export type { CountedTopic, GroupName, LinkSnapshot, ReplayRange, Route, Run };

/**
 * How safe a message is when it is acknowledged: in memory, on disk after an fsync, or as safe as the engine
 * behind the broker keeps what it has acknowledged.
 */
export type Level = "memory" | "synced" | "engine";

/** How far messages got: true of each of them. */
export interface Receipt {
  /** How many subscribers have it; undefined: not known, for it was stored before. */
  readonly reached: number | undefined;
  readonly level: Level;
  /** The sequence number of the last, where they were stored just now; those of the others come before it. */
  readonly last: number | undefined;
  /** The topic whose sequence numbers these are. */
  readonly topic: string | undefined;
}

/** An answer that comes later. Exactly one of these is called, once, unless the store is lost. */
export interface Acknowledgement {
  acknowledge(receipt: Receipt): void;
  /** None of them was accepted. */
  refuse(code: WireCode, reason: string): void;
}

/** Who publishes. */
export interface Publisher {
  /** The engine's own: what it keeps for one of whom something had to wait; not to be set by others. */
  waiting?: object | undefined;
  /** Whose topics are counted; left out: nobody's, topics begin with it as with all together. */
  readonly newTopics?: NewTopics | undefined;
  /** The answer to these messages comes later; answers keep the order of the calls. */
  hold(count: number): Acknowledgement;
}

/** How many stored topics may begin with what somebody publishes. */
export interface NewTopics {
  /** A topic may, also one that is beginning already; false: none more may now. */
  take(topic: string): boolean;
  /** It has begun with what it was taken for. */
  began(topic: string): void;
  /** What it was taken for has been answered: where it has not begun with that, it was not taken. */
  giveBack(topic: string): void;
}

/** Something that can be too full to take more. */
export interface Gate {
  readonly full: boolean;
  /** Calls back once when `full` has become false, or when it is gone. */
  whenNotFull(callback: () => void): void;
}

/** What somebody may receive. Nothing of it changes: another has another. */
export interface Receiving {
  /** Whether what is published to a topic. */
  mayReceive(topic: string): boolean;
  /** Whether all that a pattern takes in, whatever topics there will be. */
  mayShare(pattern: string): boolean;
  /** What {@link mayReceive} says, as data. */
  readonly reception: Reception;
}

/** Who gets messages. */
export interface Subscriber extends Gate {
  /**
   * Subscribers of one connection share this: of those that match a topic only one gets the message, so that
   * it comes once.
   */
  readonly connection: object;
  /** That one is the one with the highest rank. */
  readonly rank: number;
  /** Whether it may leave out what it is given. */
  readonly leavesOut: boolean;
  /** Whether it gets only what is not stored; left out: it gets both. */
  readonly unstored?: true;
  /**
   * What it may be given; undefined, or left out: all there is. What that says of a topic is remembered with
   * the topic's subscribers until {@link Engine.permissionsChanged}.
   */
  readonly grant?: Receiving | undefined;
  /** Whether it takes messages to several topics as one run, written like this; left out: it does not. */
  takesJoined?(encoding: Encoding): boolean;
  /** Takes the run, or drops and counts it. Never throws. */
  deliver(run: Run): void;
}

/** A subscriber that is also given what is stored, a page at a time, at its own pace. */
export interface ReplaySubscriber extends Subscriber {
  /** Takes stored messages, `batch` frames as they are written to a v2 subscriber. */
  deliverPage(bytes: Uint8Array<ArrayBuffer>, messages: number): void;
  /** So many of the messages that come here are no longer stored: retention was faster. */
  missed(messages: number): void;
  /** All that is stored has been read: from here on it is live, or over if an end was given. */
  caughtUp(how: "live" | "end"): void;
  /** It was live, has not kept up and reads again: what is live of others may come ahead of it. */
  fellBehind(): void;
  /** What is stored cannot be read any further. */
  failed(reason: string): void;
}

/** One of those that share what a group gets. */
export interface Member extends Gate {
  /**
   * Takes messages, in the order in which they were published; the group counts them as held until {@link
   * Membership.passed}, or, where they are stored and the group is told what is settled, until that.
   * `attempt`: how often stored ones have been given out with this time. Never throws.
   */
  give(run: Run, attempt: number): void;
  /** So many that the group had not settled are no longer stored: retention was faster. */
  missed(messages: number): void;
  /** What is stored cannot be read any further: the group gives out nothing more of it. */
  failed(reason: string): void;
}

/** When a stored message counts as done with: when it has been written to a member, or when that says so. */
export type Settling = "auto" | "explicit";

/** What became of asking for a place in a group. */
export type JoinOutcome =
  | { readonly kind: "joined" }
  | { readonly kind: "refused"; readonly code: WireCode; readonly reason: string };

/** Messages of a topic by their numbers: from one to before another. */
export interface SequenceSpan {
  readonly from: number;
  readonly end: number;
}

/** How a group is joined. */
export interface Joining {
  /** The group's. */
  readonly name: string;
  /** Canonical. */
  readonly pattern: string;
  /** Messages that the member may hold at a time; at least 1. */
  readonly window: number;
  /** Whether publishers wait where no member has room; else what there is no room for is left out. */
  readonly blocks: boolean;
  /** Of what is stored. All members of a group have the same. */
  readonly settling: Settling;
  /** Where a new group begins in what is stored; undefined: with what is stored from now on. */
  readonly from: From | undefined;
  /** `key`: messages of one key go to one member at a time (G12). All members of a group have the same. */
  readonly by?: "key" | undefined;
  /** Called once, at once where nothing is stored; no message comes before that. */
  readonly joined: (outcome: JoinOutcome) => void;
}

/** How messages are given back. */
export interface GivingBack {
  /** Milliseconds until they are given out again. */
  readonly delay: number;
  /** Nobody has looked at them: they do not count as given out. */
  readonly unused: boolean;
}

/** A member's place in its group. */
export interface Membership {
  /** It may hold so many from now on. */
  resize(window: number): void;
  /** So many of those that it was given have left. */
  passed(messages: number): void;
  /**
   * Stored messages that it was given are done with: answered when that is stored. False: it holds none of
   * them, and there is no answer. What of the span it does not hold is passed over.
   */
  settle(topic: string, span: SequenceSpan, answer: Acknowledgement): boolean;
  /** Whether it holds all of them. */
  holdsAll(topic: string, span: SequenceSpan): boolean;
  /** It gives them back, to be given out again; false: it holds none of them. */
  giveBack(topic: string, span: SequenceSpan, how: GivingBack): boolean;
  /** Their time begins anew; false: it holds none of them. */
  extend(topic: string, span: SequenceSpan): boolean;
  /**
   * It is no member any more. `unsent`: what it was given and has not sent, kept, in the order it was given:
   * others get it, and release it.
   */
  leave(unsent: readonly Run[]): void;
}

/** A group as plain data. */
export interface GroupSnapshot {
  /** One segment of a topic. */
  readonly name: string;
  /** Canonical. */
  readonly pattern: string;
  /** How many share it. */
  readonly members: number;
  /** Messages that were given to a member and have not been written to it, or are not settled. */
  readonly held: number;
  /** Messages that no member has room for. */
  readonly waiting: number;
  /** How its members settle what is stored; undefined: nothing of its is. */
  readonly settling: Settling | undefined;
}

/** A group as who runs the broker sees it. */
export interface GroupListing extends GroupState {
  /** How many share it. */
  readonly members: number;
  /** Messages that members hold. */
  readonly outstanding: number;
  /** Undefined: nobody is in it. */
  readonly settling: Settling | undefined;
}

/** The answer to {@link Engine.groups}. */
export type GroupsListing =
  | { readonly kind: "groups"; readonly groups: readonly GroupListing[] }
  | { readonly kind: "failed"; readonly reason: string };

/** What became of a change of a stored group. `none`: there is none; `failed`: nothing has changed. */
export type GroupChange =
  | { readonly kind: "done" }
  | { readonly kind: "none" }
  | { readonly kind: "failed"; readonly reason: string };

/** What became of asking for a replay. */
export type ReplayStart =
  | {
    readonly kind: "started";
    /** It begins here, for what was asked for is gone. */
    readonly trimmedTo: number | undefined;
    /** This is the last there is, and what was asked for lies beyond the next. */
    readonly ahead: number | undefined;
  }
  | { readonly kind: "failed"; readonly reason: string };

/** What is asked for and who is told. */
export interface ReplayOptions {
  readonly range: ReplayRange;
  /** Its beginning was found, or cannot be. Called once. */
  readonly started: (how: ReplayStart) => void;
  /** Its end was reached, or what is stored cannot be read: nothing more comes. */
  readonly ended: () => void;
  /** What else its connection is subscribed to: pattern and subscriber. */
  readonly besides: Iterable<readonly [string, Subscriber]>;
}

/** What an engine knows of itself, as plain data. */
export interface EngineSnapshot {
  /** How many (pattern, subscriber) pairs there are. */
  readonly subscriptions: number;
  /** Topics something was published to or stored in, as far as they are remembered. */
  readonly topics: number;
  /** How many replays have not ended. */
  readonly replays: number;
  /** Those that have members. */
  readonly groups: readonly GroupSnapshot[];
  /** What the store holds, where there is one. */
  readonly store: StoreState | undefined;
  /** What was committed to it. */
  readonly commits: CommitsSnapshot | undefined;
  /** How it is reached, where it is not in this process. */
  readonly link: LinkSnapshot | undefined;
}

/** Commits since the engine began. */
export interface CommitsSnapshot {
  /** Messages that were stored. */
  readonly messages: number;
  /** How long they took, each. */
  readonly times: HistogramState;
}

/** Who gets what. */
export interface Engine {
  /** The canonical patterns of its durable topics; none: it stores nothing. */
  readonly durable: readonly string[];
  /** Milliseconds that a member of a group may hold what is stored; undefined: nothing is. */
  readonly ackTimeout: number | undefined;
  /** How often such a message is given out before it is a dead letter. */
  readonly maxAttempts: number | undefined;
  /** The route of a topic as it stands in a buffer, if it is known: the fast way, without a string. */
  findRoute(bytes: Uint8Array, start: number, end: number): Route | undefined;
  /** The route of a canonical topic. */
  routeOf(topic: string): Route;
  /** Who has to become free before anything is published to a topic, by whom; undefined: nobody. */
  gateOf(route: Route, publisher?: Publisher): Gate | undefined;
  /**
   * Whether what is published to both now goes to the same subscribers at once: then, if {@link joins} says
   * so, it may be published as one run to several topics.
   */
  goTogether(route: Route, other: Route): boolean;
  /** Whether all subscribers of a topic take such runs in an encoding. */
  joins(route: Route, encoding: Encoding): boolean;
  /** Whether what is published to a topic is stored: then it may be due later ({@link Run.due}). */
  stores(route: Route): boolean;
  /**
   * Hands the run to every subscriber of its topic, now or, where the topic is durable, once it is stored,
   * or due: then it gives nothing, and the publisher's {@link Publisher.hold} is told. Ask {@link gateOf}
   * first, in the same turn.
   */
  publish(run: Run, publisher: Publisher): Receipt | undefined;
  /** Adds a pattern; false if this subscriber had it. */
  subscribe(pattern: string, subscriber: Subscriber): boolean;
  /**
   * Whether who has subscribed by now gets all that anybody publishes from now on; else `done` is called,
   * once and later, when that is so. Where the engine is in this process it always is.
   */
  subscribed(done: () => void): boolean;
  /** Takes a pattern away, also one that {@link replay} added; false if this subscriber did not have it. */
  unsubscribe(pattern: string, subscriber: Subscriber): boolean;
  /**
   * A place in a group. It gets what is published to topics in memory from now on; of what is stored it goes
   * on where the group stands.
   */
  join(joining: Joining, member: Member): Membership;
  /** The groups that are stored, and those in memory that have members. */
  groups(done: (listing: GroupsListing) => void): void;
  /**
   * A stored group begins anew there; undefined: with what is stored from now on. What its members hold they
   * hold no longer.
   */
  resetGroup(group: GroupName, from: From | undefined, done: (change: GroupChange) => void): void;
  /** Nothing is known of a stored group any more; its members are told that they get nothing more. */
  deleteGroup(group: GroupName, done: (change: GroupChange) => void): void;
  /** Whether {@link replay} brings messages to this one. */
  replays(subscriber: Subscriber): boolean;
  /**
   * Another subscriber of the same connection and pattern in the place of one that {@link replay} brings
   * messages to, which goes on where it is; false: it brings it none.
   */
  replace(before: ReplaySubscriber, subscriber: ReplaySubscriber): boolean;
  /** Brings what is stored of a pattern, and then what is live. */
  replay(pattern: string, subscriber: ReplaySubscriber, options: ReplayOptions): void;
  /** Whether it is counted what is published to each topic. */
  readonly countsTopics: boolean;
  /** Where topics are counted: of a run to several, which is published next, so many are to this one. */
  countJoined(route: Route, messages: number, bytes: number): void;
  /** The topics it remembers, where topics are counted. */
  topics(): readonly CountedTopic[];
  /** One of them. */
  topic(name: string): CountedTopic | undefined;
  /** Rates of topics are to be told from here on: {@link CountedTopic.then}. */
  markTopics(): void;
  /** Topics of which something is stored. */
  storedTopics(query: TopicsQuery, done: (outcome: TopicsOutcome) => void): void;
  /**
   * Subscribers may have another {@link Subscriber.grant}: what it says is asked anew for each topic, and
   * what is being read for a replay under the one before is read again.
   */
  permissionsChanged(): void;
  /** Time has passed; `now` is milliseconds since 1970. Called some times a second. */
  tick(now: number): void;
  /** Something is to come of time alone: it is ticked though nobody is connected. */
  readonly waits?: boolean;
  /** Why publishing is refused as of the last attempt, a clause for a person; undefined: it is not. */
  trouble(): string | undefined;
  snapshot(): EngineSnapshot;
  /** Calls back once when everything that was published has been answered, or nothing will be any more. */
  whenIdle(callback: () => void): void;
  /**
   * Lets go of what it has, after what was published before has been answered; calls back once. Nothing is
   * asked of it after.
   */
  close(closed: () => void): void;
}
