/**
 * Positions in what is stored, as text: `7`, `-10m`, `-10`, `2026-01-31T09:00:00Z`. The one place that knows
 * how they are written, for who writes them (client, command line) and for who reads them (broker). Pure:
 * what is ago stays ago until somebody says when now is.
 *
 * @module
 */

/** Sequence numbers have at most 15 digits: all of them are exact as a JavaScript number. */
export const SEQUENCE_MOST = 999_999_999_999_999;
/** The most of a unit that a time ago can be. */
export const AGO_MOST = 999_999_999;

/** How far two clocks may differ before a time of the one lies in the future of the other, milliseconds. */
export const CLOCKS_DIFFER_MS = 60_000;

/** Seconds, minutes, hours, days. */
export type AgoUnit = "s" | "m" | "h" | "d";
/** The units of a time ago, and the milliseconds that each has. */
export const UNIT_MS: Readonly<Record<AgoUnit, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** So long ago: `-10m`. */
export type Ago = `-${number}${AgoUnit}`;

/** The last so many of each topic: `-10`. */
export type Last = `-${number}`;

/** The last so many of each topic that there are, or were at a time; `asOf` is milliseconds since 1970. */
export interface LastPosition {
  readonly kind: "last";
  readonly count: number;
  readonly asOf: number | undefined;
}

/** What a text names. `time` is milliseconds since 1970. */
export type ParsedPosition =
  | { readonly kind: "sequence"; readonly sequence: number }
  | { readonly kind: "ago"; readonly count: number; readonly unit: AgoUnit }
  | { readonly kind: "time"; readonly time: number }
  | LastPosition;

/** A place in a topic, once it is known when now is. */
export type ResolvedPosition = Exclude<ParsedPosition, { kind: "ago" | "last" }>;

const SEQUENCE = /^\d{1,15}$/;
const LAST = /^-(\d{1,9})(?:@(.+))?$/;
const AGO = /^-(\d{1,9})([smhd])$/;
const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Reads a position; undefined: it is none. */
export function parsePosition(text: string): ParsedPosition | undefined {
  if (SEQUENCE.test(text)) return { kind: "sequence", sequence: Number(text) };
  const [, count, unit] = AGO.exec(text) ?? [];
  if (count !== undefined) return { kind: "ago", count: Number(count), unit: unit as AgoUnit };
  if (LAST.test(text)) return parseLast(text);
  const time = parseTime(text);
  return time === undefined ? undefined : { kind: "time", time };
}

/** `-10`, `-10@2026-01-31T09:00:00Z`. */
function parseLast(text: string): LastPosition | undefined {
  const [, digits = "", moment] = LAST.exec(text) ?? [];
  const count = Number(digits);
  const asOf = moment === undefined ? undefined : parseTime(moment);
  if (count === 0 || (moment !== undefined && asOf === undefined)) return undefined;
  return { kind: "last", count, asOf };
}

/**
 * `to=`: a place in a topic, with a time in place of how long ago; undefined: none. `now` is milliseconds
 * since 1970.
 */
export function readPosition(text: string, now: number): ResolvedPosition | undefined {
  const position = parsePosition(text);
  if (position?.kind === "last") return undefined;
  if (position?.kind !== "ago") return position;
  return { kind: "time", time: now - position.count * UNIT_MS[position.unit] };
}

/** `from=`: a position, or one of the words (D3); undefined: none of these. */
export function readFrom(
  text: string,
  now: number,
): ResolvedPosition | LastPosition | { readonly kind: "earliest" } | undefined {
  if (text === "earliest") return { kind: text };
  const position = parsePosition(text === "latest" ? "-1" : text);
  return position?.kind === "last" ? position : readPosition(text, now);
}

/**
 * Milliseconds since 1970 of an RFC 3339 time, which always says its offset: a local time would be somebody
 * else's. A leap second is the first second of the next minute.
 */
export function parseTime(text: string): number | undefined {
  const parts = RFC_3339.exec(text);
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [offsetHours, offsetMinutes] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)];
  const inRange = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) && hour <= 23 &&
    minute <= 59 && second <= 60 && offsetHours <= 23 && offsetMinutes <= 59;
  if (!inRange) return undefined;
  const offset = (offsetHours * 60 + offsetMinutes) * (parts[8] === "-" ? -1 : 1);
  const minutes = (daysSince1970(year, month, day) * 24 + hour) * 60 + minute - offset;
  // digits beyond the third are less than a millisecond
  const milliseconds = Number((parts[7] ?? "").slice(1, 4).padEnd(3, "0"));
  return (minutes * 60 + second) * 1000 + milliseconds;
}

function daysIn(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return DAYS_IN_MONTH[month - 1]! + (month === 2 && leap ? 1 : 0);
}

/**
 * Days from 1970-01-01 to a day of the Gregorian calendar, counting years from March so that the leap day is
 * the last.
 */
function daysSince1970(year: number, month: number, day: number): number {
  const fromMarch = month > 2 ? year : year - 1;
  const months = (month + 9) % 12;
  const leapDays = Math.floor(fromMarch / 4) - Math.floor(fromMarch / 100) + Math.floor(fromMarch / 400);
  return fromMarch * 365 + leapDays + Math.floor((months * 153 + 2) / 5) + day - 1 - 719_468;
}
