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

/** One protocol. Pure: bytes only. */
export interface Dialect {
  /** `null`: a publisher may start at once. */
  readonly publisherHello: Handshake | null;
  /** `null`: nothing to ask for, what comes is for everyone. */
  subscriberHello(topic: string): Handshake | null;
  /** A publish as it leaves. */
  publish(topic: string, payload: Uint8Array): Uint8Array<ArrayBuffer>;
  /** The same message as a subscriber gets it. */
  delivery(topic: string, payload: Uint8Array): Uint8Array<ArrayBuffer>;
  /** The reply to each publish while the topic has so many subscribers, or `null` where publishes are not answered. */
  answer(subscribers: number): Uint8Array<ArrayBuffer> | null;
  /** Where publishes are not answered: what tells that all before it were taken. */
  readonly barrier: Handshake | null;
  /** What the broker may put between deliveries unasked. */
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
