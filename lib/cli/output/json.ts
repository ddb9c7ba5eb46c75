/**
 * JSON that is safe on a terminal and stays JSON:
 * what could move a cursor or hide text is written as `\uXXXX`.
 *
 * @module
 */

/** JSON.stringify leaves these as they are: DEL and C1 controls, format characters, line separators. */
const UNSAFE = /[\x7f-\x9f\p{Cf}\u2028\u2029]/gu;

/** The value as JSON on one line. */
export function jsonLine(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(value).replace(UNSAFE, escape);
}

function escape(character: string): string {
  let escaped = "";
  // a character beyond the basic plane is two UTF-16 units, and JSON escapes units
  for (let at = 0; at < character.length; at++) {
    escaped += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
  }
  return escaped;
}
