/**
 * The order of topics.
 *
 * @module
 */

/** Code units from which on UTF-16 has another order than UTF-8: those of surrogates. */
const SURROGATES = 0xd800;

/** Less than 0, 0 or more: in the order of the bytes of their UTF-8, as a database has it. */
export function compareNames(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    const a = one.charCodeAt(at);
    const b = other.charCodeAt(at);
    if (a === b) continue;
    return a >= SURROGATES && b >= SURROGATES ? one.codePointAt(at)! - other.codePointAt(at)! : a - b;
  }
  return one.length - other.length;
}
