/**
 * Answers in JSON, and what a query asks for.
 *
 * @module
 */
import { quote } from "../text.ts";
import { PAGE, PAGE_MOST } from "./limits.ts";
import { Problem } from "./problem.ts";
import type { Asked } from "./types.ts";

/** Milliseconds since 1970 as RFC 3339. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

/** A number to a hundredth. */
export function rounded(number: number): number {
  return Math.round(100 * number) / 100;
}

/** `limit=`. Throws Problem. */
export function limitOf(asked: Asked): number {
  const text = asked.req.query("limit");
  if (text === undefined) return PAGE;
  const limit = /^\d+$/.test(text) ? Number(text) : NaN;
  if (limit >= 1 && limit <= PAGE_MOST) return limit;
  throw badQuery("limit", text, `a number from 1 to ${PAGE_MOST.toLocaleString("en")}`);
}

/** A value that is one of some words. Throws Problem. */
export function wordOf<Word extends string>(
  asked: Asked,
  name: string,
  words: readonly [Word, ...Word[]],
): Word {
  const text = asked.req.query(name);
  if (text === undefined) return words[0];
  const found = words.find((word) => word === text);
  if (found !== undefined) return found;
  throw badQuery(name, text, words.join(" or "));
}

/** A whole number of the query that is not negative. Throws Problem. */
export function countOf(asked: Asked, name: string): number | undefined {
  const text = asked.req.query(name);
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw badQuery(name, text, "a whole number");
}

/** A problem with a value of the query. */
export function badQuery(name: string, value: string, expected: string): Problem {
  return new Problem(400, "BAD_REQUEST", `${name}= is ${expected}, not ${quote(value)}`);
}

/** The path of the next page: this one with other values in its query. */
export function nextPath(asked: Asked, values: Readonly<Record<string, string>>): string {
  const url = new URL(asked.req.url);
  for (const [name, value] of Object.entries(values)) url.searchParams.set(name, value);
  return `${url.pathname}${url.search}`;
}
