/**
 * What the engine asks of JetStream besides publishing and reading, which go over the link: the stream that
 * all durable topics are in, and its consumers. Calls return at once and are called back once; the driver is
 * `lib/nats/streams.ts`.
 *
 * @module
 */
import type { GroupName } from "../../store/types.ts";
import type { Settling } from "../types.ts";

/** What became of asking for something; `none`: there is no such thing. */
export type Asked<Value> =
  | { readonly kind: "done"; readonly value: Value }
  | { readonly kind: "none" }
  | { readonly kind: "failed"; readonly reason: string };

/** The stream at a moment. */
export interface StreamState {
  /** When it was made: one that was made anew has another, and its numbers begin at 1. */
  readonly created: string;
  /** The number of its first message that is still there; one more than the last where there is none. */
  readonly first: number;
  /** That of its last; 0: nothing was ever stored. */
  readonly last: number;
  readonly messages: number;
  readonly bytes: number;
  /** Subjects with a message. */
  readonly subjects: number;
}

/** Where a consumer begins. A time is milliseconds since 1970. */
export type ConsumerStart =
  | { readonly kind: "sequence"; readonly sequence: number }
  | { readonly kind: "time"; readonly time: number }
  | { readonly kind: "all" }
  | { readonly kind: "last of each" };

/** What a reader is to be given: nothing has to be acknowledged. */
export interface ReaderSpec {
  /** Subjects, with wildcards; no two have one in common. As many as {@link StreamsPort.filtersMost}. */
  readonly filters: readonly string[];
  readonly start: ConsumerStart;
}

/** How a group's consumer is made. */
export interface GroupSpec {
  readonly group: GroupName;
  /** Its subject. */
  readonly filter: string;
  readonly settling: Settling;
  /** Undefined: what is stored from now on. */
  readonly start: ConsumerStart | undefined;
  /** Milliseconds after which NATS gives out again what nobody has acknowledged. */
  readonly ackWait: number;
}

/** A group's consumer. */
export interface GroupConsumer {
  readonly group: GroupName;
  readonly settling: Settling;
  /** As NATS knows it. */
  readonly consumer: string;
  /** When it was made: one that was made anew has another. */
  readonly created: string;
  /** Messages that it has not acknowledged. */
  readonly lag: number;
  /** Those of them that members hold, of any broker. */
  readonly outstanding: number;
}

/** A subject's message. */
export interface EdgeMessage {
  readonly sequence: number;
  /** When it was stored, milliseconds since 1970. */
  readonly time: number;
}

/** One stream. */
export interface StreamsPort {
  /** Its name. */
  readonly stream: string;
  /** What subjects of JetStream's API begin with: `$JS.API`. */
  readonly api: string;
  /** How many filters a consumer may have. */
  readonly filtersMost: number;
  state(done: (asked: Asked<StreamState>) => void): void;
  /** Makes a consumer that goes by itself when nobody asks for a while; its name. */
  addReader(spec: ReaderSpec, done: (asked: Asked<string>) => void): void;
  /** A consumer is no more. */
  remove(consumer: string, done: (asked: Asked<true>) => void): void;
  /** Makes it where there is none yet, else gives the one there is, which waits as long as is said now. */
  openGroup(spec: GroupSpec, done: (asked: Asked<GroupConsumer>) => void): void;
  group(group: GroupName, done: (asked: Asked<GroupConsumer>) => void): void;
  groups(done: (asked: Asked<readonly GroupConsumer[]>) => void): void;
  /** The subjects that have a message and match one, and how many each. */
  subjects(filter: string, done: (asked: Asked<ReadonlyMap<string, number>>) => void): void;
  /** The first or the last message of a subject. */
  edge(subject: string, which: "first" | "last", done: (asked: Asked<EdgeMessage>) => void): void;
  /**
   * The first message of a subject, which may have wildcards, at a number or behind it, by who leads the
   * stream: a consumer knows only what its own server has, which may have come back a moment ago.
   */
  next(subject: string, from: number, done: (asked: Asked<EdgeMessage>) => void): void;
}
