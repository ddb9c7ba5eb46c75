/**
 * What JetStream says of a message in the subject that acknowledges it.
 *
 *     $JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.<consumer's>.<nanoseconds>.<pending>
 *     $JS.ACK.<domain>.<account>.<stream>. … .<pending>[.<random>]
 *
 * @module
 */

/** A message as a consumer was given it. */
export interface Delivery {
  /** Its number in the stream. */
  readonly sequence: number;
  /** When it was stored, milliseconds since 1970. */
  readonly time: number;
  /** How often it has been given out with this time. */
  readonly attempt: number;
  /** Its number among what the consumer gave out: 1, 2, 3, … */
  readonly given: number;
  /** Messages that the consumer has not given out yet. */
  readonly pending: number;
}

const SHORT = 9;
/** Tokens behind `$JS.ACK` that the long form has before the stream. */
const LONG_BEFORE = 2;
/** Digits of nanoseconds behind those of milliseconds. */
const NANO_DIGITS = 6;

/** Undefined: it is no such subject. */
export function readDelivery(reply: string): Delivery | undefined {
  if (!reply.startsWith("$JS.ACK.")) return undefined;
  const tokens = reply.split(".");
  const from = tokens.length === SHORT ? 4 : 4 + LONG_BEFORE;
  if (tokens.length < from + 5) return undefined;
  const delivery = {
    attempt: Number(tokens[from]),
    sequence: Number(tokens[from + 1]),
    given: Number(tokens[from + 2]),
    time: Number(tokens[from + 3]!.slice(0, -NANO_DIGITS)),
    pending: Number(tokens[from + 4]),
  };
  for (const value of Object.values(delivery)) if (!Number.isSafeInteger(value)) return undefined;
  return delivery;
}
