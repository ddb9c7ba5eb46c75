/**
 * Cuts what comes over a connection into lines.
 *
 * @module
 */
import { LF } from "../../lib/wire/bytes.ts";

const decoder = new TextDecoder();

/** Lines, and between them bytes that are none. */
export class Lines {
  readonly #line: (text: string) => number;
  #rest = new Uint8Array(0);
  #skip = 0;

  /** `line`: gives back how many bytes behind the line are passed over. */
  constructor(line: (text: string) => number) {
    this.#line = line;
  }

  /** These bytes came. */
  take(bytes: Uint8Array): void {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    let at = 0;
    for (;;) {
      const some = Math.min(this.#skip, all.length - at);
      at += some;
      this.#skip -= some;
      const end = all.indexOf(LF, at);
      if (end === -1) break;
      this.#skip = this.#line(decoder.decode(all.subarray(at, end)));
      at = end + 1;
    }
    this.#rest = all.slice(at);
  }
}
