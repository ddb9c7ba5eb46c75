/**
 * When a message was sent, as one of its headers says.
 *
 * @module
 */
import { parseTime } from "../../../positions.ts";

const NUMBER = /^(\d{1,20})(\.\d+)?$/;

/**
 * Milliseconds since 1970; undefined: it is no time. Numbers are milliseconds, decimals allowed, or what
 * `date +%s`, `+%s%6N` and `+%s%N` print: how many digits there are tells seconds and parts of them apart.
 */
export function sentTime(text: string): number | undefined {
  const [, whole] = NUMBER.exec(text) ?? [];
  return whole === undefined ? parseTime(text) : Number(text) * unitOf(whole.length);
}

/** The milliseconds of one, in a number of so many digits that names a time between 1973 and 5138. */
function unitOf(digits: number): number {
  if (digits <= 11) return 1000;
  if (digits <= 14) return 1;
  return digits <= 17 ? 1e-3 : 1e-6;
}
