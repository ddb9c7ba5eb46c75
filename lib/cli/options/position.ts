/**
 * Places in what is stored, as they are written on a command
 * line and in a command file: where to begin, where to end.
 *
 * @module
 */
import type { Kind } from "./units.ts";

/** A place in the past, in the client library's words. */
export type Position = number | Date | `-${number}${"s" | "m" | "h" | "d"}`;
/** Where to begin. */
export type Start = "now" | "earliest" | "latest" | Position;

const TIMES = "a sequence number, a time (2026-01-31T09:00:00Z, or 09:00 for today) or so long ago (-10m)";

/** `--to`. */
export const POSITION: Kind<Position> = {
  placeholder: "POS",
  config: ["string", "number"],
  read: (text) => {
    const value = positionOf(text, new Date());
    return value === undefined ? { expected: TIMES } : { value };
  },
};

/** `--from`. */
export const START: Kind<Start> = {
  placeholder: "POS",
  config: ["string", "number"],
  read: (text) => {
    if (text === "now" || text === "earliest" || text === "latest") return { value: text };
    const value = positionOf(text, new Date());
    return value === undefined ? { expected: `now, earliest, latest, ${TIMES}` } : { value };
  },
};

/** So many milliseconds ago; whole seconds, rounded so that nothing is missed. */
export function ago(ms: number): Position {
  return `-${Math.ceil(ms / 1000)}s`;
}

const CLOCK = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/;
const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?)([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** A place as it is written; a clock shows the hours and minutes of the day that `now` is in, here. */
export function positionOf(text: string, now: Date): Position | undefined {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const [, number, unit] = /^-(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (number !== undefined && isUnit(unit)) return `-${Number(number)}${unit}`;
  const [, hours, minutes, seconds = "0"] = CLOCK.exec(text) ?? [];
  if (hours !== undefined && minutes !== undefined) return today(now, [hours, minutes, seconds].map(Number));
  const [, year, month, day, time, zone] = RFC_3339.exec(text) ?? [];
  if (year === undefined || time === undefined || zone === undefined) return undefined;
  const date = `${year}-${month}-${day}`;
  // a day that its month does not have would become one of the next
  const exists = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(exists.getTime()) || exists.toISOString().slice(0, 10) !== date) return undefined;
  const parsed = new Date(`${date}T${time}${zone.toUpperCase()}`);
  return Number.isNaN(parsed.getTime()) ? undefined : parsed;
}

function isUnit(unit: string | undefined): unit is "s" | "m" | "h" | "d" {
  return unit !== undefined && "smhd".includes(unit);
}

function today(now: Date, [hours = 0, minutes = 0, seconds = 0]: readonly number[]): Date | undefined {
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  return new Date(now.getFullYear(), now.getMonth(), now.getDate(), hours, minutes, seconds);
}
