/**
 * What one commit brings, put together as it is stored: the appends to one topic close up to a batch.
 *
 *     appends   #a  #b  #a  #b  #b          buffer   #a #a │ #b #b #b
 *
 * @module
 */
import type { Append, Delayed, Stored } from "../types.ts";

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

  constructor(topic: string) {
    this.topic = topic;
  }
}

/** Decides which appends share a batch. The order of the appends to one topic is kept. */
export function groupAppends(appends: readonly Append[], later: readonly Delayed[] = []): Grouped {
  const open: OpenBatch[] = [];
  const newest = new Map<string, number>();
  const placed: { batch: number; offset: number }[] = [];
  for (const { topic, count, bytes, ids, ttl } of appends) {
    let batch = newest.get(topic);
    if (batch === undefined || open[batch]!.bytes + bytes.length > BATCH_BYTES_MOST) {
      batch = open.push(new OpenBatch(topic)) - 1;
      newest.set(topic, batch);
    }
    const one = open[batch]!;
    placed.push({ batch, offset: one.count });
    one.parts.push(bytes);
    one.bytes += bytes.length;
    one.count += count;
    if (ids !== undefined) one.ids = one.ids === undefined ? ids : `${one.ids}\n${ids}`;
    if (ttl !== undefined) one.ttl = Math.min(ttl, one.ttl ?? ttl);
  }
  let length = 0;
  const batches = open.map(({ topic, count, bytes, ids, ttl }) => {
    const start = length;
    length += bytes;
    return { topic, count, start, end: length, ids, ttl };
  });
  const delayed = later.map(({ topic, count, bytes, ids, ttl, due }) => {
    const start = length;
    length += bytes.length;
    return { topic, count, start, end: length, ids, ttl, due };
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
  /** Of the first batch; the others follow it without a gap. */
  readonly batch: number;
  /** By batch: the sequence number of its first message. */
  readonly firsts: readonly number[];
  readonly time: number;
}

/** Where each append went. */
export function storedOf({ appends }: Grouped, { batch, firsts, time }: CommitNumbers): Stored[] {
  return appends.map(({ batch: at, offset }) => ({
    first: firsts[at]! + offset,
    batch: batch + at,
    time,
  }));
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
