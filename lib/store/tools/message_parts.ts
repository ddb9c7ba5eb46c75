/**
 * A stored frame taken apart, for who has no frames: `pub #a 3 id=42 h.trace=a%20b⏎one⏎`.
 *
 * @module
 */
import { CR, decodeText, LF, SPACE } from "../../wire/bytes.ts";
import { type Fields, NO_FIELDS, parseFields } from "../../wire/fields.ts";

const ZERO = 0x30;
const NINE = 0x39;

/** A stored message outside of the store. */
export interface ExportedMessage extends FrameParts {
  readonly topic: string;
  /** Its sequence number. */
  readonly seq: number;
  /** When it was stored, milliseconds since 1970. */
  readonly time: number;
}

/** What a frame says beside its topic. */
export interface FrameParts {
  readonly id?: string | undefined;
  readonly key?: string | undefined;
  /** Seconds. */
  readonly ttl?: number | undefined;
  readonly reply?: string | undefined;
  readonly headers: ReadonlyMap<string, string>;
  /** All of its fields as they are written, where the parts above cannot say it: bytes where they are no text. */
  readonly fields?: string | Uint8Array | undefined;
  readonly payload: Uint8Array;
}

/** Reads the frame that begins at `start`, its length `lengthAt` bytes behind that; undefined where there is no whole one. */
export function readFrame(
  bytes: Uint8Array,
  start: number,
  lengthAt: number,
): { readonly message: FrameParts; readonly end: number } | undefined {
  let at = start + lengthAt;
  let length = 0;
  for (let byte = bytes[at] ?? LF; byte >= ZERO && byte <= NINE; byte = bytes[++at] ?? LF) {
    length = 10 * length + byte - ZERO;
  }
  const lf = bytes.indexOf(LF, at);
  const end = lf + 1 + length + 1;
  if (at === start + lengthAt || lf === -1 || bytes[end - 1] !== LF) return undefined;
  const payload = bytes.subarray(lf + 1, end - 1);
  const stop = bytes[lf - 1] === CR ? lf - 1 : lf;
  if (at < stop && bytes[at] !== SPACE) return undefined;
  return { message: { ...partsOf(bytes.subarray(at + 1, stop)), payload }, end };
}

const KNOWN: ReadonlySet<string> = new Set(["id", "key", "ttl", "reply"]);
const NO_PARTS = { headers: NO_FIELDS.headers };

function partsOf(bytes: Uint8Array): Omit<FrameParts, "payload"> {
  if (bytes.length === 0) return NO_PARTS;
  const text = decodeText(bytes);
  if (text === undefined) return { ...NO_PARTS, fields: bytes };
  const parsed = parseFields(text);
  const { headers, others } = parsed;
  const ttl = others.get("ttl");
  return {
    id: others.get("id"),
    key: others.get("key"),
    ttl: ttl === undefined || !isPlainNumber(ttl) ? undefined : Number(ttl),
    reply: others.get("reply"),
    headers,
    ...(saysAll(parsed, text) ? {} : { fields: text }),
  };
}

/** Whether nothing is lost when the fields are given by their names: none is unknown, twice there, or no number. */
function saysAll({ headers, others }: Fields, text: string): boolean {
  if (headers.size + others.size !== text.split(" ").length) return false;
  if ([...others.keys()].some((name) => !KNOWN.has(name))) return false;
  return isPlainNumber(others.get("ttl") ?? "0");
}

/** Whether it comes back from a number as it is. */
function isPlainNumber(text: string): boolean {
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 && String(value) === text;
}
