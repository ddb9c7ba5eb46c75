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
  pieces: Piece[] = [];
  /** How many pieces had come before each of them, of all publishers. */
  places: number[] = [];
  head = 0;

  get empty(): boolean {
    return this.head === this.pieces.length;
  }

  /** Lets go of what has left. */
  close(): void {
    if (this.head < HEAD_MOST || 2 * this.head < this.pieces.length) return;
    this.pieces = this.pieces.slice(this.head);
    this.places = this.places.slice(this.head);
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
 * little waiting does not wait for who has much; a piece that repeats what another brought leaves behind all
 * that came before it, or it could be acknowledged for what is not stored yet (D6). A commit is bounded in
 * pieces, in bytes and in topics that nothing was stored in before, since those take the store longest.
 */
export class WaitingPieces {
  /** Whose turn it is comes first. */
  readonly #queues = new Map<Publisher, Queue>();
  #size = 0;
  #came = 0;

  get size(): number {
    return this.#size;
  }

  add(piece: Piece, publisher: Publisher): void {
    let queue = this.#queues.get(publisher);
    if (queue === undefined) this.#queues.set(publisher, queue = new Queue());
    queue.pieces.push(piece);
    queue.places.push(this.#came++);
    this.#size++;
  }

  /** Takes out what goes into one commit of at most so many: one piece at least, where any waits. */
  take(most: number): Piece[] {
    const taken: Piece[] = [];
    const room: Room = {
      bytes: COMMIT_BYTES_MOST,
      pieces: most,
      newTopics: new Set(),
    };
    for (let before = -1; this.#size > 0 && taken.length > before;) {
      before = taken.length;
      for (const [publisher, queue] of [...this.#queues]) {
        const full = this.#takeTurn(queue, { taken, room });
        // behind the others, or gone until it brings more
        this.#queues.delete(publisher);
        if (!queue.empty) this.#queues.set(publisher, queue);
        queue.close();
        if (full) return taken;
      }
    }
    return taken;
  }

  /** Takes out all that repeats what others brought. */
  takeRepeating(): Piece[] {
    const repeating: Piece[] = [];
    for (const [publisher, { pieces, places, head }] of [...this.#queues]) {
      const rest = new Queue();
      for (let at = head; at < pieces.length; at++) {
        if (pieces[at]!.repeats) repeating.push(pieces[at]!);
        else {
          rest.pieces.push(pieces[at]!);
          rest.places.push(places[at]!);
        }
      }
      if (rest.empty) this.#queues.delete(publisher);
      else this.#queues.set(publisher, rest);
    }
    this.#size -= repeating.length;
    return repeating;
  }

  /** A publisher's turn; whether the commit is full. */
  #takeTurn(queue: Queue, { taken, room }: { readonly taken: Piece[]; readonly room: Room }): boolean {
    const most = this.#queues.size === 1 ? COMMIT_PIECES_MOST : COMMIT_TURN_PIECES;
    const end = Math.min(queue.pieces.length, queue.head + most);
    while (queue.head < end) {
      const piece = queue.pieces[queue.head]!;
      if (piece.repeats && !this.#isFirst(queue)) return false;
      const route = piece.part?.route as SubscribedRoute | undefined;
      const isNew = route?.stored === false && !room.newTopics.has(route);
      // others may have what there is room for
      if (isNew && room.newTopics.size >= COMMIT_NEW_TOPICS_MOST) return false;
      if ((piece.weight > room.bytes || room.pieces === 0) && taken.length > 0) return true;
      room.bytes -= piece.weight;
      room.pieces--;
      if (isNew) room.newTopics.add(route);
      taken.push(piece);
      queue.head++;
      this.#size--;
    }
    return false;
  }

  /** Whether nobody has anything waiting that came before the first piece of this queue. */
  #isFirst(queue: Queue): boolean {
    const place = queue.places[queue.head]!;
    for (const other of this.#queues.values()) {
      if (!other.empty && other.places[other.head]! < place) return false;
    }
    return true;
  }
}
