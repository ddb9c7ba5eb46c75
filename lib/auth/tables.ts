/**
 * Values of a table of TOML, which anybody may have written.
 *
 * @module
 */
import { quote } from "../text.ts";

/** A table. */
export type Table = Readonly<Record<string, unknown>>;

/** Takes what is wrong, a clause for a person, and knows where it stands. */
export type Place = (text: string) => void;

/** Whether it is a table; a time is none. */
export function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** What a value is, for a person. */
export function what(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return `the time ${value.toISOString()}`;
  if (typeof value === "string") return `the string ${quote(value)}`;
  return isTable(value) ? "a table" : String(value);
}

/** The texts of a list; what is none of that is told. Nothing there is an empty list. */
export function readTexts(
  value: unknown,
  { key, of, place }: { readonly key: string; readonly of: string; readonly place: Place },
): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    place(`${key} takes a list of ${of}, not ${what(value)}`);
    return [];
  }
  if (value.length > TEXTS_MOST) {
    place(`${key} has ${value.length} entries, and at most ${TEXTS_MOST} are looked through`);
    return [];
  }
  for (const each of value) {
    if (typeof each !== "string") place(`${key} takes ${of} in quotes, not ${what(each)}`);
  }
  return value.filter((each) => typeof each === "string");
}

/** A list is looked through for each topic that an account has not had before. */
const TEXTS_MOST = 256;
