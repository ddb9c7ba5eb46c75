/**
 * Where a message lies, as a text that a client gives back to go on behind it: the `id` of an event, `after=`
 * of a page.
 *
 *     1767323045678 12 #orders.eu     the time it was stored, its number, its topic
 *     1767323045678                   nothing has come yet: what is stored from that time on
 *     1767323045678 12 #orders.eu 7   as the first, of what began with the number 7 of each topic
 *     1767323045678 12 #orders.eu -10@1767323099999
 *                                     one of the last ten of its topic, as they were at that time: they come
 *                                     topic by topic, so that its own time says nothing of the others
 *
 * @module
 */
import type { Message, SubscribeOptions } from "../../client/types.ts";
import { type Last, parsePosition } from "../../positions.ts";
import { isPattern, parseTopic } from "../../topics/topic.ts";

type From = NonNullable<SubscribeOptions["from"]>;

/** Where what comes of several topics began in each of them. */
export type Start =
  | { readonly kind: "sequence"; readonly sequence: number }
  | { readonly kind: "last"; readonly count: number; readonly asOf: number };

/** The place behind a message, or at a time. */
export interface Place {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The message there; undefined: none in particular. */
  readonly at: { readonly topic: string; readonly seq: number } | undefined;
  /** Undefined: everywhere at a time. */
  readonly start?: Start | undefined;
}

/** What places have to say of where a subscription begins; undefined: nothing. `now`: ms since 1970. */
export function startOf(pattern: string, from: From, now: number): Start | undefined {
  if (!isPattern(pattern) || from instanceof Date) return undefined;
  if (typeof from === "number") return { kind: "sequence", sequence: from };
  const position = parsePosition(from === "latest" ? "-1" : from);
  return position?.kind === "last" ? { kind: "last", count: position.count, asOf: now } : undefined;
}

/** The place of a message of what began so; undefined: it is not stored. */
export function placeText({ time, seq, topic }: Message, start?: Start): string | undefined {
  if (time === undefined || seq === undefined) return undefined;
  const place = `${time.getTime()} ${seq} ${topic}`;
  if (start?.kind === "sequence") return `${place} ${start.sequence}`;
  // what was stored since comes in the order of its times
  if (start === undefined || time.getTime() >= start.asOf) return place;
  return `${place} -${start.count}@${start.asOf}`;
}

const PLACE = /^(\d{1,15})(?: (\d{1,15}) (#\S+?)(?: (?:(\d{1,15})|-(\d{1,9})@(\d{1,15})))?)?$/;

/** Reads one; undefined: it is none. */
export function readPlace(text: string): Place | undefined {
  const [, time, seq, name, sequence, count, asOf] = PLACE.exec(text) ?? [];
  if (time === undefined) return undefined;
  if (seq === undefined || name === undefined) return { time: Number(time), at: undefined };
  const topic = parseTopic(name, Infinity);
  if (!("name" in topic)) return undefined;
  const place = { time: Number(time), at: { topic: topic.name, seq: Number(seq) } };
  if (sequence !== undefined) return { ...place, start: { kind: "sequence", sequence: Number(sequence) } };
  if (count === undefined) return place;
  return { ...place, start: { kind: "last", count: Number(count), asOf: Number(asOf) } };
}

/** Where a subscription to a pattern begins so that it goes on behind a place. */
export function fromPlace(pattern: string, { time, at, start }: Place): From {
  if (at !== undefined && !isPattern(pattern)) return at.seq + 1;
  return beginningOf(new Date(time), start);
}

/** Where it begins so that places know of it: the last so many that there were then, and all since (D3). */
export function beginningOf(from: From, start: Start | undefined): From {
  if (start?.kind !== "last") return from;
  return `-${start.count}@${new Date(start.asOf).toISOString()}` as Last;
}

/**
 * Leaves out what was had before a place: of the messages of its very time, which come in the order in which
 * they were stored, those up to it. Should it not be there any more, none: rather twice than not at all. Of
 * the last so many of each topic it leaves out those up to it, which are not kept for that, and may be many.
 */
export class Behind {
  readonly #place: Place;
  #held: Message[] | undefined;
  #skips: boolean;

  /** `pattern`: what is subscribed to from {@link fromPlace} on. */
  constructor(pattern: string, place: Place) {
    this.#place = place;
    const isOne = place.at === undefined || !isPattern(pattern);
    this.#skips = !isOne && place.start?.kind === "last";
    this.#held = isOne || this.#skips ? undefined : [];
  }

  /** What is to be given now that this message has come. */
  take(message: Message): readonly Message[] {
    if (message.time === undefined || message.seq === undefined) return [message];
    const { time, at, start } = this.#place;
    if (start?.kind === "sequence" && message.seq < start.sequence) return [];
    if (this.#skips && start?.kind === "last") {
      const isOfPlace = message.topic === at!.topic && message.seq >= at!.seq;
      this.#skips = !isOfPlace && message.time.getTime() < start.asOf;
      return this.#skips || (isOfPlace && message.seq === at!.seq) ? [] : [message];
    }
    const held = this.#held;
    if (held === undefined) return [message];
    if (message.time.getTime() !== time) return [...this.rest(), message];
    if (message.topic === at!.topic && message.seq === at!.seq) {
      this.#held = undefined;
      return [];
    }
    held.push(message);
    return [];
  }

  /** What is to be given when nothing more comes for now. */
  rest(): readonly Message[] {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#skips = false;
    return held;
  }
}
