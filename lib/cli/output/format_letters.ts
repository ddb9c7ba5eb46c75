/**
 * The format of `-F`: letters, escapes, widths as in printf (`%-20t`, `%08x`, `%.10p`), compiled once.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { escapeAt, ESCAPES_KNOWN } from "../options/escapes.ts";
import { type Arrived, messageJson, messageJsonDeep } from "../messages/message.ts";
import { STRFTIME } from "./strftime.ts";

/** A part of a compiled format. */
export type FormatPart =
  | { readonly kind: "literal"; readonly bytes: Uint8Array }
  /** The payload as it is: its bytes where they may go untouched, its text elsewhere. */
  | { readonly kind: "payload"; readonly write: Write }
  | { readonly kind: "text"; readonly write: Write }
  | { readonly kind: "time"; readonly write: (time: Date) => string };

type Write = (message: Arrived, time: Date) => string;

/** What each letter prints; the help and the error for an unknown letter are made of this. */
export const LETTERS: ReadonlyMap<string, { readonly means: string; readonly write: Write }> = new Map([
  ["t", { means: "topic", write: (message) => message.topic }],
  ["p", { means: "payload", write: (message) => message.text }],
  ["l", { means: "its length in bytes", write: (message) => `${message.payload.length}` }],
  ["x", { means: "payload in hex", write: (message) => message.payload.toHex() }],
  ["X", { means: "in upper-case hex", write: (message) => message.payload.toHex().toUpperCase() }],
  ["h", { means: "headers (name=value,name=value)", write: (message) => headersText(message) }],
  ["k", { means: "key", write: (message) => message.key ?? "" }],
  ["g", { means: "group (-G)", write: (message) => message.group ?? "" }],
  ["s", { means: "sequence number (durable topics)", write: (message) => `${message.seq ?? ""}` }],
  ["a", { means: "attempt, from 1 on (--ack explicit)", write: (message) => attemptText(message) }],
  ["I", { means: "ISO 8601 time it was stored, or else arrived", write: (_, time) => time.toISOString() }],
  ["U", { means: "Unix time", write: (_, time) => (time.getTime() / 1000).toFixed(3) }],
  ["j", { means: "JSON object", write: (message, time) => messageJson(message, time) }],
  ["J", {
    means: "JSON object, a JSON payload embedded",
    write: (message, time) => messageJsonDeep(message, time),
  }],
]);

/** What is in memory is given out once, and needs no number for that. */
function attemptText({ seq, attempt }: Arrived): string {
  return seq === undefined ? "" : `${attempt ?? ""}`;
}

function headersText({ headers = new Map() }: Arrived): string {
  return [...headers].map(([name, value]) => `${name}=${value}`).join(",");
}

const FLAGS_AND_WIDTHS = /(?<flags>[0-]*)(?<width>\d{1,4})?(?:\.(?<precision>\d{1,4}))?/.source;
/** A conversion: `%`, flags, width, precision, letter; or `%@` and a letter of strftime; or `%%`. */
const CONVERSION = new RegExp(
  `^%(?:(?<percent>%)|@(?<time>.)|${FLAGS_AND_WIDTHS}(?<letter>[^0-9.@-]))`,
  "su",
);
const LITERAL = /^[^%\\]+/u;
const encoder = new TextEncoder();

/** Reads a format. Throws UsageError for a letter or an escape it does not know. */
export function compileFormat(format: string): FormatPart[] {
  const parts: FormatPart[] = [];
  for (let rest = format; rest !== "";) {
    const literal = LITERAL.exec(rest)?.[0];
    const found = literal === undefined ? conversion(rest) ?? escape(rest) : undefined;
    if (literal !== undefined) parts.push({ kind: "literal", bytes: encoder.encode(literal) });
    else if (found !== undefined) parts.push(found.part);
    else {throw new UsageError(
        `the format ends within ${quote(rest)}; write %% or \\\\ for the character itself`,
      );}
    rest = rest.slice(literal?.length ?? found?.length);
  }
  return parts;
}

interface PartRead {
  readonly part: FormatPart;
  /** Characters it took. */
  readonly length: number;
}

function conversion(rest: string): PartRead | undefined {
  const found = CONVERSION.exec(rest);
  if (found === null) return undefined;
  const { percent, time, flags = "", width, precision, letter } = found.groups ?? {};
  const length = found[0].length;
  if (percent !== undefined) return { part: { kind: "literal", bytes: encoder.encode("%") }, length };
  if (time !== undefined) {
    const write = STRFTIME.get(time);
    if (write === undefined) throw unknown(`%@${time}`, [...STRFTIME.keys()].map((known) => `%@${known}`));
    return { part: { kind: "time", write }, length };
  }
  const known = LETTERS.get(letter ?? "");
  if (known === undefined) throw unknown(found[0], [...LETTERS.keys()].map((each) => `%${each}`));
  if (letter === "p" && width === undefined && precision === undefined) {
    return { part: { kind: "payload", write: known.write }, length };
  }
  const write = padded(known.write, {
    width: Number(width ?? 0),
    most: precision === undefined ? Infinity : Number(precision),
    left: flags.includes("-"),
    zeros: flags.includes("0") && "lsxX".includes(letter ?? ""),
  });
  return { part: { kind: "text", write }, length };
}

interface Padding {
  readonly width: number;
  /** More characters are cut off. */
  readonly most: number;
  readonly left: boolean;
  readonly zeros: boolean;
}

function padded(write: Write, { width, most, left, zeros }: Padding): Write {
  if (width === 0 && most === Infinity) return write;
  return (message, time) => {
    const text = write(message, time);
    const cut = text.length > most ? [...text].slice(0, most).join("") : text;
    const missing = Math.max(0, width - [...cut].length);
    if (left) return cut + " ".repeat(missing);
    return (zeros ? "0" : " ").repeat(missing) + cut;
  };
}

function escape(rest: string): PartRead | undefined {
  const found = escapeAt(rest);
  if (found === undefined) return undefined;
  const { written, byte } = found;
  if (byte === undefined) throw unknown(written, ESCAPES_KNOWN);
  return { part: { kind: "literal", bytes: Uint8Array.of(byte) }, length: written.length };
}

function unknown(written: string, known: readonly string[]): UsageError {
  return new UsageError(`the format has ${quote(written)}, which is none of ${known.join(" ")} (and %%)`);
}
