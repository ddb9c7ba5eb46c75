/**
 * What waits to be stored, and what of it goes into the next commit.
 *
 * @module
 */
import {
  COMMIT_BYTES_MOST,
  COMMIT_NEW_TOPICS_MOST,
  COMMIT_PIECES_MOST,
  COMMIT_TURN_PIECES,
} from "../../limits.ts";
import type { SubscribedRoute } from "../routing.ts";
import type { Publisher } from "../types.ts";
import type { Piece } from "./piece.ts";

/** What one publisher has waiting, in its order. */
class Queue {
  readonly publisher: Publisher;
  pieces: Piece[] = [];
  head = 0;

  constructor(publisher: Publisher) {
    this.publisher = publisher;
  }

  /** The next that waits; those that were taken out from their place are passed. */
  get next(): Piece | undefined {
    while (this.head < this.pieces.length && !this.pieces[this.head]!.waits) this.head++;
    return this.pieces[this.head];
  }

  /** Lets go of what has left. */
  close(): void {
    if (this.head < HEAD_MOST || 2 * this.head < this.pieces.length) return;
    this.pieces = this.pieces.slice(this.head);
    this.head = 0;
  }
}

/** So many that have left stay in a queue before it is cut. */
const HEAD_MOST = 256;

/** What may still go into the commit that is being filled. */
interface Room {
  bytes: number;
  pieces: number;
  readonly newTopics: Set<SubscribedRoute>;
}

/**
 * Guarantees: each publisher's pieces leave in their order (D1); publishers take turns, so that who has
 * little waiting does not wait for who has much; a piece that repeats what another brings leaves behind that
 * one, and makes nobody else wait (D6). A commit is bounded in pieces, in bytes and in topics that nothing
 * was stored in before, since those take the store longest.
 */
export class WaitingPieces {
  readonly #queues = new Map<Publisher, Queue>();
  /** Those that can be taken from; whose turn it is comes first. */
  readonly #turns = new Set<Queue>();
  /** By the piece that has to leave before them. */
  readonly #blocked = new Map<Piece, Queue[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(piece: Piece, publisher: Publisher): void {
    let queue = this.#queues.get(publisher);
    if (queue === undefined) {
      this.#queues.set(publisher, queue = new Queue(publisher));
      this.#turns.add(queue);
    }
    queue.pieces.push(piece);
    this.#size++;
  }

  /** Takes out what goes into one commit of at most so many: one piece at least, where any waits. */
  take(most: number): Piece[] {
    const taken: Piece[] = [];
    const room: Room = { bytes: COMMIT_BYTES_MOST, pieces: most, newTopics: new Set() };
    /** Turns of those that are left that brought nothing, since one did. */
    let inVain = 0;
    // those that come behind the others, and those that nothing blocks any more, are met again
    for (const queue of this.#turns) {
      if (inVain === this.#turns.size) break;
      const before = taken.length;
      const full = this.#takeTurn(queue, { taken, room });
      this.#endTurn(queue);
      if (full) break;
      if (taken.length > before) inVain = 0;
      else if (this.#turns.has(queue)) inVain++;
    }
    return taken;
  }

  /** Takes out what falls with pieces that are refused: all that repeats them, and what repeats that. */
  takeRepeating(refused: readonly Piece[]): Piece[] {
    const fallen: Piece[] = [];
    const takeFrom = (piece: Piece): void => {
      for (const repetition of piece.repeatedBy ?? []) {
        for (const each of repetition.takeAll()) if (each.waits) fallen.push(this.#out(each));
      }
    };
    for (const piece of refused) takeFrom(piece);
    for (let at = 0; at < fallen.length; at++) takeFrom(fallen[at]!);
    return fallen;
  }

  /** A publisher's turn; whether the commit is full. */
  #takeTurn(queue: Queue, { taken, room }: { readonly taken: Piece[]; readonly room: Room }): boolean {
    const most = this.#queues.size === 1 ? COMMIT_PIECES_MOST : COMMIT_TURN_PIECES;
    for (let count = 0; count < most; count++) {
      const piece = queue.next;
      if (piece === undefined || piece.repetition?.blocker !== undefined) return false;
      const route = piece.part?.route as SubscribedRoute | undefined;
      const isNew = route?.stored === false && !room.newTopics.has(route);
      // others may have what there is room for
      if (isNew && room.newTopics.size >= COMMIT_NEW_TOPICS_MOST) return false;
      if ((piece.weight > room.bytes || room.pieces === 0) && taken.length > 0) return true;
      room.bytes -= piece.weight;
      room.pieces--;
      if (isNew) room.newTopics.add(route);
      taken.push(this.#out(piece));
    }
    return false;
  }

  /** Puts it behind the others, or aside until what it has to wait for has left, or it brings more. */
  #endTurn(queue: Queue): void {
    this.#turns.delete(queue);
    const { next } = queue;
    if (next === undefined) {
      this.#queues.delete(queue.publisher);
      return;
    }
    queue.close();
    const blocker = next.repetition?.blocker;
    if (blocker === undefined) {
      this.#turns.add(queue);
      return;
    }
    const behind = this.#blocked.get(blocker);
    if (behind === undefined) this.#blocked.set(blocker, [queue]);
    else behind.push(queue);
  }

  #out(piece: Piece): Piece {
    piece.waits = false;
    this.#size--;
    if (piece.repeatedBy === undefined) return piece;
    for (const queue of this.#blocked.get(piece) ?? []) this.#turns.add(queue);
    this.#blocked.delete(piece);
    return piece;
  }
}
