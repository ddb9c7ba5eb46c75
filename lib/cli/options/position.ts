/**
 * Positions in what is stored, as they are written on a command line and in a command file: where to begin,
 * where to end. Beyond what {@link import("../../positions.ts")} reads there are
 *
 *     2026-11-23  2026-11-23T09:00  09:00    times of the clock here (local_time.ts)
 *     @1763900000  @1763900000.5             Unix seconds; of 13 digits, milliseconds
 *     -1h30m  -1.5h  -500ms                  so long ago, in several units or parts of one
 *     -10                                    the last ten of each topic
 *     beginning  end                         as kcat calls earliest and now
 *
 * @module
 */
import { RefusedError, RunError } from "../../errors.ts";
import {
  type Ago,
  AGO_MOST,
  type AgoUnit,
  CLOCKS_DIFFER_MS,
  type Last,
  parsePosition,
  UNIT_MS,
} from "../../positions.ts";
import { localTime, type Of, withOffset } from "./local_time.ts";
import { type Kind, spanMs } from "./units.ts";

/** A position in the client library's words. */
export type Position = number | Date | Ago;
/** Where to begin. */
export type Start = "now" | "earliest" | "latest" | Last | Position;

/** A time whose text leaves open which moment it is; a person is told which one was taken. */
export class ReadTime extends Date {
  readonly written: string;
  readonly #why: string;

  constructor(time: number, { written, why = "" }: { readonly written: string; readonly why?: string }) {
    super(time);
    this.written = written;
    this.#why = why;
  }

  /** `2026-11-23T09:00 is 2026-11-23T09:00:00+01:00`. */
  get told(): string {
    return `${this.written} is ${withOffset(this)}${this.#why}`;
  }
}

const TIMES = "a sequence number, a time (2026-11-23, 2026-11-23T09:00, 09:00, 2026-11-23T09:00:00Z, " +
  "@1763900000)";
const AGO = "so long ago (-10m, -1h30m)";
const STARTS: ReadonlyMap<string, Start> = new Map([
  ["now", "now"],
  ["end", "now"],
  ["earliest", "earliest"],
  ["beginning", "earliest"],
  ["latest", "latest"],
]);
const LAST = /^-0*[1-9]\d{0,8}$/;

/** `--to`. */
export const POSITION: Kind<Position> = {
  placeholder: "POS",
  config: ["string", "number"],
  read: (text) => {
    const value = positionOf(text, { now: new Date(), of: "second" });
    return value === undefined ? { expected: `${TIMES} or ${AGO}` } : { value };
  },
  write: positionText,
};

/** A moment. */
export const TIME: Kind<Date> = {
  placeholder: "TIME",
  config: ["string"],
  read: (text) => {
    const value = positionOf(text, { now: new Date(), of: "first" });
    return value instanceof Date ? { value } : {
      expected: "a time (2026-11-23, 2026-11-23T09:00, 09:00, 2026-11-23T09:00:00Z, @1763900000)",
    };
  },
  write: positionText,
};

/** `--from`. */
export const START: Kind<Start> = {
  placeholder: "POS",
  config: ["string", "number"],
  read: (text) => {
    const value = STARTS.get(text) ?? lastOf(text) ?? positionOf(text, { now: new Date(), of: "first" });
    return value === undefined
      ? { expected: `now, earliest, latest, ${TIMES}, ${AGO} or the last ten of each topic (-10)` }
      : { value };
  },
  write: positionText,
  completes: { kind: "words", words: [...STARTS.keys()] },
};

/** So many milliseconds ago, rounded so that nothing is missed; in whole seconds where it is not too long. */
export function ago(ms: number): Ago {
  const unit = (Object.keys(UNIT_MS) as AgoUnit[]).find((unit) => Math.ceil(ms / UNIT_MS[unit]) <= AGO_MOST);
  return `-${Math.ceil(ms / UNIT_MS[unit ?? "d"])}${unit ?? "d"}`;
}

/** A position as it is written; `now` says which day is today. */
export function positionOf(
  text: string,
  { now, of }: { readonly now: Date; readonly of: Of },
): Position | undefined {
  const local = localTime(text, { now, of });
  if (local !== undefined) return new ReadTime(local, { written: text });
  if (text.startsWith("@")) return unixTime(text);
  const position = parsePosition(text);
  if (position?.kind === "sequence") return position.sequence;
  if (position?.kind === "time") return new Date(position.time);
  if (position?.kind === "ago") return `-${position.count}${position.unit}`;
  const span = text.startsWith("-") ? spanMs(text.slice(1)) : undefined;
  return span === undefined || span > AGO_MOST * UNIT_MS.d ? undefined : ago(span);
}

/** How Unix seconds are written, to be said behind a sequence number that looks like some. */
export function secondsHint(position: Start): string {
  return typeof position === "number" && /^\d{10}$|^\d{13}$/.test(`${position}`)
    ? ` (Unix seconds are written @${position})`
    : "";
}

/** An error that may be about a place to begin, with {@link secondsHint} behind it. */
export function withSecondsHint(error: unknown, position: Start | undefined): unknown {
  const hint = position === undefined ? "" : secondsHint(position);
  if (hint === "") return error;
  if (error instanceof RefusedError && error.code === "BAD_FIELD") {
    return new RefusedError(error.code, `${error.message}${hint}`);
  }
  return error instanceof RunError ? new RunError(`${error.message}${hint}`) : error;
}

/** Why nothing is stored from there on, as a clause; undefined: something may be. */
export function inTheFuture(from: Start, now: number): string | undefined {
  const start = timeOf(from, now);
  if (start === undefined || start <= now + CLOCKS_DIFFER_MS) return undefined;
  return `${shown(from)} lies in the future, and nothing of it is stored (now it is ${
    withOffset(new Date(now))
  })`;
}

/** Why nothing lies between two positions, as a clause; undefined: something may. */
export function wrongOrder(
  { from, to, now }: { readonly from: Start; readonly to: Position; readonly now: number },
): string | undefined {
  const [start, end] = [timeOf(from, now), timeOf(to, now)];
  const isBehind = typeof from === "number" && typeof to === "number"
    ? from > to
    : start !== undefined && end !== undefined && start > end;
  return isBehind ? `${shown(from)} lies behind ${shown(to)}, where it is to end` : undefined;
}

/** Why nothing stored can come, for either reason. */
export function nothingStored(
  { from, to, now }: { readonly from: Start; readonly to: Position | undefined; readonly now: number },
): string | undefined {
  return inTheFuture(from, now) ?? (to === undefined ? undefined : wrongOrder({ from, to, now }));
}

/** A position as one would write it, times with their offset. */
function positionText(position: Start): string {
  return position instanceof Date ? withOffset(position) : `${position}`;
}

function shown(position: Start): string {
  return position instanceof ReadTime
    ? `${position.written} (${withOffset(position)})`
    : positionText(position);
}

/** Milliseconds since 1970; undefined for what is no time. */
function timeOf(position: Start, now: number): number | undefined {
  if (position instanceof Date) return position.getTime();
  if (typeof position === "number") return undefined;
  const parsed = parsePosition(position);
  return parsed?.kind === "ago" ? now - parsed.count * UNIT_MS[parsed.unit] : undefined;
}

function lastOf(text: string): Last | undefined {
  return LAST.test(text) ? `-${Number(text.slice(1))}` : undefined;
}

/** `@1763900000`, `@1763900000.5`: seconds. JavaScript and kcat count milliseconds, which have 13 digits. */
function unixTime(text: string): Date | undefined {
  const [, whole = "", decimals = ""] = /^@(\d{1,13})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (whole.length === 13 && decimals === "") {
    return new ReadTime(Number(whole), { written: text, why: " (13 digits: milliseconds)" });
  }
  if (whole === "" || whole.length > 11) return undefined;
  return new Date(Number(whole) * 1000 + Number(decimals.slice(0, 3).padEnd(3, "0")));
}

/** Why a group cannot begin there; undefined: it can. */
export function startProblem(start: Start | undefined): string | undefined {
  const isLast = start === "latest" || (typeof start === "string" && /^-\d+$/.test(start));
  return isLast
    ? "a group that is new begins now, earliest, at a number, a time or so long ago: the last ones of each " +
      "topic are for who reads alone"
    : undefined;
}
