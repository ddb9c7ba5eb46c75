/**
 * What one commit brings, put together as it is stored: the appends to one topic close up to a batch.
 *
 *     appends   #a  #b  #a  #b  #b          buffer   #a #a │ #b #b #b
 *
 * @module
 */
import type { Append, Stored } from "../types.ts";

/** Bytes a batch grows to before the next append to its topic begins another. One append is never cut. */
const BATCH_BYTES_MOST = 1024 * 1024;

/** A batch that is to be stored: its frames lie in a buffer from `start` to `end`. */
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

/** The batches of one commit, and which append went where. */
export interface Gathered {
  readonly batches: readonly NewBatch[];
  /** Bytes of all. */
  readonly length: number;
  /** By append: its batch, and how many messages lie in that before it. */
  readonly places: readonly { readonly batch: number; readonly offset: number }[];
  /** Copies the bytes of all batches to the beginning of `out`. */
  copyTo(out: Uint8Array): void;
}

class Group {
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
export function gather(appends: readonly Append[]): Gathered {
  const groups: Group[] = [];
  const open = new Map<string, number>();
  const places: { batch: number; offset: number }[] = [];
  for (const { topic, count, bytes, ids, ttl } of appends) {
    let batch = open.get(topic);
    if (batch === undefined || groups[batch]!.bytes + bytes.length > BATCH_BYTES_MOST) {
      batch = groups.push(new Group(topic)) - 1;
      open.set(topic, batch);
    }
    const group = groups[batch]!;
    places.push({ batch, offset: group.count });
    group.parts.push(bytes);
    group.bytes += bytes.length;
    group.count += count;
    if (ids !== undefined) group.ids = group.ids === undefined ? ids : `${group.ids}\n${ids}`;
    if (ttl !== undefined) group.ttl = Math.min(ttl, group.ttl ?? ttl);
  }
  let length = 0;
  const batches = groups.map(({ topic, count, bytes, ids, ttl }) => {
    const start = length;
    length += bytes;
    return { topic, count, start, end: length, ids, ttl };
  });
  return {
    batches,
    length,
    places,
    copyTo: (out) => {
      let at = 0;
      for (const { parts } of groups) {
        for (const part of parts) {
          out.set(part, at);
          at += part.length;
        }
      }
    },
  };
}

/** What a commit of gathered batches was given. */
export interface Numbers {
  /** Of the first batch; the others follow it without a gap. */
  readonly batch: number;
  /** By batch: the sequence number of its first message. */
  readonly firsts: readonly number[];
  readonly time: number;
}

/** Where each append went. */
export function storedOf({ places }: Gathered, { batch, firsts, time }: Numbers): Stored[] {
  return places.map((place) => ({
    first: firsts[place.batch]! + place.offset,
    batch: batch + place.batch,
    time,
  }));
}

/** Why a topic cannot be stored: it would be read back as another. Undefined: it can. */
export function topicProblem(topic: string): string | undefined {
  if (topic !== "" && topic.isWellFormed() && !topic.includes("\0")) return undefined;
  return `the topic ${JSON.stringify(topic)} cannot be stored as it is`;
}
