/**
 * Whose turn it is to be read for: connections share the one reading thread of a store.
 *
 * @module
 */
import type { HeldMemory } from "../../held_memory.ts";
import { REPLAY_PAGE_LEAST } from "../../limits.ts";

/** Requests that the store is given at a time: it has the next one when it has answered one. */
const UNDER_WAY_MOST = 2;

/** A connection that something is to be read for. */
export interface Turn {
  /** Bytes it would ask for at most; undefined: there is nothing to ask for any more. */
  readonly wants: number | undefined;
  /** Whether what it asks for next lets memory go: who waits for the answer is kept until it comes. */
  readonly frees?: boolean;
  /** Asks for one thing, at most so many bytes; calls `answered` once. */
  ask(most: number, answered: () => void): void;
}

/**
 * Guarantees: one request of a connection under way at a time, connections in turn; what a request may bring
 * counts as kept from when it is asked for; where memory is short, less is asked for, one at a time, and
 * where not even a page is free nothing until there is more, but for what frees some: or all would wait for
 * one another once that fills it.
 */
export class ReadingTurns {
  readonly #memory: HeldMemory;
  readonly #waiting = new Set<Turn>();
  readonly #asking = new Set<Turn>();

  constructor(memory: HeldMemory) {
    this.#memory = memory;
  }

  /** It has something to ask for, and room for what comes. */
  add(turn: Turn): void {
    this.#waiting.add(turn);
    this.go();
  }

  /** It has nothing to ask for any more. */
  remove(turn: Turn): void {
    this.#waiting.delete(turn);
  }

  /** Goes on where memory was short. */
  go(): void {
    for (const turn of this.#waiting) {
      if (this.#asking.size >= UNDER_WAY_MOST) return;
      if (this.#asking.has(turn)) continue;
      const { wants } = turn;
      if (wants === undefined) {
        this.#waiting.delete(turn);
        continue;
      }
      const { share } = this.#memory;
      const short = share < 2 * REPLAY_PAGE_LEAST;
      if (short && this.#asking.size > 0) continue;
      if (share < REPLAY_PAGE_LEAST && turn.frees !== true) continue;
      this.#waiting.delete(turn);
      this.#ask(turn, Math.min(wants, short ? REPLAY_PAGE_LEAST : Math.floor(share / 2)));
    }
  }

  #ask(turn: Turn, most: number): void {
    this.#asking.add(turn);
    this.#memory.hold(most);
    turn.ask(most, () => {
      this.#asking.delete(turn);
      this.#memory.letGo(most);
      this.go();
    });
  }
}
