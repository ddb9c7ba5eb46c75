/**
 * Pieces in the order in which they leave.
 *
 * @module
 */
import type { Chunk, ChunkPool } from "../buffers.ts";
import { GATHER_BYTES, GATHER_LEAST, GATHER_PIECE_MOST, JOIN_REPLIES_FROM, PINNED_MOST } from "../limits.ts";
import { NO_CHUNK, type Piece } from "./piece.ts";

/**
 * Guarantees: what is put in comes out in that order, except for what is removed. Large parts stay where they lie and hold their
 * chunk; small ones that have to wait are copied together, and so are large ones once they pin {@link PINNED_MOST}.
 */
export class PieceQueue {
  readonly #pool: ChunkPool;
  #pieces: Piece[] = [];
  #head = 0;
  /** Removed pieces that still have a place in the list. */
  #holes = 0;
  #bytes = 0;
  /** Bytes of the chunks that pieces here keep from being used again; one that several pieces lie in counts for each. */
  #pinned = 0;

  constructor(pool: ChunkPool) {
    this.#pool = pool;
  }

  /** Bytes in it. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Puts a piece in; `idle`: nothing is being written, so that it need not be copied. Returns the piece it is in, which may be the
   * one before it.
   */
  put(piece: Piece, idle: boolean): Piece {
    const { length, route } = piece;
    const tail = this.#tail();
    this.#bytes += length;
    if (tail !== undefined && this.#joins(piece, tail)) {
      tail.end += length;
      tail.count += piece.count;
      tail.slice = undefined;
      return tail;
    }
    const large = length >= GATHER_PIECE_MOST && this.#pinned + piece.chunk.bytes.length <= PINNED_MOST;
    if (large || length === 0 || (idle && tail === undefined)) {
      piece.chunk.retain();
      this.#pinned += piece.chunk.bytes.length;
    } else {
      // a piece that stays alone needs no room for others
      const room = route !== undefined ? 0 : this.#bytes >= JOIN_REPLIES_FROM ? GATHER_BYTES : GATHER_LEAST;
      const own = this.#pool.take(Math.max(length, room));
      copy(piece, own, 0);
      piece.chunk = own;
      piece.start = 0;
      piece.end = length;
      piece.own = true;
      piece.slice = undefined;
    }
    this.#pieces.push(piece);
    return piece;
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
    this.#forget(piece);
    return piece;
  }

  /** Takes a piece out of the middle. */
  remove(piece: Piece): void {
    if (piece.gone) return;
    this.#forget(piece);
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

  /** Whether the piece could be put behind the tail, and if so its bytes are there now. */
  #joins(piece: Piece, tail: Piece): boolean {
    const { length } = piece;
    if (tail.lane !== piece.lane || piece.gap > 0 || piece.route !== undefined || tail.route !== undefined) {
      return false;
    }
    if (tail.expires !== piece.expires) return false;
    const alike = tail.isReply === piece.isReply;
    if (tail.chunk === piece.chunk && tail.end === piece.start && alike) return true;
    if (!tail.own || tail.end + length > tail.chunk.bytes.length) return false;
    if (!alike && this.#bytes < JOIN_REPLIES_FROM) return false;
    if (length >= GATHER_PIECE_MOST) return false;
    copy(piece, tail.chunk, tail.end);
    return true;
  }

  #forget(piece: Piece): void {
    piece.gone = true;
    this.#bytes -= piece.length;
    if (!piece.own) this.#pinned -= piece.chunk.bytes.length;
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

function copy(piece: Piece, to: Chunk, at: number): void {
  to.bytes.set(piece.view(), at);
}
