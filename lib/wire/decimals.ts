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
