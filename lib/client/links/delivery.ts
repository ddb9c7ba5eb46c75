/**
 * What arrives, as the library hands it on: nothing is decoded before it is asked for.
 *
 * @module
 */
import { type Fields, NO_FIELDS, parseFields } from "../../wire/fields.ts";
import type { Message, MessageJson } from "../message.ts";
import { messageJson, messageText } from "./message_text.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A message in the bytes that were read. */
export interface MessageBytes {
  readonly bytes: Uint8Array;
  readonly payloadStart: number;
  readonly payloadEnd: number;
  readonly fieldsStart: number;
  readonly fieldsEnd: number;
}

/** A message: its topic and its bytes, everything else when it is asked for. */
export class Delivery implements Message {
  readonly topic: string;
  /** Bytes it keeps from being forgotten: of payload, fields and topic. */
  readonly weight: number;
  /** Its place among what has arrived, set by who sorts that. */
  place = 0;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #end: number;
  #fields: Fields | string | undefined;
  #payload: Uint8Array | undefined;
  #text: string | undefined;

  constructor(topic: string, message: MessageBytes) {
    this.topic = topic;
    this.#bytes = message.bytes;
    this.#start = message.payloadStart;
    this.#end = message.payloadEnd;
    this.weight = topic.length + message.payloadEnd - message.payloadStart + message.fieldsEnd -
      message.fieldsStart;
    if (message.fieldsEnd > message.fieldsStart) {
      this.#fields = decoder.decode(message.bytes.subarray(message.fieldsStart, message.fieldsEnd));
    }
  }

  /** A message of the classic protocol: a topic and a payload. */
  static plain(topic: string, payload: Uint8Array): Delivery {
    const payloadEnd = payload.length;
    return new Delivery(topic, { bytes: payload, payloadStart: 0, payloadEnd, fieldsStart: 0, fieldsEnd: 0 });
  }

  /** Bytes of the payload. */
  get length(): number {
    return this.#end - this.#start;
  }

  get payload(): Uint8Array {
    this.#payload ??= this.#bytes.subarray(this.#start, this.#end);
    return this.#payload;
  }

  get text(): string {
    this.#text ??= decoder.decode(this.payload);
    return this.#text;
  }

  get headers(): ReadonlyMap<string, string> {
    return this.#parsed.headers;
  }

  get key(): string | undefined {
    return this.#parsed.others.get("key");
  }

  get id(): string | undefined {
    return this.#parsed.others.get("id");
  }

  get reply(): string | undefined {
    return this.#parsed.others.get("reply");
  }

  get ttl(): number | undefined {
    const ttl = Number(this.#parsed.others.get("ttl") ?? NaN);
    return ttl >= 0 ? ttl : undefined;
  }

  get seq(): number | undefined {
    return undefined;
  }

  get time(): Date | undefined {
    return undefined;
  }

  get group(): string | undefined {
    return undefined;
  }

  /** Whether it is not this client's any more, so that it is not given out (G9). */
  get lapsed(): boolean {
    return false;
  }

  toJSON(): MessageJson {
    return messageJson(this);
  }

  /** What `console.log` shows in Deno. */
  [Symbol.for("Deno.customInspect")](): string {
    return messageText(this);
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return messageText(this);
  }

  get #parsed(): Fields {
    if (this.#fields === undefined) return NO_FIELDS;
    if (typeof this.#fields === "string") this.#fields = parseFields(this.#fields);
    return this.#fields;
  }
}

/** A message of a durable topic. */
export class StoredDelivery extends Delivery {
  readonly #seq: number;
  readonly #stored: number;

  constructor(topic: string, message: MessageBytes & { readonly seq: number; readonly time: number }) {
    super(topic, message);
    this.#seq = message.seq;
    this.#stored = message.time;
  }

  override get seq(): number {
    return this.#seq;
  }

  /** Milliseconds since 1970. */
  get stored(): number {
    return this.#stored;
  }

  override get time(): Date {
    return new Date(this.#stored);
  }
}

/** A message for a member of a group. `seq`, `time`: -1 where there is none. */
export interface SharedBytes extends MessageBytes {
  readonly group: string;
  readonly seq: number;
  readonly time: number;
  readonly attempt: number;
}

/** A message that came because this subscriber is a member of a group. */
export class SharedDelivery extends Delivery {
  readonly #group: string;
  readonly #seq: number;
  readonly #stored: number;

  constructor(topic: string, message: Omit<SharedBytes, "attempt">) {
    super(topic, message);
    this.#group = message.group;
    this.#seq = message.seq;
    this.#stored = message.time;
  }

  override get group(): string {
    return this.#group;
  }

  override get seq(): number | undefined {
    return this.#seq < 0 ? undefined : this.#seq;
  }

  override get time(): Date | undefined {
    return this.#stored < 0 ? undefined : new Date(this.#stored);
  }
}

/** What the broker says about a subscription. */
export interface Notice {
  readonly kind: "live" | "end" | "failed" | "ended";
  readonly pattern: string;
  /** The group that it is a member's of. */
  readonly group: string | undefined;
  /** Of `failed` and `ended`. */
  readonly reason: string;
}
