/**
 * Groups as they are printed.
 *
 * @module
 */
import type { GroupListing } from "../../../broker/mod.ts";
import { jsonLine, visible } from "../../../text.ts";

const HEAD = ["NAME", "PATTERN", "LAG", "OUTSTANDING", "MEMBERS", "ACK", "OLDEST"] as const;
/** Columns of numbers, which stand below one another by their ends. */
const NUMBERS = new Set<string>(["LAG", "OUTSTANDING", "MEMBERS"]);

/** A line a group below a head, those that are furthest behind first. */
export function groupsTable(groups: readonly GroupListing[], now: number): string[] {
  const sorted = groups.toSorted((one, other) => other.lag - one.lag || compare(one, other));
  const rows = sorted.map(({ name, pattern, lag, outstanding, members, settling, oldest }) => [
    visible(name),
    visible(pattern),
    ...[lag, outstanding, members].map((number) => number.toLocaleString("en")),
    settling ?? "-",
    oldest === undefined ? "-" : age(now - oldest),
  ]);
  const widths = HEAD.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at]!.length)));
  return [HEAD, ...rows].map((row) =>
    row.map((cell, at) => NUMBERS.has(HEAD[at]!) ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!))
      .join("  ").trimEnd()
  );
}

/** The same as an object a line, times as RFC 3339. */
export function groupsJson(groups: readonly GroupListing[]): string[] {
  return groups.toSorted(compare).map(({ name, pattern, lag, outstanding, members, settling, oldest }) =>
    jsonLine({
      name,
      pattern,
      lag,
      outstanding,
      members,
      ...(settling === undefined ? {} : { ack: settling }),
      ...(oldest === undefined ? {} : { oldest: new Date(oldest).toISOString() }),
    })
  );
}

function compare(one: GroupListing, other: GroupListing): number {
  const [a, b] = [one, other].map(({ name, pattern }) => `${name}${pattern}`);
  return a! < b! ? -1 : 1;
}

const UNITS = [["d", 86_400], ["h", 3600], ["m", 60], ["s", 1]] as const;

/** How long it is, in its two largest units: `2h5m`. */
function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const found = UNITS.findIndex(([, length]) => seconds >= length);
  const at = found === -1 ? UNITS.length - 1 : found;
  const [unit, length] = UNITS[at]!;
  const whole = `${Math.floor(seconds / length)}${unit}`;
  const next = UNITS[at + 1];
  const rest = next === undefined ? 0 : Math.floor(seconds % length / next[1]);
  return rest === 0 ? whole : `${whole}${rest}${next![0]}`;
}
