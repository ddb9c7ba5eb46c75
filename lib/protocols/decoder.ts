/**
 * What the broker's decoders have in common, so that a session need not know which one it has.
 *
 * @module
 */
import type { WireCode } from "../errors.ts";
import type { Delay } from "../wire/delay.ts";
import type { Encoding } from "../wire/encoding.ts";

/** What {@link Decoder.next} found. */
export enum Found {
  /** Nothing more in this window: what is unconsumed is the beginning of something. */
  Nothing,
  /** `count` consecutive publishes to one topic: the buffer from `start` to `end`, ready to be delivered. */
  Publishes,
  /** `ack` requests that follow one another: see `acks`. */
  Acks,
  /** Any other request that is no publish: see `request`. */
  Request,
  /** A request that is refused with `refusal`; the next one can be read. */
  Refused,
  /** `refusal` again, but what follows cannot be understood any more: the connection has to end. */
  Broken,
}

/** A request other than a publish, as text: `<id> <verb> <argument> <fields>`. */
export interface Request {
  /** Empty in v2. */
  readonly id: string;
  readonly verb: string;
  readonly argument: string;
  /** What follows the argument, split at the spaces: `from=earliest`. */
  readonly fields: readonly string[];
}

/** Stands where no request has come yet. */
export const NO_REQUEST: Request = { id: "", verb: "", argument: "", fields: [] };

/**
 * `ack` requests of one group and topic, each of one number and each of the next one; or one of a range.
 * Requests that are written in another way come as {@link Request}.
 */
export interface Acks {
  /** As it was written. */
  readonly group: string;
  /** From `topicStart` to `topicEnd` the topic as it was written, with `#` or without. UTF-8. */
  readonly head: Uint8Array;
  readonly topicStart: number;
  readonly topicEnd: number;
  /** How many requests. */
  readonly count: number;
  /** The numbers: from this one, which is 1 or more, to before the other. */
  readonly from: number;
  readonly end: number;
  /** Of a range: it is settled only if all of it is held. */
  readonly all: boolean;
}

/** Stands where no such request has come yet. */
export const NO_ACKS: Acks = {
  group: "",
  head: new Uint8Array(0),
  topicStart: 0,
  topicEnd: 0,
  count: 0,
  from: 0,
  end: 0,
  all: false,
};

/**
 * Guarantees: every request yields exactly one publish, request or refusal, in order, however the bytes were
 * split into windows; memory does not grow with what a peer sends. Between two windows the caller keeps the
 * bytes from `consumed` on, and presents them again with more behind them.
 */
export interface Decoder {
  /** Of {@link Found.Publishes}: where the deliveries lie, and how many they are. */
  readonly start: number;
  readonly end: number;
  readonly count: number;
  /**
   * Of {@link Found.Publishes}: `head` from `topicStart` to `topicEnd` is the topic as it was written, with
   * `#` or without.
   */
  readonly head: Uint8Array;
  readonly topicStart: number;
  readonly topicEnd: number;
  /** Of {@link Found.Publishes}: how the deliveries are written. */
  readonly encoding: Encoding;
  /** Of {@link Found.Publishes}: whether any of them has fields. */
  readonly hasFields: boolean;
  /**
   * Of {@link Found.Publishes}: milliseconds for which they are worth delivering; undefined: for ever. The
   * same for all of them.
   */
  readonly ttl: number | undefined;
  /** Of {@link Found.Publishes}: when they are to be delivered; undefined: now. The same for all of them. */
  readonly delay: Delay | undefined;
  /**
   * Of {@link Found.Publishes}: who published, where the protocol says it: any word, for logs and people
   * (C7).
   */
  publisherId(): string;
  /** Of {@link Found.Request}. */
  readonly request: Request;
  /** Of {@link Found.Acks}. */
  readonly acks: Acks;
  /** Of {@link Found.Refused} and {@link Found.Broken}; `problem` is a clause for a person, or empty. */
  readonly refusal: WireCode;
  readonly problem: string;
  /** The window is done with up to here. */
  readonly consumed: number;
  /** Bytes of what begins at `consumed` when it is whole, as its header says; 0: not known. */
  readonly awaited: number;
  /**
   * Presents the bytes from `start` to `end`. `buffer[end]` must exist and is overwritten: it stops the
   * search. The buffer's length is a multiple of four.
   */
  feed(buffer: Uint8Array<ArrayBuffer>, start: number, end: number): void;
  /** Finds the next thing in the window. */
  next(): Found;
  /**
   * After {@link Found.Nothing} with something unconsumed: refuses what has begun and passes over it, as much
   * as is there and the rest as it comes.
   */
  passOver(code: WireCode, problem: string): Found.Refused | Found.Broken;
}
