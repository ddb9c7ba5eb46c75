/**
 * Pieces in the order in which they leave.
 *
 * @module
 */
import type { Chunk, ChunkPool } from "../buffers.ts";
import type { Route } from "../engine/types.ts";
import { GATHER_BYTES, GATHER_PIECE_MOST, JOIN_REPLIES_FROM } from "../limits.ts";
import type { Lane } from "./lane.ts";
import { NO_CHUNK, type Piece } from "./piece.ts";

/** What is put in: `chunk.bytes` from `start` to `end`. */
export interface Part {
  readonly chunk: Chunk;
  readonly start: number;
  readonly end: number;
  readonly reply: boolean;
  /** Given where the piece may be taken out again, or has a gap before it: it is merged only with its own lane's. */
  readonly lane?: Lane | undefined;
  /** Given where it must stay a piece of its own. */
  readonly route?: Route | undefined;
  readonly count: number;
  readonly gap: number;
}

/**
 * Guarantees: what is put in comes out in that order, except for what is removed. Large parts stay where they lie and hold their
 * chunk; small ones that have to wait are copied together, so that little more memory is pinned than what waits.
 */
export class PieceQueue {
  readonly #pool: ChunkPool;
  #pieces: Piece[] = [];
  #head = 0;
  /** Removed pieces that still have a place in the list. */
  #holes = 0;
  #bytes = 0;

  constructor(pool: ChunkPool) {
    this.#pool = pool;
  }

  /** Bytes in it. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Puts a part in; `idle`: it is written at once, so that it need not be copied. Returns the piece it is in. */
  put(part: Part, idle: boolean): Piece {
    const { chunk, start, end, reply, lane, route, count, gap } = part;
    const length = end - start;
    const tail = this.#tail();
    this.#bytes += length;
    const mergeable = tail !== undefined && tail.lane === lane && route === undefined && gap === 0 &&
      tail.route === undefined;
    if (mergeable && tail.chunk === chunk && tail.end === start && tail.reply === reply && length > 0) {
      tail.end = end;
      tail.count += count;
      return tail;
    }
    const large = length >= GATHER_PIECE_MOST && 4 * length >= chunk.bytes.length;
    if (large || (idle && tail === undefined)) {
      chunk.retain();
      return this.#push(part, { chunk, start, end, own: false });
    }
    const joins = mergeable && tail.own && (tail.reply === reply || this.#bytes >= JOIN_REPLIES_FROM);
    if (joins && tail.end + length <= tail.chunk.bytes.length) {
      copy(part, { to: tail.chunk, at: tail.end });
      tail.end += length;
      tail.count += count;
      return tail;
    }
    const roomy = this.#bytes >= JOIN_REPLIES_FROM && route === undefined;
    const own = this.#pool.take(Math.max(length, roomy ? GATHER_BYTES : 1));
    copy(part, { to: own, at: 0 });
    return this.#push(part, { chunk: own, start: 0, end: length, own: true });
  }

  /** The first piece without taking it. */
  peek(): Piece | undefined {
    for (;;) {
      const piece = this.#pieces[this.#head];
      if (piece === undefined || !piece.gone) return piece;
      this.#advance();
      this.#holes--;
    }
  }

  /** Takes the first piece out; its chunk is the caller's to release. */
  shift(): Piece | undefined {
    const piece = this.peek();
    if (piece === undefined) return undefined;
    this.#advance();
    piece.gone = true;
    this.#bytes -= piece.end - piece.start;
    return piece;
  }

  /** Takes a piece out of the middle. */
  remove(piece: Piece): void {
    if (piece.gone) return;
    piece.gone = true;
    this.#bytes -= piece.end - piece.start;
    piece.chunk.release();
    piece.chunk = NO_CHUNK;
    this.#holes++;
    if (this.#holes > 64 && 2 * this.#holes > this.#pieces.length - this.#head) this.#close();
  }

  /** Lets go of everything. */
  clear(): void {
    for (let piece = this.shift(); piece !== undefined; piece = this.shift()) piece.chunk.release();
  }

  #tail(): Piece | undefined {
    const last = this.#pieces.length > this.#head ? this.#pieces[this.#pieces.length - 1] : undefined;
    return last?.gone === true ? undefined : last;
  }

  #push(part: Part, where: { chunk: Chunk; start: number; end: number; own: boolean }): Piece {
    const { reply, lane, route, count, gap } = part;
    const piece: Piece = { ...where, reply, lane, route, count, gap, gone: false };
    this.#pieces.push(piece);
    return piece;
  }

  #advance(): void {
    this.#head++;
    if (this.#head === this.#pieces.length) {
      this.#pieces.length = 0;
      this.#head = 0;
    } else if (this.#head >= 1024) {
      this.#close();
    }
  }

  /** Closes the holes. */
  #close(): void {
    this.#pieces = this.#pieces.slice(this.#head).filter((piece) => !piece.gone);
    this.#head = 0;
    this.#holes = 0;
  }
}

function copy(part: Part, target: { to: Chunk; at: number }): void {
  target.to.bytes.set(part.chunk.bytes.subarray(part.start, part.end), target.at);
}
