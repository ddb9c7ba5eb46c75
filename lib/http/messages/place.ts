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
  // the last so many that there were then, and all since (D3)
  if (start?.kind === "last") return `-${start.count}@${new Date(start.asOf).toISOString()}` as Last;
  return new Date(time);
}

/** Bytes of the last of each topic that are kept until the place is found among them, about. */
const HELD_MOST = 4 * 1024 * 1024;

/**
 * Leaves out what was had before a place: of the messages of its very time, which come in the order in which
 * they were stored, those up to it; of the last so many of each topic, too. Should it not be there any more,
 * none: rather twice than not at all, but for what is too much to be kept until that is known.
 */
export class Behind {
  readonly #place: Place;
  /** What has come and may lie before the place; undefined: it has been passed. */
  #held: Message[] | undefined;
  #bytes = 0;

  /** `pattern`: what is subscribed to from {@link fromPlace} on. */
  constructor(pattern: string, place: Place) {
    this.#place = place;
    this.#held = place.at === undefined || !isPattern(pattern) ? undefined : [];
  }

  /** What is to be given now that this message has come. */
  take(message: Message): readonly Message[] {
    if (message.time === undefined || message.seq === undefined) return [message];
    const { at, start } = this.#place;
    if (start?.kind === "sequence" && message.seq < start.sequence) return [];
    if (this.#held === undefined) return [message];
    if (!this.#mayLieBefore(message.time.getTime())) return [...this.rest(), message];
    if (message.topic === at!.topic && message.seq >= at!.seq) {
      // one behind it in its topic: it is gone, and what came before it had been had
      if (start?.kind === "last" || message.seq === at!.seq) {
        this.#held = undefined;
        return message.seq === at!.seq ? [] : [message];
      }
    }
    this.#hold(message);
    return [];
  }

  /** What is to be given when nothing more comes for now. */
  rest(): readonly Message[] {
    const held = this.#held ?? [];
    this.#held = undefined;
    return held;
  }

  #mayLieBefore(stored: number): boolean {
    const { time, start } = this.#place;
    return start?.kind === "last" ? stored < start.asOf : stored === time;
  }

  #hold(message: Message): void {
    const held = this.#held!;
    held.push(message);
    this.#bytes += message.payload.length + HELD_EACH;
    if (this.#bytes <= HELD_MOST) return;
    for (const { payload } of held.splice(0, Math.ceil(held.length / 2))) {
      this.#bytes -= payload.length + HELD_EACH;
    }
  }
}

/** Bytes that a message takes besides its payload, about. */
const HELD_EACH = 256;
