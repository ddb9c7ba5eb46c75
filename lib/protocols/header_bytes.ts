/**
 * The bytes of headers, looked at where they lie.
 *
 * @module
 */
import { SPACE } from "../wire/bytes.ts";

/** Where the word that begins at `from` ends: at a space, or at `stop`. */
export function endOfField(bytes: Uint8Array, from: number, stop: number): number {
  let at = from;
  while (at < stop && bytes[at] !== SPACE) at++;
  return Math.min(at, stop);
}

/** Whether `pub ` stands there. */
export function isPub(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x70 && bytes[at + 1] === 0x75 && bytes[at + 2] === 0x62 && bytes[at + 3] === SPACE;
}
