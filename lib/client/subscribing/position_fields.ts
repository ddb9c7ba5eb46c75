/**
 * Positions in what is stored, as the fields `from=` and `to=` say them.
 *
 * @module
 */
import { RefusedError } from "../../errors.ts";
import { AGO_MOST, type Last, parsePosition, SEQUENCE_MOST, UNIT_MS } from "../../positions.ts";
import { quote } from "../../text.ts";
import type { Position } from "../types.ts";

const YEAR_MOST = 9999;

/** The value of the field. Throws RefusedError for what is no position. */
export function encodePosition(
  position: Position | Last | "earliest" | "latest",
  field: "from" | "to",
): string {
  if (typeof position === "number") {
    if (Number.isInteger(position) && position >= 0 && position <= SEQUENCE_MOST) return `${position}`;
    throw wrong(field, `a sequence number is a whole number from 0 on, ${position} is not`);
  }
  if (position instanceof Date) {
    const year = position.getUTCFullYear();
    if (year >= 0 && year <= YEAR_MOST) return position.toISOString();
    throw wrong(field, "that is no time, or none of the years 0 to 9999");
  }
  const kind = parsePosition(position)?.kind;
  const isStart = position === "earliest" || position === "latest" || kind === "last";
  if (kind === "ago" || (field === "from" && isStart)) return position;
  throw wrong(
    field,
    `${
      field === "from" ? '"now", "earliest", "latest", "-10" (the last ten), ' : ""
    }a number, a Date or "-10m" (s, m, h, d), not ${quote(String(position))}`,
  );
}

/**
 * The same position some milliseconds later: what was ten minutes ago is then longer ago. In whole seconds,
 * rounded so that nothing is missing at either end.
 */
export function aged(value: string, elapsed: number, field: "from" | "to"): string {
  const position = parsePosition(value);
  if (position?.kind !== "ago") return value;
  const seconds = (position.count * UNIT_MS[position.unit] + elapsed) / 1000;
  return `-${Math.min(field === "from" ? Math.ceil(seconds) : Math.floor(seconds), AGO_MOST)}s`;
}

function wrong(field: string, problem: string): RefusedError {
  return new RefusedError("BAD_FIELD", `${field}: ${problem}`);
}
