/**
 * What the broker says in protocol v2.
 *
 * @module
 */
import type { WireCode } from "../../errors.ts";
import type { Success } from "../types.ts";

/** The answer to `hello 2`. */
export const HELLO_REPLY = "OK_2\n";

/** `ok <n>`: the next n requests succeeded; with what is known of each of them (V2). */
export function okFrame(count: number, { reached, level, last, from, newest }: Success): string {
  let text = `ok ${count}`;
  if (from !== undefined) text += ` from=${from}`;
  if (newest !== undefined) text += ` last=${newest}`;
  if (last !== undefined) text += ` seq=${last}`;
  if (level !== undefined) text += ` level=${level}`;
  if (reached !== undefined) text += ` subs=${reached}`;
  return `${text}\n`;
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

/** `gap <topic or pattern> <COUNT> [group=<name>]`: so many messages would have come here. */
export function gapFrame(pattern: string, count: number, group?: string): string {
  return `gap ${pattern} ${count}${group === undefined ? "" : ` group=${group}`}\n`;
}

function oneLine(text: string): string {
  return text.includes("\n") || text.includes("\r") ? text.replace(/[\r\n]+/g, " ") : text;
}
