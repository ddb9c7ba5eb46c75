/**
 * Positions in what is stored, as they are written on a command line and in a command file: where to begin,
 * where to end. Beyond what {@link import("../../positions.ts")} reads there is the clock of today, `09:00`.
 *
 * @module
 */
import { type Ago, parsePosition } from "../../positions.ts";
import type { Kind } from "./units.ts";

/** A position in the client library's words. */
export type Position = number | Date | Ago;
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

/** A position as it is written; a clock shows the hours and minutes of the day that `now` is in, here. */
export function positionOf(text: string, now: Date): Position | undefined {
  const [, hours, minutes, seconds = "0"] = CLOCK.exec(text) ?? [];
  if (hours !== undefined && minutes !== undefined) return today(now, [hours, minutes, seconds].map(Number));
  const position = parsePosition(text);
  switch (position?.kind) {
    case "sequence":
      return position.sequence;
    case "ago":
      return `-${position.count}${position.unit}`;
    case "time":
      return new Date(position.time);
    case "last":
    case undefined:
      return undefined;
  }
}

function today(now: Date, [hours = 0, minutes = 0, seconds = 0]: readonly number[]): Date | undefined {
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  return new Date(now.getFullYear(), now.getMonth(), now.getDate(), hours, minutes, seconds);
}
