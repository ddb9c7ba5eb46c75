/**
 * Places in the past, as `from=` and `to=` say them.
 *
 * @module
 */
import { RefusedError } from "../errors.ts";
import { quote } from "../text.ts";
import type { Position } from "./types.ts";

const UNIT_SECONDS: ReadonlyMap<string, number> = new Map([["s", 1], ["m", 60], ["h", 3600], ["d", 86_400]]);
const AGO = /^-(\d{1,9})([smhd])$/;
const AGO_MOST_SECONDS = 999_999_999;
const SEQUENCE_MOST = 999_999_999_999_999;
const YEAR_MOST = 9999;

/** The value of the field. Throws RefusedError for what is no place. */
export function encodePosition(position: Position | "earliest" | "latest", field: "from" | "to"): string {
  if (typeof position === "number") {
    if (Number.isInteger(position) && position >= 0 && position <= SEQUENCE_MOST) return `${position}`;
    throw wrong(field, `a sequence number is a whole number from 0 on, ${position} is not`);
  }
  if (position instanceof Date) {
    const year = position.getUTCFullYear();
    if (year >= 0 && year <= YEAR_MOST) return position.toISOString();
    throw wrong(field, "that is no time, or none of the years 0 to 9999");
  }
  const isWord = field === "from" && (position === "earliest" || position === "latest");
  if (isWord || AGO.test(position)) return position;
  throw wrong(
    field,
    `${field === "from" ? '"now", "earliest", "latest", ' : ""}a number, a Date or "-10m" (s, m, h, d), not ${
      quote(String(position))
    }`,
  );
}

/**
 * The same place some milliseconds later: what was ten minutes ago is then longer ago. In whole seconds, rounded so that nothing
 * is missing at either end.
 */
export function aged(value: string, elapsed: number, field: "from" | "to"): string {
  const [, number, unit] = AGO.exec(value) ?? [];
  if (number === undefined || unit === undefined) return value;
  const seconds = Number(number) * (UNIT_SECONDS.get(unit) ?? 1) + elapsed / 1000;
  return `-${Math.min(field === "from" ? Math.ceil(seconds) : Math.floor(seconds), AGO_MOST_SECONDS)}s`;
}

function wrong(field: string, problem: string): RefusedError {
  return new RefusedError("BAD_FIELD", `${field}: ${problem}`);
}
