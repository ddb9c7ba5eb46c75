/**
 * Which piece brings a message whose id was claimed and that is not stored yet.
 *
 * @module
 */
import type { IdSpan } from "../../id_spans.ts";
import type { Piece } from "./piece.ts";

/** So many that have left stay before a list of them is cut. */
const HEAD_MOST = 64;

/** Numbers that one piece brings. */
interface Claim {
  readonly first: number;
  readonly last: number;
  /** Undefined: it has left. */
  piece: Piece | undefined;
}

/** Numbers of one prefix: intervals in rising order, as publishers count, and what came out of order. */
class ClaimedNumbers {
  /** Most have one, and an array that is given it has room for no more. */
  #claims: Claim[];
  #head = 0;
  #strays: Map<number, Piece> | undefined;

  constructor(first: number, last: number, piece: Piece) {
    this.#claims = [{ first, last, piece }];
  }

  get empty(): boolean {
    return this.#head === this.#claims.length && this.#strays === undefined;
  }

  add(first: number, last: number, piece: Piece): void {
    if (this.#claims.length === 0 || first > this.#claims.at(-1)!.last) {
      this.#claims.push({ first, last, piece });
      return;
    }
    const strays = this.#strays ??= new Map();
    for (let number = first; number <= last; number++) strays.set(number, piece);
  }

  find(number: number): Piece | undefined {
    const stray = this.#strays?.get(number);
    if (stray !== undefined) return stray;
    const claim = this.#upTo(number);
    return claim !== undefined && claim.last >= number ? claim.piece : undefined;
  }

  delete(first: number, last: number, piece: Piece): void {
    const claim = this.#upTo(first);
    if (claim?.piece === piece && claim.first === first) {
      claim.piece = undefined;
      this.#close();
      return;
    }
    const strays = this.#strays;
    if (strays === undefined) return;
    for (let number = first; number <= last; number++) {
      // its id may have been forgotten, and claimed again
      if (strays.get(number) === piece) strays.delete(number);
    }
    if (strays.size === 0) this.#strays = undefined;
  }

  #close(): void {
    const claims = this.#claims;
    while (this.#head < claims.length && claims[this.#head]!.piece === undefined) this.#head++;
    if (this.#head < HEAD_MOST || 2 * this.#head < claims.length) return;
    this.#claims = claims.slice(this.#head);
    this.#head = 0;
  }

  /** The last that begins at or before a number. */
  #upTo(number: number): Claim | undefined {
    let low = this.#head;
    let high = this.#claims.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#claims[middle]!.first <= number) low = middle + 1;
      else high = middle;
    }
    return low > this.#head ? this.#claims[low - 1] : undefined;
  }
}

/** The pieces that bring messages with ids, by topic and id. What it takes is counted with each piece. */
export class ClaimedIds {
  /** By topic and whole id, or by topic and what the numbers stand behind. */
  readonly #whole = new Map<string, Piece>();
  readonly #numbered = new Map<string, ClaimedNumbers>();

  /** How many ids there are, those of one prefix as one. */
  get size(): number {
    return this.#whole.size + this.#numbered.size;
  }

  /** A piece brings its messages. */
  add(piece: Piece): void {
    const { part } = piece;
    if (part === undefined) return;
    for (const { prefix, first, count } of part.ids) {
      const key = keyOf(part.route.topic, prefix);
      if (first === undefined) {
        this.#whole.set(key, piece);
        continue;
      }
      const numbers = this.#numbered.get(key);
      const last = first + count - 1;
      if (numbers === undefined) this.#numbered.set(key, new ClaimedNumbers(first, last, piece));
      else numbers.add(first, last, piece);
    }
  }

  /** It has been answered. */
  delete(piece: Piece): void {
    const { part } = piece;
    if (part === undefined) return;
    for (const { prefix, first, count } of part.ids) {
      const key = keyOf(part.route.topic, prefix);
      if (first === undefined) {
        if (this.#whole.get(key) === piece) this.#whole.delete(key);
        continue;
      }
      const numbers = this.#numbered.get(key);
      numbers?.delete(first, first + count - 1, piece);
      if (numbers?.empty === true) this.#numbered.delete(key);
    }
  }

  /**
   * Tells who brings the message at a position, of those with ids in these spans; undefined: it is stored, as
   * far as it is known. Positions rise from call to call.
   */
  finder(topic: string, spans: readonly IdSpan[]): (position: number) => Piece | undefined {
    let next = 0;
    return (position) => {
      while (next < spans.length && spans[next]!.at + spans[next]!.count <= position) next++;
      const span = spans[next];
      if (span === undefined || span.at > position) return undefined;
      const { at, prefix, first } = span;
      const key = keyOf(topic, prefix);
      if (first === undefined) return this.#whole.get(key);
      return this.#numbered.get(key)?.find(first + position - at);
    };
  }
}

function keyOf(topic: string, prefix: string): string {
  return `${topic} ${prefix}`;
}
