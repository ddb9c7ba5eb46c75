/**
 * A message as text: one line for a person, and what JSON has of it.
 *
 * @module
 */
import { decodeText, quote, visible } from "../../text.ts";
import { isLeased } from "../leased_message.ts";
import type { Message, MessageJson } from "../message.ts";

/** Characters of a text that a person is shown. */
const TEXT_MOST = 100;
/** A character has at most four bytes; one more so that a cut shows. */
const TEXT_BYTES = 4 * (TEXT_MOST + 1);
/** Bytes that are shown of a payload that is no text. */
const BYTES_MOST = 16;

/**
 * One line: `Message(#orders.eu "42 apples" seq=7 key="k" headers={currency: "EUR"})`. What could move a
 * cursor or hide is written out; of a long payload the beginning is shown, and its length.
 */
export function messageText(message: Message): string {
  const { topic, payload, group, seq, time, id, key, ttl, reply, headers } = message;
  const attempt = attemptOf(message);
  const parts = [
    visible(topic),
    payloadText(payload),
    ...(group === undefined ? [] : [`group=${quote(group)}`]),
    ...(seq === undefined ? [] : [`seq=${seq}`]),
    ...(attempt === undefined ? [] : [`attempt=${attempt}`]),
    ...(time === undefined ? [] : [`time=${time.toISOString()}`]),
    ...(id === undefined ? [] : [`id=${quote(id)}`]),
    ...(key === undefined ? [] : [`key=${quote(key)}`]),
    ...(ttl === undefined ? [] : [`ttl=${ttl}`]),
    ...(reply === undefined ? [] : [`reply=${quote(reply)}`]),
    ...(headers.size === 0 ? [] : [`headers={${[...headers].map(headerText).join(", ")}}`]),
  ];
  return `Message(${parts.join(" ")})`;
}

/** What JSON.stringify is given: the names and values of `subscriber --json`. */
export function messageJson(message: Message): MessageJson {
  const { topic, payload, group, seq, time, id, key, ttl, reply, headers } = message;
  const attempt = attemptOf(message);
  const text = decodeText(payload);
  return {
    ...(time === undefined ? {} : { time: time.toISOString() }),
    topic,
    ...(group === undefined ? {} : { group }),
    ...(seq === undefined ? {} : { seq }),
    ...(attempt === undefined ? {} : { attempt }),
    ...(id === undefined ? {} : { id }),
    ...(key === undefined ? {} : { key }),
    ...(ttl === undefined ? {} : { ttl }),
    ...(reply === undefined ? {} : { reply }),
    ...(headers.size === 0 ? {} : { headers: Object.fromEntries(headers) }),
    ...(text === undefined ? { payload_base64: payload.toBase64() } : { payload: text }),
  };
}

/** Of a message that is to be settled. */
function attemptOf(message: Message): number | undefined {
  return isLeased(message) && message.seq !== undefined ? message.attempt : undefined;
}

function headerText([name, value]: readonly [string, string]): string {
  return `${visible(name).slice(0, TEXT_MOST)}: ${quote(value)}`;
}

function payloadText(payload: Uint8Array): string {
  const { length } = payload;
  const cut = length > TEXT_BYTES;
  const text = cut ? decodeBeginning(payload.subarray(0, TEXT_BYTES)) : decodeText(payload);
  if (text === undefined) {
    const rest = length > BYTES_MOST ? "..." : "";
    return `<${payload.subarray(0, BYTES_MOST).toHex()}${rest}> (${length} bytes)`;
  }
  // one that is cut has more characters than are shown: quote() says so with dots
  const shown = quote(text, TEXT_MOST);
  return cut || text.length > TEXT_MOST ? `${shown} (${length} bytes)` : shown;
}

/** As {@link decodeText}, of bytes whose end may be in the middle of a character. */
function decodeBeginning(bytes: Uint8Array): string | undefined {
  try {
    // one that is told to wait for more keeps what it has: a new one each time
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
