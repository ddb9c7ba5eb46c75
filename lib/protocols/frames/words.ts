/**
 * What the broker says in protocol v2.
 *
 * @module
 */
import type { WireCode } from "../../errors.ts";
import type { Success } from "../types.ts";

/** The answer to `hello 2`. */
export const HELLO_REPLY = "OK_2\n";

/** `ok <n>`: the next n requests succeeded; with fields if the last of them was a publish. */
export function okFrame(count: number, { reached, level, last, from }: Success): string {
  if (from !== undefined) return `ok ${count} from=${from}\n`;
  if (reached === undefined) return `ok ${count}\n`;
  return `ok ${count}${last === undefined ? "" : ` seq=${last}`} level=${level} subs=${reached}\n`;
}

/** `err <CODE> <text>`: the next request failed. */
export function errFrame(code: WireCode, text: string): string {
  return `err ${code} ${oneLine(text)}\n`;
}

/** `bye <CODE> <text>`: the broker closes. */
export function byeFrame(code: string, text: string): string {
  return `bye ${code} ${oneLine(text)}\n`;
}

/** `info <json>`. */
export function infoFrame(info: Readonly<Record<string, unknown>>): string {
  return `info ${JSON.stringify(info)}\n`;
}

/** `gap <topic or pattern> <COUNT>`: so many messages would have come here. */
export function gapFrame(pattern: string, count: number): string {
  return `gap ${pattern} ${count}\n`;
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ");
}
