/**
 * A message for the output: as it came, and as JSON.
 *
 * @module
 */
import { decodeText, jsonLine } from "../../text.ts";

/** A message as it is printed. */
export interface Arrived {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The payload decoded, U+FFFD where it is not UTF-8. */
  readonly text: string;
  /** What the publisher gave with it, where the protocol carries that. */
  readonly headers?: ReadonlyMap<string, string>;
  readonly id?: string | undefined;
  readonly key?: string | undefined;
  /** Seconds. */
  readonly ttl?: number | undefined;
  readonly reply?: string | undefined;
  /** Its number in a durable topic, and when it was stored. */
  readonly seq?: number | undefined;
  readonly time?: Date | undefined;
  /** The group that this subscriber got it as a member of. */
  readonly group?: string | undefined;
  /** How often it has been given out with this time, where it is to be acknowledged. */
  readonly attempt?: number | undefined;
}

/** A message as JSON has it. */
export interface JsonMessage extends Omit<Arrived, "text" | "time"> {
  /** What the broker answered to who published it: how safe it is, and how many got it. */
  readonly level?: string | undefined;
  readonly subs?: number | undefined;
  /** When it is to be delivered (milliseconds since 1970, or a date), or in how many milliseconds. */
  readonly at?: number | Date | undefined;
  readonly delay?: number | undefined;
  /**
   * All of its fields as they stand in the frame, where the others cannot say it; bytes if they are no text.
   */
  readonly fields?: string | Uint8Array | undefined;
}

/** The message as one JSON object: the payload as text, or in base64 where it is not UTF-8. */
export function messageJson(message: JsonMessage, time: Date): string {
  const { fields, payload } = message;
  return jsonLine({
    ...aboutJson(message, time),
    ...(fields === undefined ? {} : textJson("fields", fields)),
    ...textJson("payload", payload),
  });
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

/** Whether there is more to it than a topic and a payload and what the broker gave it. */
export function hasMore({ headers, key, ttl, reply }: Arrived): boolean {
  return (headers !== undefined && headers.size > 0) || key !== undefined || ttl !== undefined ||
    reply !== undefined;
}

/** As {@link messageJson}, without what belongs to the one time it was published: time, number and id. */
export function messageJsonAnew({ topic, headers = new Map(), key, ttl, reply, payload }: Arrived): string {
  const about = aboutJson({ topic, headers, key, ttl, reply, payload }, undefined);
  return jsonLine({ ...about, ...textJson("payload", payload) });
}

/** Everything but the payload; what was not given with the message is left out. */
function aboutJson(
  { topic, group, headers, id, key, ttl, reply, seq, attempt, level, subs, at, delay }: JsonMessage,
  time: Date | undefined,
): Record<string, unknown> {
  return {
    ...(time === undefined ? {} : { time: time.toISOString() }),
    topic,
    ...(at === undefined ? {} : { at: new Date(at).toISOString() }),
    ...(delay === undefined ? {} : { delay: delay / 1000 }),
    ...(group === undefined ? {} : { group }),
    ...(seq === undefined ? {} : { seq }),
    ...(seq === undefined || attempt === undefined ? {} : { attempt }),
    ...(level === undefined ? {} : { level }),
    ...(subs === undefined ? {} : { subs }),
    ...(id === undefined ? {} : { id }),
    ...(key === undefined ? {} : { key }),
    ...(ttl === undefined ? {} : { ttl }),
    ...(reply === undefined ? {} : { reply }),
    ...(headers === undefined || headers.size === 0 ? {} : { headers: Object.fromEntries(headers) }),
  };
}

function textJson(name: string, value: string | Uint8Array): Record<string, string> {
  const text = typeof value === "string" ? value : decodeText(value);
  return text === undefined ? { [`${name}_base64`]: (value as Uint8Array).toBase64() } : { [name]: text };
}
