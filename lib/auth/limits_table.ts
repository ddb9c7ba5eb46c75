/**
 * The limits of an account, as a file has them.
 *
 * @module
 */
import { ACCOUNT_LIMIT_SPECS, type AccountLimits } from "./account_limits.ts";
import { type Place, type Table, what } from "./tables.ts";

/** Of an account that has none of its own. */
export const NO_LIMITS: AccountLimits = {};

const UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["kib", 1024],
  ["mib", 1024 ** 2],
  ["gib", 1024 ** 3],
  ["kb", 1000],
  ["mb", 1000 ** 2],
  ["gb", 1000 ** 3],
]);

/** What of a user's table is limits; what is none of that is told. */
export function readLimits(table: Table, wrong: Place): AccountLimits {
  const limits: { -readonly [key in keyof AccountLimits]: AccountLimits[key] } = {};
  for (const { key, name, unit, least, most } of ACCOUNT_LIMIT_SPECS) {
    const value = table[name];
    if (value === undefined) continue;
    const number = unit === "bytes" ? bytesOf(value) : value;
    if (typeof number === "number" && Number.isSafeInteger(number) && number >= least && number <= most) {
      limits[key] = number;
      continue;
    }
    const kind = unit === "bytes" ? `a size, such as 65536 or "64KiB"` : "a whole number";
    wrong(`${name} takes ${kind}, from ${least} to ${most}, not ${what(value)}`);
  }
  return limits;
}

function bytesOf(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const [, number, unit = ""] = /^(\d+) ?([a-z]*)$/.exec(value.toLowerCase()) ?? [];
  return Number(number) * (UNITS.get(unit) ?? NaN);
}
