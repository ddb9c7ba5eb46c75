/**
 * What happened, as one number, and line by line for who wants to read it.
 *
 * @module
 */

const SHOWN = 400;

/** Two runs of one seed have the same. */
export class Trace {
  readonly #now: () => number;
  readonly #say: ((line: string) => void) | undefined;
  #high = 0x811c9dc5;
  #low = 0x01000193;
  #length = 0;

  constructor(now: () => number, say?: (line: string) => void) {
    this.#now = now;
    this.#say = say;
  }

  /** It happened now. */
  add(what: string): void {
    const line = `${this.#now().toFixed(3)} ${what}`;
    for (let at = 0; at < line.length; at++) this.#mix(line.charCodeAt(at));
    this.#say?.(line);
  }

  /** So many bytes went by. */
  bytes(what: string, bytes: Uint8Array): void {
    for (const byte of bytes) this.#mix(byte);
    this.add(`${what} ${bytes.length} B`);
    this.#say?.(`  ${JSON.stringify(new TextDecoder().decode(bytes.subarray(0, SHOWN)))}`);
  }

  get hash(): string {
    return ((this.#high ^ this.#length) >>> 0).toString(16).padStart(8, "0") +
      (this.#low >>> 0).toString(16).padStart(8, "0");
  }

  #mix(code: number): void {
    this.#length++;
    this.#high = Math.imul(this.#high ^ code, 0x01000193);
    this.#low = Math.imul(this.#low ^ code, 0x85ebca6b) ^ (this.#low >>> 13);
  }
}
