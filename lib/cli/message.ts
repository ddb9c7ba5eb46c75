/**
 * A message for the output: as it came, and as JSON.
 *
 * @module
 */
import { jsonLine } from "./json.ts";

/** A message as it is printed. */
export interface Arrived {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The payload decoded, U+FFFD where it is not UTF-8. */
  readonly text: string;
  /** What the publisher gave with it, where the protocol carries that. */
  readonly headers?: ReadonlyMap<string, string>;
  readonly key?: string | undefined;
  /** Seconds. */
  readonly ttl?: number | undefined;
  /** Its number in a durable topic, and when it was stored. */
  readonly seq?: number | undefined;
  readonly time?: Date | undefined;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The message as one JSON object: the payload as text, or in base64 where it is not UTF-8. */
export function messageJson(message: Omit<Arrived, "text">, time: Date): string {
  return jsonLine({ ...aboutJson(message, time), ...payloadJson(message.payload) });
}

/** As {@link messageJson}, with a payload that is JSON itself embedded as what it is. */
export function messageJsonDeep(message: Arrived, time: Date): string {
  let payload: unknown;
  try {
    payload = JSON.parse(message.text);
  } catch (error) {
    if (error instanceof SyntaxError) return messageJson(message, time);
    throw error;
  }
  return jsonLine({ ...aboutJson(message, time), payload });
}

/** Everything but the payload; what was not given with the message is left out. */
function aboutJson(
  { topic, headers, key, ttl, seq }: Omit<Arrived, "text">,
  time: Date,
): Record<string, unknown> {
  return {
    time: time.toISOString(),
    topic,
    ...(seq === undefined ? {} : { seq }),
    ...(key === undefined ? {} : { key }),
    ...(ttl === undefined ? {} : { ttl }),
    ...(headers === undefined || headers.size === 0 ? {} : { headers: Object.fromEntries(headers) }),
  };
}

function payloadJson(payload: Uint8Array): Record<string, string> {
  try {
    return { payload: UTF8.decode(payload) };
  } catch (error) {
    if (error instanceof TypeError) return { payload_base64: payload.toBase64() };
    throw error;
  }
}
