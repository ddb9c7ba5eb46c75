/**
 * Where a message lies, as a text that a client gives back to go on behind it: the `id` of an event, `after=`
 * of a page.
 *
 *     1767323045678 12 #orders.eu     the time it was stored, its number, its topic
 *     1767323045678                   nothing has come yet: what is stored from that time on
 *
 * @module
 */
import type { Message, SubscribeOptions } from "../../client/types.ts";
import { isPattern, parseTopic } from "../../topics/topic.ts";

/** The place behind a message, or at a time. */
export interface Place {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The message there; undefined: none in particular. */
  readonly at: { readonly topic: string; readonly seq: number } | undefined;
}

/** The place of a message; undefined: it is not stored. */
export function placeText({ time, seq, topic }: Message): string | undefined {
  return time === undefined || seq === undefined ? undefined : `${time.getTime()} ${seq} ${topic}`;
}

/** Reads one; undefined: it is none. */
export function readPlace(text: string): Place | undefined {
  const [, time, seq, name] = /^(\d{1,15})(?: (\d{1,15}) (#\S+))?$/.exec(text) ?? [];
  if (time === undefined) return undefined;
  if (seq === undefined || name === undefined) return { time: Number(time), at: undefined };
  const topic = parseTopic(name, Infinity);
  return "name" in topic ? { time: Number(time), at: { topic: topic.name, seq: Number(seq) } } : undefined;
}

/** Where a subscription to a pattern begins so that it goes on behind a place. */
export function fromPlace(pattern: string, { time, at }: Place): NonNullable<SubscribeOptions["from"]> {
  return at !== undefined && !isPattern(pattern) ? at.seq + 1 : new Date(time);
}

/**
 * Leaves out what was had before a place: of the messages of its very time, which come in the order in which
 * they were stored, those up to it. Should it not be there any more, none: rather twice than not at all.
 */
export class Behind {
  readonly #place: Place;
  #held: Message[] | undefined;

  /** `pattern`: what is subscribed to from {@link fromPlace} on. */
  constructor(pattern: string, place: Place) {
    this.#place = place;
    this.#held = place.at === undefined || !isPattern(pattern) ? undefined : [];
  }

  /** What is to be given now that this message has come. */
  take(message: Message): readonly Message[] {
    const held = this.#held;
    if (held === undefined || message.time === undefined) return [message];
    const { time, at } = this.#place;
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
    return held;
  }
}
