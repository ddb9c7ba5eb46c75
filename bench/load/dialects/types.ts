/**
 * What the load generator must know of a protocol. All bytes are prepared before the clock runs, and every message of a
 * run has the same length on the wire, so bytes divided by that length are messages.
 *
 * @module
 */

/** Bytes to send when connected; the peer has agreed when what it sent ends with `until`. */
export interface Handshake {
  readonly send: Uint8Array<ArrayBuffer>;
  readonly until: Uint8Array<ArrayBuffer>;
}

/**
 * What tells a publisher that its messages were taken.
 *
 * - `each`: the same bytes once for every message;
 * - `form`: bytes with decimal numbers between them, once for every message or, where one of the numbers is a `count`, for so
 *   many at once.
 */
export type Replies =
  | { readonly kind: "each"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "form"; readonly parts: readonly FormPart[] };

/** Bytes as they are, or a number: how many messages are answered, one that grows from answer to answer, or any. */
export type FormPart = Uint8Array<ArrayBuffer> | "count" | "sequence" | "number";

/**
 * One protocol. Pure: bytes only. `publisher`: the number of a connection, where that makes a difference (0). Levels of a topic are
 * separated by a dot here, and by what the protocol wants on the wire.
 */
export interface Dialect {
  /** `null`: a publisher may start at once. */
  publisherHello(publisher?: number): Handshake | null;
  /** Subscribes to all of them; `null`: nothing to ask for, what comes is for everyone. */
  subscriberHello(topics: readonly string[]): Handshake | null;
  /** Subscribes to every topic one level below `level`. */
  belowHello(level: string): Handshake | null;
  /** A publish as it leaves. */
  publish(topic: string, payload: Uint8Array, publisher?: number): Uint8Array<ArrayBuffer>;
  /** The same message as a subscriber gets it. `place`: where the topic stands among those it subscribed to (0). */
  delivery(topic: string, payload: Uint8Array, place?: number): Uint8Array<ArrayBuffer>;
  /** The same to who asked for {@link Dialect.belowHello}, where it makes a difference. */
  deliveryBelow?(level: string, topic: string, payload: Uint8Array): Uint8Array<ArrayBuffer>;
  /** How publishes are answered while the topic has so many subscribers, or `null` where they are not. */
  replies(subscribers: number, publisher?: number): Replies | null;
  /** Where publishes are not answered: what tells that all before it were taken. */
  readonly barrier: Handshake | null;
  /** What the broker may put between deliveries, or answers in a form, unasked. */
  readonly interjection: Uint8Array<ArrayBuffer> | null;
}

const encoder = new TextEncoder();

/** Text as bytes. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** The parts one after the other. */
export function join(...parts: readonly (Uint8Array | string)[]): Uint8Array<ArrayBuffer> {
  const encoded = parts.map((part) => typeof part === "string" ? bytes(part) : part);
  const whole = new Uint8Array(encoded.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of encoded) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
