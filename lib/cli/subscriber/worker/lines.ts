/**
 * What a command prints, line by line: several commands that run at a time do not get into one another's
 * lines.
 *
 * @module
 */

/** A line that is longer is passed on in pieces, so that no command fills the memory. */
const LINE_MOST = 64 * 1024;
const LF = 0x0a;

/** Cuts bytes into whole lines. */
export class Lines {
  readonly #take: (line: Uint8Array) => void;
  #rest: Uint8Array[] = [];
  #length = 0;

  /** `take` is handed each line with its line end, which the last one gets where it has none. */
  constructor(take: (line: Uint8Array) => void) {
    this.#take = take;
  }

  /** The bytes are not kept beyond the call but as a copy. */
  add(bytes: Uint8Array): void {
    let from = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, from)) {
      this.#give(bytes.subarray(from, end + 1));
      from = end + 1;
    }
    if (from === bytes.length) return;
    this.#rest.push(bytes.slice(from));
    this.#length += bytes.length - from;
    if (this.#length >= LINE_MOST) this.end();
  }

  /** Nothing follows. */
  end(): void {
    if (this.#length > 0) this.#give(Uint8Array.of(LF));
  }

  #give(piece: Uint8Array): void {
    if (this.#length === 0) return this.#take(piece);
    const line = new Uint8Array(this.#length + piece.length);
    let at = 0;
    for (const part of [...this.#rest, piece]) {
      line.set(part, at);
      at += part.length;
    }
    this.#rest = [];
    this.#length = 0;
    this.#take(line);
  }
}
