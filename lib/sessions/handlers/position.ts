import type { From, To } from "../../engine/types.ts";

const UNITS: ReadonlyMap<string, number> = new Map([
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

/** Where in the past something is: a sequence number or a time. `now` is milliseconds since 1970. */
export function readPosition(text: string, now: number): To | undefined {
  if (/^\d{1,15}$/.test(text)) return { kind: "sequence", sequence: Number(text) };
  const ago = /^-(\d{1,9})([smhd])$/.exec(text);
  if (ago !== null) return { kind: "time", time: now - Number(ago[1]) * UNITS.get(ago[2]!)! };
  const time = timeOf(text);
  return time === undefined ? undefined : { kind: "time", time };
}

/** `from=`: a position, or one of the words; undefined: none of these. */
export function readFrom(text: string, now: number): From | undefined {
  if (text === "earliest" || text === "latest") return { kind: text };
  return readPosition(text, now);
}

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Milliseconds since 1970 of an RFC 3339 time, which always says its offset: a local time would be somebody
 * else's.
 */
function timeOf(text: string): number | undefined {
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
  const inRange = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) && hour <= 23 &&
    minute <= 59 && second <= 60;
  if (!inRange) return undefined;
  const offset = parts[8] === undefined
    ? 0
    : (Number(parts[9]) * 60 + Number(parts[10])) * (parts[8] === "-" ? -1 : 1);
  const minutes = (daysSince1970(year, month, day) * 24 + hour) * 60 + minute - offset;
  return (minutes * 60 + second) * 1000 + Math.floor(Number(parts[7] ?? 0) * 1000);
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
