/**
 * The bytes of headers, looked at where they lie.
 *
 * @module
 */
import { CR, LF, SPACE } from "../wire/bytes.ts";
import { readDecimal } from "../wire/decimals.ts";

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

/** Bytes of the publish that begins at `header`, from what that says; 0 where it has not come to `limit`. */
export function frameBytes(
  bytes: Uint8Array,
  { header, limit }: { readonly header: number; readonly limit: number },
): number {
  const lf = bytes.indexOf(LF, header);
  if (lf < 0 || lf >= limit) return 0;
  const topicEnd = endOfField(bytes, header + 4, lf);
  const lengthEnd = endOfField(bytes, topicEnd + 1, bytes[lf - 1] === CR ? lf - 1 : lf);
  const length = readDecimal(bytes, topicEnd + 1, lengthEnd);
  return lf + 1 + length + 1 - header;
}
