/**
 * The bytes the wire is made of, and UTF-8 both ways.
 *
 * @module
 */

export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const SHARP = 0x23;

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text to bytes. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/**
 * Bytes to text, or undefined where they are not well-formed UTF-8 (RFC 3629: no overlong forms, no
 * surrogates).
 */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Whether `bytes` from `start` to `end` are all ASCII; what is not needs {@link decodeText} to be judged. */
export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! > 0x7f) return false;
  return true;
}
