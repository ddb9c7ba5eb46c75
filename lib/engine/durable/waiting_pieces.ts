/**
 * What waits to be stored, and what of it goes into the next commit.
 *
 * @module
 */
import {
  COMMIT_FIRST_BYTES,
  COMMIT_FIRST_PIECES,
  COMMIT_NEW_TOPICS_MOST,
  COMMIT_SHORT_PART,
  COMMIT_TURN_BYTES,
  COMMIT_TURN_PIECES,
} from "../../limits.ts";
import type { SubscribedRoute } from "../routing.ts";
import type { Publisher } from "../types.ts";
import type { CommitSize } from "./commit_pace.ts";
import type { Piece } from "./piece.ts";

/**
 * What one publisher has waiting, in its order. It is kept with the publisher, and pieces and queues are
 * linked with one another: a `Set` or `Map` that many come into and leave makes a table anew every few times,
 * each of which keeps the next one and all that is in it from the collector once one of them has grown old.
 * Nothing that has left refers to what comes behind it, for the same reason.
 */
class Queue {
  /** Of the list it is in. */
  after: Queue | undefined;
  /** Whether anything of its publisher waits. */
  inUse = false;
  /** The last commit that took more of it than a first turn does. */
  tookMuch = -Infinity;
  #first: Piece | undefined;
  #last: Piece | undefined;

  /** The next that waits; those that were taken out from their place are passed. */
  get next(): Piece | undefined {
    for (let first = this.#first; first !== undefined && !first.waits; first = this.#first) {
      this.#first = first.after;
      first.after = undefined;
    }
    if (this.#first === undefined) this.#last = undefined;
    return this.#first;
  }

  add(piece: Piece): void {
    if (this.#last === undefined) this.#first = piece;
    else this.#last.after = piece;
    this.#last = piece;
  }
}

/** Queues that have a turn one after the other. */
class QueueList {
  first: Queue | undefined;
  #last: Queue | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Behind the others; it is in no list. */
  add(queue: Queue): void {
    if (this.#last === undefined) this.first = queue;
    else this.#last.after = queue;
    this.#last = queue;
    this.#size++;
  }

  removeFirst(): void {
    const queue = this.first;
    if (queue === undefined) return;
    this.first = queue.after;
    queue.after = undefined;
    if (this.first === undefined) this.#last = undefined;
    this.#size--;
  }
}

/** What a turn takes at most, but one piece in any case; the last may be as large as it is. */
const FIRST_TURN: CommitSize = { pieces: COMMIT_FIRST_PIECES, bytes: COMMIT_FIRST_BYTES };
const TURN: CommitSize = { pieces: COMMIT_TURN_PIECES, bytes: COMMIT_TURN_BYTES };

/** For so many commits who has brought much is no reason for a short one when it comes back. */
const MUCH_FOR = 4;

/** A commit that is being filled. */
class Filling {
  readonly taken: Piece[] = [];
  readonly newTopics = new Set<SubscribedRoute>();
  #bytes = 0;

  /** Whether there is no room for a piece in a commit of at most that size, which takes one at least. */
  isFullFor({ weight }: Piece, { pieces, bytes }: CommitSize): boolean {
    return this.taken.length > 0 && (this.taken.length >= pieces || this.#bytes + weight > bytes);
  }

  add(piece: Piece): void {
    this.taken.push(piece);
    this.#bytes += piece.weight;
  }
}

function partOf({ pieces, bytes }: CommitSize, part: number): CommitSize {
  return { pieces: Math.ceil(part * pieces), bytes: part * bytes };
}

/**
 * Guarantees: each publisher's pieces leave in their order (D1); publishers take turns, and who had nothing
 * waiting comes first, so that who has little does not wait for who has much: where much waits every second
 * commit is theirs alone, and short; a piece that repeats what another brings leaves behind that one, and
 * makes nobody else wait (D6). A commit is bounded in pieces, in bytes and in topics that nothing was stored
 * in before, since those take the store longest.
 */
export class WaitingPieces {
  /**
   * Those that have not had a turn since they came: who had little before, and who much. Those that have; the
   * next comes first.
   */
  readonly #fresh = new QueueList();
  readonly #again = new QueueList();
  readonly #turns = new QueueList();
  /** By the piece that has to leave before them. */
  readonly #blocked = new Map<Piece, Queue[]>();
  #size = 0;
  /** Bytes of all that waits. */
  #bytes = 0;
  /** Commits that were filled. */
  #commits = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether anything of a publisher waits. */
  has(publisher: Publisher): boolean {
    return queueOf(publisher)?.inUse === true;
  }

  add(piece: Piece, publisher: Publisher): void {
    const queue = queueOf(publisher) ?? (publisher.waiting = new Queue());
    if (!queue.inUse) {
      queue.inUse = true;
      // who floods has nothing waiting for a moment each time a commit takes all of it
      (this.#commits - queue.tookMuch < MUCH_FOR ? this.#again : this.#fresh).add(queue);
    }
    queue.add(piece);
    this.#size++;
    this.#bytes += piece.weight;
  }

  /**
   * Whether the next commit may be a short one: others have much waiting, or where it `hasTo` be short, for
   * the store has something to do then, anything, or there is no more than that.
   */
  isShort(most: CommitSize, { hasTo }: { readonly hasTo: boolean }): boolean {
    if (this.#fresh.size === 0) return false;
    const { pieces, bytes } = partOf(most, COMMIT_SHORT_PART);
    const much = this.#size > pieces || this.#bytes > bytes;
    return this.#turns.size + this.#again.size > 0 ? much || hasTo : !much && hasTo;
  }

  /**
   * Takes out what goes into one commit of at most that size: one piece at least, where any waits. `short`:
   * of those who had nothing waiting only, where that brings any.
   */
  take(most: CommitSize, { short = false }: { readonly short?: boolean } = {}): Piece[] {
    const filling = new Filling();
    this.#commits++;
    // those who come again and again would leave nothing to the others
    for (const list of [this.#fresh, this.#again]) {
      for (let queue = list.first; queue !== undefined; queue = list.first) {
        const part = short ? COMMIT_SHORT_PART : this.#turns.size > 0 ? 1 / 2 : 1;
        if (this.#takeTurn(queue, { filling, most: partOf(most, part), turn: FIRST_TURN })) break;
        this.#endTurn(list, queue);
      }
    }
    if (short && filling.taken.length > 0) return filling.taken;
    /** Turns of those that are left that brought nothing, since one did. */
    let inVain = 0;
    // those that come behind the others, and those that nothing blocks any more, are met again
    for (let queue = this.#turns.first; queue !== undefined; queue = this.#turns.first) {
      if (inVain === this.#turns.size) break;
      const before = filling.taken.length;
      const full = this.#takeTurn(queue, { filling, most, turn: TURN });
      const comesAgain = this.#endTurn(this.#turns, queue);
      if (full) break;
      if (filling.taken.length > before) {
        inVain = 0;
        queue.tookMuch = this.#commits;
      } else if (comesAgain) inVain++;
    }
    return filling.taken;
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
  #takeTurn(
    queue: Queue,
    { filling, most, turn }: Readonly<{ filling: Filling; most: CommitSize; turn: CommitSize }>,
  ): boolean {
    const { newTopics } = filling;
    let bytes = 0;
    for (let count = 0; count < turn.pieces && bytes < turn.bytes; count++) {
      const piece = queue.next;
      if (piece === undefined || piece.repetition?.blocker !== undefined) return false;
      const route = piece.part?.route as SubscribedRoute | undefined;
      const isNew = route?.stored === false && !newTopics.has(route);
      // others may have what there is room for
      if (isNew && newTopics.size >= COMMIT_NEW_TOPICS_MOST) return false;
      if (filling.isFullFor(piece, most)) return true;
      if (isNew) newTopics.add(route);
      filling.add(this.#out(piece));
      bytes += piece.weight;
    }
    return false;
  }

  /**
   * Puts the first of a list behind those that have had their turn, or aside until what it has to wait for
   * has left, or it brings more; whether the first it did.
   */
  #endTurn(list: QueueList, queue: Queue): boolean {
    list.removeFirst();
    const { next } = queue;
    if (next === undefined) {
      queue.inUse = false;
      return false;
    }
    const blocker = next.repetition?.blocker;
    if (blocker === undefined) {
      this.#turns.add(queue);
      return true;
    }
    const behind = this.#blocked.get(blocker);
    if (behind === undefined) this.#blocked.set(blocker, [queue]);
    else behind.push(queue);
    return false;
  }

  #out(piece: Piece): Piece {
    piece.waits = false;
    this.#size--;
    this.#bytes -= piece.weight;
    if (piece.repeatedBy === undefined) return piece;
    for (const queue of this.#blocked.get(piece) ?? []) this.#turns.add(queue);
    this.#blocked.delete(piece);
    return piece;
  }
}

function queueOf({ waiting }: Publisher): Queue | undefined {
  return waiting as Queue | undefined;
}
