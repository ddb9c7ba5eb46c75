/**
 * Fields as a broker takes them (V4, V10), made of what an earlier one took: what is stored can be
 * exported, and what is exported be imported.
 *
 * @module
 */
import { decodeText } from "../../text.ts";
import { encodeText, SPACE } from "../../wire/bytes.ts";
import { readTtl } from "../../wire/record_fields.ts";

/** What has to be escaped, but for the space that stands between two fields. */
const UNWRITTEN = /[^\S ]|\p{Cc}/gu;
const TTL = "ttl=";
const DELETE = 0x7f;
const EQUALS = 0x3d;
/** What `ttl=`, `delay=` and `at=` end with. */
const MAYBE_UNHEEDED: ReadonlySet<number> = new Set(encodeText("lyt"));
/** Bytes that the UTF-8 of one character takes at most. */
const CHARACTER_MOST = 4;

/**
 * The same fields: white space, control characters and what is no UTF-8 escaped, and without a `ttl` that
 * is none, and a `delay` or `at`, which no broker has heeded that stored them.
 */
export function takeableFields(bytes: Uint8Array): Uint8Array {
  if (isPlain(bytes)) return bytes;
  const text = (decodeText(bytes) ?? escaped(bytes)).replace(UNWRITTEN, (one) => encodeURIComponent(one));
  return encodeText(text.split(" ").filter((field) => !isUnheeded(field)).join(" "));
}

/** Whether nothing has to be looked at: printable ASCII without these, as almost all are. */
function isPlain(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte < SPACE || byte >= DELETE) return false;
    if (byte === EQUALS && at >= 2 && MAYBE_UNHEEDED.has(bytes[at - 1]!)) return false;
  }
  return true;
}

function isUnheeded(field: string): boolean {
  if (field.startsWith("delay=") || field.startsWith("at=")) return true;
  if (!field.startsWith(TTL)) return false;
  const seconds = encodeText(field.slice(TTL.length));
  return readTtl(seconds, 0, seconds.length) === undefined;
}

/** As text, with each byte that belongs to no character escaped. */
function escaped(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    let character: string | undefined;
    let length = 0;
    while (character === undefined && length < CHARACTER_MOST) {
      character = decodeText(bytes.subarray(at, at + ++length));
    }
    text += character ?? `%${bytes[at]!.toString(16).toUpperCase().padStart(2, "0")}`;
    at += character === undefined ? 1 : length;
  }
  return text;
}
