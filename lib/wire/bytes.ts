/**
 * The bytes the wire is made of, and text as such bytes.
 *
 * @module
 */

export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const SHARP = 0x23;

const encoder = new TextEncoder();

/** Text to bytes. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** Whether `bytes` from `start` to `end` are all ASCII; what is not needs `decodeText` to be judged. */
export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! > 0x7f) return false;
  return true;
}
