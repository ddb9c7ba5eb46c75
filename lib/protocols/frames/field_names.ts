/**
 * Fields of a publish that the broker looks at, by the bytes of their names.
 *
 * @module
 */

/** A bit for what `at`, `delay` and `ttl` begin with: by the lowest five of the character. */
const TIMED_FIRST = 1 << 0x61 | 1 << 0x64 | 1 << 0x74;

/** Whether any of those that {@link isTimed} knows begins with this; that costs less. */
export function mayBeTimed(first: number): boolean {
  return (TIMED_FIRST >> first & 1) === 1;
}

/** Whether a name that begins there, and has two bytes, is `id`. */
export function isId(buffer: Uint8Array, at: number): boolean {
  return buffer[at] === 0x69 && buffer[at + 1] === 0x64;
}

/** Whether a name from one place to another is `ttl`, `delay` or `at`. */
export function isTimed(buffer: Uint8Array, at: number, end: number): boolean {
  switch (end - at) {
    case 2:
      return buffer[at] === 0x61 && buffer[at + 1] === 0x74;
    case 3:
      return buffer[at] === 0x74 && buffer[at + 1] === 0x74 && buffer[at + 2] === 0x6c;
    case 5:
      return buffer[at] === 0x64 && buffer[at + 1] === 0x65 && buffer[at + 2] === 0x6c &&
        buffer[at + 3] === 0x61 && buffer[at + 4] === 0x79;
    default:
      return false;
  }
}
