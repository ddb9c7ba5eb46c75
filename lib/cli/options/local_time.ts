/**
 * Times as a clock on the wall here shows them, without an offset: `2026-11-23`, `2026-11-23T09:00`, `09:00`.
 *
 * Twice a year such a clock jumps. What it shows twice is the first time for who begins there and the second
 * for who ends there, and what it never shows is the moment of the jump: so between two times lies everything
 * that came while the clock showed something between them.
 *
 * @module
 */

/** What a clock shows; the month counts from 1. */
interface Shown {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly ms: number;
}

/** Which of two moments is meant where a clock shows the same twice. */
export type Of = "first" | "second";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const CLOCK = /(?<hour>\d{1,2}):(?<minute>\d\d)(?::(?<second>\d\d)(?:\.(?<ms>\d{1,9}))?)?/.source;
const TODAY = new RegExp(`^${CLOCK}$`);
const DATED = new RegExp(`^(?<year>\\d{4})-(?<month>\\d\\d)-(?<day>\\d\\d)(?:[Tt ]${CLOCK})?$`);

/** The moment a text names here; `now` says which day is today. Undefined: it is no such time. */
export function localTime(text: string, { now, of }: { now: Date; of: Of }): number | undefined {
  const parts = (TODAY.exec(text) ?? DATED.exec(text))?.groups;
  if (parts === undefined) return undefined;
  const { year, month, day, hour = 0, minute = 0, second = 0, ms = "" } = parts;
  const shown: Shown = {
    year: Number(year ?? now.getFullYear()),
    month: Number(month ?? now.getMonth() + 1),
    day: Number(day ?? now.getDate()),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    ms: Number(ms.slice(0, 3).padEnd(3, "0")),
  };
  return exists(shown) ? momentOf(asUtc(shown), of) : undefined;
}

/** A moment as RFC 3339 with the offset of here: `2026-11-23T09:00:00+01:00`. */
export function withOffset(time: Date): string {
  const offset = offsetAt(time.getTime());
  const shown = new Date(time.getTime() + offset).toISOString().replace(/(\.000)?Z$/, "");
  const minutes = Math.abs(Math.round(offset / MINUTE_MS));
  const two = (value: number): string => `${value}`.padStart(2, "0");
  return `${shown}${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Whether there is such a day, and such a time on it. */
function exists({ month, day, hour, minute, second, year }: Shown): boolean {
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return false;
  return day <= new Date(Date.UTC(2000 + year % 400, month, 0)).getUTCDate();
}

/** The moment at which a clock in Greenwich shows it. */
function asUtc({ year, month, day, hour, minute, second, ms }: Shown): number {
  const time = new Date(0);
  time.setUTCFullYear(year, month - 1, day);
  return time.setUTCHours(hour, minute, second, ms);
}

/** When the clock here shows what one in Greenwich shows at `shown`. */
function momentOf(shown: number, of: Of): number {
  // a clock jumps at most once in the days around
  const offsets = [offsetAt(shown - DAY_MS), offsetAt(shown + DAY_MS)];
  const moments = offsets.map((offset) => shown - offset).sort((a, b) => a - b);
  const showing = moments.filter((moment) => moment + offsetAt(moment) === shown);
  if (showing.length === 0) return jumpBetween(moments[0]!, moments[1]!);
  return showing.at(of === "first" ? 0 : -1)!;
}

/** The first millisecond after the jump between two moments. */
function jumpBetween(before: number, after: number): number {
  const offset = offsetAt(before);
  let [low, high] = [before, after];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle) === offset) low = middle;
    else high = middle;
  }
  return high;
}

/** How far the clock here is ahead of one in Greenwich, milliseconds. */
function offsetAt(moment: number): number {
  return -new Date(moment).getTimezoneOffset() * MINUTE_MS;
}
