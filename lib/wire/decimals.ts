/**
 * Decimal numbers as the wire has them.
 *
 * @module
 */

/** The digit `0`; those up to `9` follow it. */
export const ZERO = 0x30;
/** The digit `9`. */
export const NINE = 0x39;

/** How many digits a whole number from 0 on has. */
export function digitsOf(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  return digits;
}

/** Writes a whole number from 0 on to `out`, from `at` on; where it ends. */
export function writeDecimal(
  out: Uint8Array,
  { at, value }: { readonly at: number; readonly value: number },
): number {
  const end = at + digitsOf(value);
  let rest = value;
  for (let place = end - 1; place >= at; place--) {
    out[place] = ZERO + rest % 10;
    rest = Math.floor(rest / 10);
  }
  return end;
}

/** Digits of a number that is read: so many fit a double exactly. */
const DIGITS_MOST = 15;

/**
 * The number that stands in `bytes` from `start` to before `end`, and nothing else does: digits, no sign, no
 * leading zeros (V3). -1: it is none, or has more than 15 digits.
 */
export function readDecimal(bytes: Uint8Array, start: number, end: number): number {
  const digits = end - start;
  if (digits < 1 || digits > DIGITS_MOST || (digits > 1 && bytes[start] === ZERO)) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = 10 * value + digit;
  }
  return value;
}
