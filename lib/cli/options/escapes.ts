/**
 * Bytes that are written with a backslash: `\n`, `\0`, `\x1f`.
 *
 * @module
 */
import { quote, visible } from "../../text.ts";
import type { Kind } from "./units.ts";

const ESCAPES: ReadonlyMap<string, number> = new Map([
  ["n", 0x0a],
  ["t", 0x09],
  ["r", 0x0d],
  ["0", 0x00],
  ["a", 0x07],
  ["e", 0x1b],
  ["v", 0x0b],
  ["f", 0x0c],
  ["\\", 0x5c],
]);
const ESCAPE = /^\\(?:x(?<hex>[0-9a-fA-F]{2})|(?<short>.))/su;

/** Every escape there is, for a person. */
export const ESCAPES_KNOWN: readonly string[] = [
  ...[...ESCAPES.keys()].map((short) => `\\${short}`),
  "\\xHH",
];

/** An escape as it is written, and its byte; undefined where there is no such escape. */
export interface Escape {
  readonly written: string;
  readonly byte: number | undefined;
}

/** The escape that a text begins with; undefined: it begins with none. */
export function escapeAt(text: string): Escape | undefined {
  const found = ESCAPE.exec(text);
  if (found === null) return undefined;
  const { hex, short = "" } = found.groups ?? {};
  return { written: found[0], byte: hex === undefined ? ESCAPES.get(short) : parseInt(hex, 16) };
}

/** What stands between messages: any bytes. */
export const DELIMITER: Kind<Uint8Array> = {
  placeholder: "TEXT",
  config: ["string"],
  read: (text) => {
    const encoder = new TextEncoder();
    const bytes: number[] = [];
    for (let rest = text; rest !== "";) {
      const escape = escapeAt(rest);
      if (escape === undefined && rest.startsWith("\\")) {
        return { problem: `${quote(text)} ends within an escape; write \\\\ for the backslash itself` };
      }
      if (escape !== undefined && escape.byte === undefined) {
        return { problem: `${quote(escape.written)} is none of ${ESCAPES_KNOWN.join(" ")}` };
      }
      const literal = /^[^\\]+/.exec(rest)?.[0] ?? "";
      bytes.push(...(escape?.byte === undefined ? encoder.encode(literal) : [escape.byte]));
      rest = rest.slice(escape?.written.length ?? literal.length);
    }
    return { value: Uint8Array.from(bytes) };
  },
  write: (bytes) => visible(new TextDecoder().decode(bytes)),
};
