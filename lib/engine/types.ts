/**
 * The waist: what sessions ask of an engine, and what an engine asks of a subscriber. The engine never sees a socket.
 *
 * @module
 */
import type { Slice } from "../buffers.ts";

/** What an engine keeps for one topic. Sessions hold it between two publishes and give it back. */
export interface Route {
  /** The topic in its canonical form, `#hello`. */
  readonly topic: string;
  /** How long that is in UTF-8. */
  readonly topicBytes: number;
}

/** How messages are written on the wire: as lines (the classic protocol) or as counted frames (v2). */
export type Form = "classic" | "frames";

/** Consecutive publishes to one topic inside one read: the unit in which messages travel. */
export interface Run {
  readonly route: Route;
  /** How many messages. */
  readonly count: number;
  /** The messages as deliveries of that form; made once, by the first who asks, shared by all who do. */
  as(form: Form): Slice;
  /** How many subscribers have it: set by {@link Engine.publish}. */
  reached: number;
}

/** Who gets messages. */
export interface Subscriber {
  /** Subscribers of one connection share this: of those that match a topic only one gets the message, so that it comes once. */
  readonly connection: object;
  /** That one is the one with the highest rank. */
  readonly rank: number;
  /** Publishers that feed this one have to wait: `deliver` is not called while it is so. */
  readonly full: boolean;
  /** Takes the run, or drops and counts it. Never throws. */
  deliver(run: Run): void;
  /** Calls back once when `full` has become false, or when the subscriber is gone. */
  whenNotFull(callback: () => void): void;
}

/** Totals since the start. */
export interface Counters {
  /** Messages accepted from publishers. */
  published: number;
  /** Messages put into outboxes. */
  delivered: number;
  /** Messages left out for subscribers that were too slow. */
  dropped: number;
  /** Requests answered with an error. */
  refused: number;
}

/** Who gets what. */
export interface Engine {
  readonly counters: Counters;
  /** The route of a topic as it stands in a buffer, if it is known: the fast way, without a string. */
  findRoute(bytes: Uint8Array, start: number, end: number): Route | undefined;
  /** The route of a canonical topic. */
  routeOf(topic: string): Route;
  /**
   * Hands the run to every subscriber of its topic: when it returns undefined, all of them have it. When it returns a
   * subscriber, that one is full and nobody has got anything: publish again when it is no longer.
   */
  publish(run: Run): Subscriber | undefined;
  /** Adds a pattern; false if this subscriber had it. */
  subscribe(pattern: string, subscriber: Subscriber): boolean;
  /** Takes a pattern away; false if this subscriber did not have it. */
  unsubscribe(pattern: string, subscriber: Subscriber): boolean;
}
