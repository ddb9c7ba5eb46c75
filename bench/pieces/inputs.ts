/**
 * What the pieces are given: a read buffer as a busy publisher fills it.
 *
 * @module
 */

/** Bytes of a read at full speed. */
export const READ_BYTES = 256 * 1024;
/** Bytes of a message. */
export const MESSAGE_BYTES = 128;
/** The topic of all of them. */
export const TOPIC = "#orders.eu.new";

const encoder = new TextEncoder();

/** Whole messages, and where they end; a byte is free behind them, which the decoders ask for. */
export interface Input {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly end: number;
  /** Messages. */
  readonly count: number;
}

/** Requests of the classic protocol. */
export function classicRequests(): Input {
  return filled(`p1 pub ${TOPIC} ${message()}\n`);
}

/** What those are delivered as. */
export function classicDeliveries(): Input {
  return filled(`${TOPIC} ${message()}\n`);
}

/** Frames of v2: request and delivery. */
export function frames(topic = TOPIC): Input {
  return filled(`pub ${topic} ${MESSAGE_BYTES}\n${message()}\n`);
}

function message(): string {
  return Array.from({ length: MESSAGE_BYTES }, (_, at) => String.fromCharCode(97 + at % 26)).join("");
}

function filled(one: string): Input {
  const single = encoder.encode(one);
  const count = Math.floor((READ_BYTES - 1) / single.length);
  const bytes = new Uint8Array(READ_BYTES);
  for (let at = 0; at < count; at++) bytes.set(single, at * single.length);
  return { bytes, end: count * single.length, count };
}
