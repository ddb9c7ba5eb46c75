/**
 * The header of a batch, as a client reads it.
 *
 *     batch #a 2 19 seq=7 ts=1700000000000     of a durable topic: the first is number 7 (D2)
 *     batch #a 2 19 group=workers              for a member of a group (G2)
 *     batch #a 2 19 group=workers seq=7 ts=1700000000000 attempt=2      the same of a durable topic (G7)
 *
 * @module
 */
import { decodeText } from "../../text.ts";
import type { TopicNames } from "../../topics/topic_names.ts";
import { encodeText } from "../../wire/bytes.ts";
import { NINE, ZERO } from "../../wire/decimals.ts";
import { endOfField } from "../header_bytes.ts";

const BATCH = encodeText("batch ");
const GROUP = encodeText("group=");
const SEQ = encodeText("seq=");
const TIME = encodeText("ts=");
const ATTEMPT = encodeText("attempt=");
const NOTHING = new Uint8Array(0);
const DIGITS_MOST = 15;
/** In the place of a number that is not there. */
const NONE = -1;

/** Whether `batch ` stands there. */
export function isBatch(bytes: Uint8Array, at: number): boolean {
  return begins(bytes, at, BATCH);
}

/**
 * One header after another, each read where it lies: a group's batches may hold a message each, so nothing is
 * made for a header that has the topic and the group of the one before.
 */
export class ClientBatch {
  topic = "";
  count = 0;
  /** Bytes of the messages. */
  length = 0;
  /** The group whose member gets them; undefined: they are of a durable topic, for its subscribers. */
  group: string | undefined;
  /** The sequence number of the first; -1, of a group's alone: there is none. */
  first = NONE;
  /** When they were stored, milliseconds since 1970; -1, of a group's alone: nobody did. */
  time = NONE;
  /** How often they have been given out with this time. */
  attempt = 1;
  readonly #topics: TopicNames;
  #topicBytes: Uint8Array = NOTHING;
  #groupBytes: Uint8Array = NOTHING;
  #groupName = "";

  constructor(topics: TopicNames) {
    this.#topics = topics;
  }

  /** Reads from `start`, where `batch ` stands, to before `stop`; false: this is no header of a batch. */
  read(bytes: Uint8Array, start: number, stop: number): boolean {
    const topicStart = start + BATCH.length;
    const topicEnd = endOfField(bytes, topicStart, stop);
    const countEnd = endOfField(bytes, topicEnd + 1, stop);
    const lengthEnd = endOfField(bytes, countEnd + 1, stop);
    this.count = numberIn(bytes, topicEnd + 1, countEnd);
    this.length = numberIn(bytes, countEnd + 1, lengthEnd);
    if (topicEnd === topicStart || this.count <= 0 || this.length < 0) return false;
    this.group = undefined;
    this.first = this.time = NONE;
    this.attempt = 1;
    for (let at = lengthEnd + 1; at < stop;) {
      const end = endOfField(bytes, at, stop);
      if (!this.#field(bytes, at, end)) return false;
      at = end + 1;
    }
    if (this.group === undefined && (this.first === NONE || this.time === NONE)) return false;
    if (topicEnd - topicStart !== this.#topicBytes.length || !begins(bytes, topicStart, this.#topicBytes)) {
      this.#topicBytes = bytes.slice(topicStart, topicEnd);
      this.topic = this.#topics.of(this.#topicBytes);
    }
    return true;
  }

  /** One field; false: its value is none. What this version does not know is passed over. */
  #field(bytes: Uint8Array, start: number, end: number): boolean {
    if (begins(bytes, start, GROUP)) return this.#named(bytes, start + GROUP.length, end);
    if (begins(bytes, start, SEQ)) {
      this.first = numberIn(bytes, start + SEQ.length, end);
      return this.first !== NONE;
    }
    if (begins(bytes, start, TIME)) {
      this.time = numberIn(bytes, start + TIME.length, end);
      return this.time !== NONE;
    }
    if (begins(bytes, start, ATTEMPT)) {
      this.attempt = numberIn(bytes, start + ATTEMPT.length, end);
      return this.attempt > 0;
    }
    return true;
  }

  /** The name of the group; false: it is none. */
  #named(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start !== this.#groupBytes.length || !begins(bytes, start, this.#groupBytes)) {
      const named = bytes.slice(start, end);
      const name = decodeText(named);
      if (name === undefined) return false;
      this.#groupBytes = named;
      this.#groupName = name;
    }
    this.group = this.#groupName;
    return end > start;
  }
}

/** Whether these bytes stand there. */
function begins(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let place = 0; place < wanted.length; place++) if (bytes[at + place] !== wanted[place]) return false;
  return true;
}

/** The number that stands there, of at most 15 digits; -1: there is none. */
function numberIn(bytes: Uint8Array, start: number, end: number): number {
  if (end <= start || end - start > DIGITS_MOST) return NONE;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]!;
    if (digit < ZERO || digit > NINE) return NONE;
    value = 10 * value + digit - ZERO;
  }
  return value;
}
