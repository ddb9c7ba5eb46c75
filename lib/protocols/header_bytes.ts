/**
 * The bytes of headers, looked at where they lie.
 *
 * @module
 */
import { SPACE } from "../wire/bytes.ts";

/** Whether `pub ` stands there. */
export function isPub(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x70 && bytes[at + 1] === 0x75 && bytes[at + 2] === 0x62 && bytes[at + 3] === SPACE;
}
