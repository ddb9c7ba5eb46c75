/**
 * A protocol as a value: how requests are read, what is answered, how deliveries are written. A session has
 * one and asks it; which ones there are is known to {@link import("./mod.ts")} and to the listeners.
 *
 * @module
 */
import type { Slice } from "../buffers.ts";
import type { WireCode } from "../errors.ts";
import type { Limits } from "../limits.ts";
import type { Encoding } from "../wire/encoding.ts";
import type { Run } from "../wire/run.ts";
import type { Decoder } from "./decoder.ts";

/** Why a request failed: a code for programs and a sentence for people. */
export interface Refusal {
  readonly code: WireCode;
  readonly text: string;
  /** Nothing that follows the request is read: who sends it means something else by that. */
  readonly last?: true;
}

/** What a success comes to. One object is used for several only where they are alike. */
export interface Success {
  /**
   * How many subscribers have each of the messages; undefined where that is not known, or the request was no
   * publish.
   */
  readonly reached: number | undefined;
  /** How safe each is: `memory`, `synced`; undefined where the request was no publish. */
  readonly level: string | undefined;
  /** The sequence number of the last, where they were stored just now; those of the others come before it. */
  readonly last: number | undefined;
  /** The topic whose sequence numbers these are. */
  readonly topic: string | undefined;
  /** The first sequence number that is left of those that were asked for, where some are gone. */
  readonly from?: number | undefined;
  /** The greatest sequence number there is, where the one asked for lies beyond the next. */
  readonly newest?: number | undefined;
}

/** The success of a request that is no publish. */
export const DONE: Success = { reached: undefined, level: undefined, last: undefined, topic: undefined };

/** Where replies go. */
export interface ReplySink {
  reply(slice: Slice): void;
}

/**
 * What one connection is answered, in the order of the calls. What a protocol has no words for is not said.
 * It may be kept back until {@link flush}, a few KiB at most.
 */
export interface Replies {
  /** Whether it says what successes come to: then only those are told together that come to the same (V2). */
  readonly tellsReceipts: boolean;
  /** `count` requests succeeded, each of them like this; `last` is that of the last. */
  ok(count: number, success: Success): void;
  /** `count` requests were refused for the same reason. */
  refuse(why: Refusal, count: number): void;
  /** The answer to `hello`: from here on this protocol is spoken. `info` is what a client has to know. */
  welcome(info: Readonly<Record<string, unknown>>): void;
  /** The answer to `ping`. */
  pong(): void;
  /** The answer to `quit`. */
  goodbye(): void;
  /** The connection is ended by the broker. */
  bye(code: string, text: string): void;
  /** A notice. */
  info(fields: Readonly<Record<string, unknown>>): void;
  /** Nothing more comes now: what was said so far goes where replies go. */
  flush(): void;
}

/** For whom of a group messages are. */
export interface Share {
  readonly group: string;
  /** How often those that are stored have been given out with this time. */
  readonly attempt: number;
}

/** One protocol, from the broker's side. */
export interface Protocol {
  /** As it is called in logs and snapshots. */
  readonly name: string;
  /** The requests it has. */
  readonly verbs: ReadonlySet<string>;
  /** Whether a request may have fields `k=v` behind its argument. */
  readonly carriesFields: boolean;
  /** Whether what was left out is told in its place; {@link gap} says how. */
  readonly tellsGaps: boolean;
  /** What reads a connection's requests. */
  decoder(limits: Limits): Decoder;
  /** What answers them. */
  replies(to: ReplySink): Replies;
  /** How messages are written to a subscriber, but for what is stored. */
  readonly encoding: Encoding;
  /** The messages of a run as they are written to a subscriber; made once for all who speak this. */
  deliveries(run: Run): Slice;
  /**
   * The messages of a run as they are written to a member of a group, in memory that is released by who asked
   * for it; left out: it has no groups.
   */
  readonly shared?: (run: Run, share: Share) => Slice;
  /** So many messages of a pattern are missing here; to a member of a group: of what the group was to get. */
  gap(pattern: string, count: number, group?: string): Slice | undefined;
  /** A notice among the deliveries. */
  notice(fields: Readonly<Record<string, unknown>>): Slice | undefined;
  /** Why the connection is ended by the broker, said where nothing else is any more. */
  bye(code: string, text: string): Slice | undefined;
  /** What is said, unasked, to a connection that is not served; then it is closed. */
  turnAway(why: Refusal): Uint8Array<ArrayBuffer>;
}
