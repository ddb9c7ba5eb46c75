/**
 * The waist: what sessions ask of an engine, and what an engine asks of a subscriber. The engine never sees a socket.
 *
 * @module
 */
import type { Slice } from "../buffers.ts";
import type { IdSpan } from "../id_spans.ts";
import type { From, To } from "../store/types.ts";

export type { From, To };

/** What an engine keeps for one topic. Sessions hold it between two publishes and give it back. */
export interface Route {
  /** The topic in its canonical form, `#hello`. */
  readonly topic: string;
  /** How long that is in UTF-8. */
  readonly topicBytes: number;
}

/**
 * How messages are written on the wire: as lines (the classic protocol), as counted frames (v2), or as frames behind a header that
 * says their sequence numbers (v2, durable topics).
 */
export type Form = "classic" | "frames" | "batch";

/** How safe a message is when it is acknowledged: in memory, or on disk after an fsync. */
export type Level = "memory" | "synced";

/** Where a run of a durable topic is stored. */
export interface Place {
  /** The sequence number of its first message. */
  readonly first: number;
  /** The batch it is in: see {@link import("../store/types.ts").Stored}. */
  readonly batch: number;
  /** When it was stored, milliseconds since 1970. */
  readonly time: number;
}

/** Consecutive publishes to one topic inside one read: the unit in which messages travel. */
export interface Run {
  readonly route: Route;
  /** How many messages; none where all were {@link omit}ted. */
  readonly count: number;
  /** The ids of its messages, those that count up together; undefined where none has one. */
  readonly ids: readonly IdSpan[] | undefined;
  /** Milliseconds for which its messages are worth delivering, all the same; undefined: for ever. */
  readonly ttl: number | undefined;
  /** When that is over, milliseconds since 1970, for who has to wait for them. */
  readonly expires: number | undefined;
  /** Leaves out the messages at these positions: they are stored already. */
  omit(positions: ReadonlySet<number>): void;
  /** Whether any were: it is acknowledged for messages that others brought. */
  readonly repeats: boolean;
  /** The messages as deliveries of that form; made once, by the first who asks, shared by all who do. */
  as(form: Form): Slice;
  /** Those of its messages whose sequence numbers are at least this, as a batch; it is stored and has some. */
  batchFrom(sequence: number): Slice;
  /** How many subscribers have it: set by {@link Engine.publish}, or before {@link settle}. */
  reached: number | undefined;
  /** Set once it is stored. */
  place: Place | undefined;
  /** It has to outlive the call that brings it, until {@link settle}. */
  keep(): void;
  /** A run that was kept is stored and delivered, or was refused for this reason. */
  settle(refused?: string): void;
}

/** Something that can be too full to take more. */
export interface Gate {
  readonly full: boolean;
  /** Calls back once when `full` has become false, or when it is gone. */
  whenNotFull(callback: () => void): void;
}

/** Who gets messages. While it is full its publishers have to wait: `deliver` is not called for topics in memory. */
export interface Subscriber extends Gate {
  /** Subscribers of one connection share this: of those that match a topic only one gets the message, so that it comes once. */
  readonly connection: object;
  /** That one is the one with the highest rank. */
  readonly rank: number;
  /** Takes the run, or drops and counts it. Never throws. */
  deliver(run: Run): void;
}

/** A subscriber that reads the past: pages of stored messages come to it at its own pace. */
export interface Reader extends Subscriber {
  /** Takes those messages of a stored run whose sequence numbers are at least this, where that is not all of them. */
  deliverFrom(run: Run, sequence: number): void;
  /** Takes stored messages as they are written to a v2 subscriber. */
  deliverPage(bytes: Uint8Array<ArrayBuffer>, messages: number): void;
  /** All that is stored has been read: from here on it is live, or over if an end was given. */
  caughtUp(how: "live" | "end"): void;
  /** What was stored cannot be read any further. */
  failed(reason: string): void;
}

/** Totals since the start. */
export interface Counters {
  /** Messages accepted from publishers. */
  published: number;
  /** Messages put into outboxes. */
  delivered: number;
  /** Messages left out for subscribers that were too slow. */
  dropped: number;
  /** Messages not delivered because their time to live was over while they waited for a subscriber. */
  expired: number;
  /** Requests answered with an error. */
  refused: number;
}

/** What became of a publish: all subscribers have it; it is being stored, and its run will be settled; or somebody is full. */
export type Publication = "delivered" | "pending" | Gate;

/** What became of asking for the past. */
export type Followed =
  | { readonly kind: "following"; readonly trimmedTo: number | undefined }
  | { readonly kind: "failed"; readonly reason: string };

/** Where a replay begins and ends: see {@link import("../store/types.ts").From}. */
export interface Range {
  readonly from: From;
  readonly to: To | undefined;
}

/** What is asked for and who is told. */
export interface FollowOptions {
  readonly range: Range;
  /** Its beginning was found, or cannot be. Called once. */
  readonly done: (how: Followed) => void;
  /** Its end was reached: nothing more comes. */
  readonly ended: () => void;
}

/** Who gets what. */
export interface Engine {
  readonly counters: Counters;
  /** The route of a topic as it stands in a buffer, if it is known: the fast way, without a string. */
  findRoute(bytes: Uint8Array, start: number, end: number): Route | undefined;
  /** The route of a canonical topic. */
  routeOf(topic: string): Route;
  /**
   * Hands the run to every subscriber of its topic, at once or, where the topic is durable, once it is stored. When it returns a
   * gate, that one is full and nobody has got anything: publish again when it is not.
   */
  publish(run: Run): Publication;
  /** Adds a pattern; false if this subscriber had it. */
  subscribe(pattern: string, subscriber: Subscriber): boolean;
  /** Takes a pattern away; false if this subscriber did not have it. */
  unsubscribe(pattern: string, subscriber: Subscriber): boolean;
  /** Whether there is a past to ask for. */
  readonly remembers: boolean;
  /** Brings the past of a pattern, and then what is live. {@link unsubscribe} ends it. */
  follow(
    pattern: string,
    reader: Reader,
    options: FollowOptions,
  ): void;
}
