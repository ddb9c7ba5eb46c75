/**
 * A frame put together from what {@link ./export_frame.ts} took apart.
 *
 * @module
 */
import { encodeText, LF, SPACE } from "../../wire/bytes.ts";
import { encodeField, encodeHeader, parseFields } from "../../wire/fields.ts";
import { readTtl } from "../../wire/record_fields.ts";
import type { FrameParts } from "./message_parts.ts";

/** A message from outside. */
export interface ImportedMessage extends FrameParts {
  readonly topic: string;
  /** When it was stored, milliseconds since 1970; undefined: now. */
  readonly time?: number | undefined;
}

/** The message as it is stored. */
export function frameOf(message: ImportedMessage): Uint8Array {
  const { topic, payload } = message;
  const head = encodeText(`pub ${topic} ${payload.length}`);
  const fields = fieldsOf(message);
  const frame = new Uint8Array(head.length + fields.length + 1 + payload.length + 1);
  frame.set(head);
  frame.set(fields, head.length);
  const header = head.length + fields.length;
  frame[header] = LF;
  frame.set(payload, header + 1);
  frame[frame.length - 1] = LF;
  return frame;
}

/** Why a message's frame would have a longer header line than a broker takes, as a clause; undefined: it would not. */
export function headerProblem(message: ImportedMessage, most: number): string | undefined {
  const { topic, payload } = message;
  const length = encodeText(`pub ${topic} ${payload.length}`).length + fieldsOf(message).length;
  if (length <= most) return undefined;
  return `topic and fields come to ${length} bytes, at most ${most} are taken (--max-line)`;
}

/** Milliseconds after which the message is not to be delivered any more, where its frame says so. */
export function ttlOf({ ttl, fields }: ImportedMessage): number | undefined {
  const raw = fields instanceof Uint8Array ? LATIN1.decode(fields) : fields;
  const text = raw === undefined ? ttl : parseFields(raw).others.get("ttl");
  if (text === undefined) return undefined;
  const bytes = encodeText(`${text}`);
  return readTtl(bytes, 0, bytes.length);
}

const LATIN1 = new TextDecoder("latin1");

/** With the space before them. */
function fieldsOf({ id, key, ttl, reply, headers, fields }: ImportedMessage): Uint8Array {
  if (typeof fields === "string") return encodeText(` ${fields}`);
  if (fields !== undefined) return Uint8Array.of(SPACE, ...fields);
  let text = "";
  if (id !== undefined) text += encodeField("id", id);
  if (key !== undefined) text += encodeField("key", key);
  if (ttl !== undefined) text += encodeField("ttl", `${ttl}`);
  if (reply !== undefined) text += encodeField("reply", reply);
  for (const [name, value] of headers) text += encodeHeader(name, value);
  return encodeText(text);
}
