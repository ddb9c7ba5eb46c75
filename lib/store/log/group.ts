/**
 * What one commit brings, put together as it is stored: the appends to one topic close up to a batch.
 *
 *     appends   #a  #b  #a  #b  #b          buffer   #a #a │ #b #b #b
 *
 * @module
 */
import type { Append, CommitOutcome, Delayed, MayBegin, Stored } from "../types.ts";
import { strongest } from "./beginnings.ts";

/** Bytes a batch grows to before what comes next to its topic begins another. One append is never cut. */
export const BATCH_BYTES_MOST = 1024 * 1024;

/** A batch that is to be stored: its records lie in a buffer from `start` to `end`. */
export interface NewBatch {
  readonly topic: string;
  readonly count: number;
  readonly start: number;
  readonly end: number;
  /** The ids of its messages, where any has one. */
  readonly ids?: string | undefined;
  /** Milliseconds until the first of its messages expires, where any does. */
  readonly ttl?: number | undefined;
  /** Whether its topic may begin with it, as {@link Append.mayBegin}: if it may with any of its messages. */
  readonly mayBegin?: MayBegin | undefined;
}

/** A run that is to be kept until it is due: its records lie in a buffer from `start` to `end`. */
export interface NewDelayed extends NewBatch {
  /** Milliseconds since 1970. */
  readonly due: number;
}

/** The batches of one commit, and which batch each append went into. */
export interface Grouped {
  readonly batches: readonly NewBatch[];
  /** What is kept until it is due: it lies behind them. */
  readonly delayed: readonly NewDelayed[];
  /** Bytes of all. */
  readonly length: number;
  /** By append: its batch, and how many messages of that are before its own. */
  readonly appends: readonly { readonly batch: number; readonly offset: number }[];
  /** Copies the bytes of all to the beginning of `out`. */
  copyTo(out: Uint8Array): void;
}

/** A batch while appends are added to it. */
class OpenBatch {
  readonly topic: string;
  readonly parts: Uint8Array[] = [];
  bytes = 0;
  count = 0;
  ids: string | undefined;
  ttl: number | undefined;
  mayBegin: MayBegin | undefined;

  constructor({ topic, mayBegin }: Append) {
    this.topic = topic;
    this.mayBegin = mayBegin;
  }
}

/** Decides which appends share a batch. The order of the appends to one topic is kept. */
export function groupAppends(appends: readonly Append[], later: readonly Delayed[] = []): Grouped {
  const open: OpenBatch[] = [];
  const newest = new Map<string, number>();
  const placed: { batch: number; offset: number }[] = [];
  for (const append of appends) {
    const { topic, count, bytes, ids, ttl, mayBegin } = append;
    let batch = newest.get(topic);
    if (batch === undefined || open[batch]!.bytes + bytes.length > BATCH_BYTES_MOST) {
      batch = open.push(new OpenBatch(append)) - 1;
      newest.set(topic, batch);
    }
    const one = open[batch]!;
    placed.push({ batch, offset: one.count });
    one.parts.push(bytes);
    one.bytes += bytes.length;
    one.count += count;
    one.mayBegin = strongest(one.mayBegin, mayBegin);
    if (ids !== undefined) one.ids = one.ids === undefined ? ids : `${one.ids}\n${ids}`;
    if (ttl !== undefined) one.ttl = Math.min(ttl, one.ttl ?? ttl);
  }
  let length = 0;
  const batches = open.map(({ topic, count, bytes, ids, ttl, mayBegin }) => {
    const start = length;
    length += bytes;
    return { topic, count, start, end: length, ids, ttl, mayBegin };
  });
  const delayed = later.map(({ topic, count, bytes, ids, ttl, due, mayBegin }) => {
    const start = length;
    length += bytes.length;
    return { topic, count, start, end: length, ids, ttl, due, mayBegin };
  });
  return {
    batches,
    delayed,
    length,
    appends: placed,
    copyTo: (out) => {
      let at = 0;
      for (const { parts } of open) {
        for (const part of parts) {
          out.set(part, at);
          at += part.length;
        }
      }
      for (const { bytes } of later) {
        out.set(bytes, at);
        at += bytes.length;
      }
    },
  };
}

/** What the batches of one commit were given. */
export interface CommitNumbers {
  /** Of the first batch that is stored; the others follow it without a gap. */
  readonly batch: number;
  /** By batch: the sequence number of its first message; {@link UNBEGUN}: it is not stored. */
  readonly firsts: readonly number[];
  readonly time: number;
  /** What became of the topics of what is kept until it is due, by place; left out: all were there. */
  readonly later?: { readonly begun: readonly number[]; readonly unbegun: readonly number[] } | undefined;
}

/** In the place of a sequence number: the batch's topic is not there, and might not begin with it. */
export const UNBEGUN = 0;

/** What became of a commit that was given these. */
export function outcomeOf(
  { appends }: Grouped,
  { batch, firsts, time, later }: CommitNumbers,
): Extract<CommitOutcome, { kind: "stored" }> {
  let next = batch;
  const numbers = firsts.map((first) => first === UNBEGUN ? UNBEGUN : next++);
  const places: number[] = [];
  const stored: Stored[] = [];
  for (const [place, { batch: at, offset }] of appends.entries()) {
    const first = firsts[at]!;
    if (first === UNBEGUN) places.push(place);
    else stored.push({ first: first + offset, batch: numbers[at]!, time });
  }
  const { begun = [], unbegun: delayed = [] } = later ?? {};
  return {
    kind: "stored",
    stored,
    unbegun: places.length + delayed.length === 0 ? undefined : { appends: places, delayed },
    begun: begun.length === 0 ? undefined : begun,
  };
}

/** Those of a commit's batches that are stored. */
export function storedBatches(
  batches: readonly NewBatch[],
  { firsts }: Pick<CommitNumbers, "firsts">,
): readonly NewBatch[] {
  return firsts.includes(UNBEGUN) ? batches.filter((_, at) => firsts[at] !== UNBEGUN) : batches;
}

/** Why a topic cannot be stored: it would be read back as another. Undefined: it can. */
export function topicProblem(topic: string): string | undefined {
  if (topic !== "" && topic.isWellFormed() && !topic.includes("\0")) return undefined;
  return `the topic ${JSON.stringify(topic)} cannot be stored as it is`;
}

/** Why one of them cannot be stored; undefined: all can. */
export function topicsProblem(of: readonly { readonly topic: string }[]): string | undefined {
  for (const { topic } of of) {
    const problem = topicProblem(topic);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
