/**
 * Who is served next, and how much at a time: connections take turns. No socket, no clock of its own, so that
 * a test can drive it.
 *
 * @module
 */
import { FEW_COMPLETIONS, HELD_ROUNDS_MOST, SLICE_MS, TURN_MS, TURN_WORK_MOST } from "../../limits.ts";

/** The event loop, as far as turns need it. */
export interface EventLoop {
  /** Calls back when the loop has turned: sockets, timers and signals had their chance. */
  later(callback: () => void): void;
  /** Milliseconds that count up. */
  now(): number;
}

/** One that is kept as long as somebody takes turns in it. */
export interface OwnedLoop extends EventLoop {
  /** It will be needed; may be called again. */
  open(): void;
  close(): void;
}

/**
 * - Where nobody waits, who has something to do does it at once.
 * - After {@link SLICE_MS} of work the event loop turns, so that accepting, timers, signals and those whose
 *   bytes have just come get their chance. Work beyond that waits in one of two lanes, which go on by turns:
 *   one for who has little to do, one for who has much. In its lane everybody is served once before anybody
 *   is served twice.
 * - A turn is bounded in work and in time ({@link over}); who is not done then takes another one, behind all
 *   others.
 * - Where more connections are busy than the runtime serves in one round, who was served does not ask for
 *   more until the others have had theirs ({@link holdsReads}).
 *
 * The last is for the runtime's sake: it completes at most 128 operations a round, and who is left over comes
 * behind those who have news by then, so that the same 128 would win every round.
 */
export class Turns {
  readonly #loop: EventLoop;
  readonly #little: Lane = new Lane();
  readonly #much: Lane = new Lane();
  /** The lane whose turn it is. */
  #muchNext = false;
  /** Who waits for the next round, whatever it brings. */
  #waiting: Array<() => void> = [];
  /** Who was served and may ask for more when the others have been. */
  #held: Array<() => void> = [];
  #heldRounds = 0;
  /** Connections there are: few cannot starve one another. */
  #players = 0;
  /** Operations that were completed since the loop turned. */
  #came = 0;
  /** Work since then, milliseconds. */
  #spent = 0;
  #scheduled = false;
  /** When the turn that is being taken began, and what it did. */
  #began = 0;
  #work = 0;
  #unchecked = 0;

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  /** A connection more, or one less. */
  joined(): void {
    this.#players++;
  }
  left(): void {
    this.#players--;
  }

  /** Whether there is time at once, and nobody who waits for it. */
  get free(): boolean {
    return this.#spent < SLICE_MS && this.#little.empty && this.#much.empty;
  }

  /** A read or a write has ended, and moved so many bytes. */
  came(bytes: number): void {
    this.#came++;
    this.#spent += MS_AN_OPERATION + bytes * MS_A_BYTE;
    // a round begins before it matters, so that reads of a quiet broker, which are never many, are not held
    if (this.#players > FEW_COMPLETIONS && this.#came >= 0.75 * FEW_COMPLETIONS) this.#schedule();
  }

  /** A turn begins: tell {@link over} what is done in it, and {@link end} when it has ended. */
  begin(): void {
    this.#began = this.#loop.now();
    this.#work = this.#unchecked = 0;
  }

  /** So much more was done in this turn; whether that is enough. A unit is a message to one subscriber. */
  over(work: number): boolean {
    this.#work += work;
    this.#unchecked += work;
    if (this.#unchecked < CHECK_EVERY) return false;
    this.#unchecked = 0;
    return this.#work >= TURN_WORK_MOST || this.#loop.now() - this.#began >= TURN_MS;
  }

  end(): void {
    this.#spent += this.#loop.now() - this.#began;
  }

  /** Calls back, once, when it is this one's turn. `little`: it will not take long. */
  queue(turn: () => void, { little }: { readonly little: boolean }): void {
    (little ? this.#little : this.#much).add(turn);
    this.#schedule();
  }

  /** Whether who was served has to wait ({@link whenReadable}) before it asks for more. */
  get holdsReads(): boolean {
    return this.#players > FEW_COMPLETIONS && this.#came > FEW_COMPLETIONS;
  }

  /** Calls back, once, when all who were ready have been served. */
  whenReadable(callback: () => void): void {
    this.#held.push(callback);
    this.#schedule();
  }

  /** Calls back, once, when the event loop has turned. */
  whenTurned(callback: () => void): void {
    this.#waiting.push(callback);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#loop.later(() => this.#round());
  }

  #round(): void {
    this.#scheduled = false;
    const few = this.#came <= FEW_COMPLETIONS;
    this.#came = 0;
    this.#spent = 0;
    callAll(this.#waiting);
    this.#takeTurns();
    if (this.#held.length > 0 && (few || ++this.#heldRounds >= HELD_ROUNDS_MOST)) {
      this.#heldRounds = 0;
      callAll(this.#held);
    }
    if (this.#held.length > 0 || !this.#little.empty || !this.#much.empty) this.#schedule();
  }

  #takeTurns(): void {
    while (this.#spent < SLICE_MS) {
      const first = this.#muchNext ? this.#much : this.#little;
      const other = this.#muchNext ? this.#little : this.#much;
      this.#muchNext = !this.#muchNext;
      const turn = first.take() ?? other.take();
      if (turn === undefined) return;
      turn();
    }
  }
}

/** First in, first out. */
class Lane {
  #turns: Array<() => void> = [];
  #head = 0;

  get empty(): boolean {
    return this.#head === this.#turns.length;
  }

  add(turn: () => void): void {
    this.#turns.push(turn);
  }

  take(): (() => void) | undefined {
    const turn = this.#turns[this.#head];
    if (turn === undefined) return undefined;
    if (++this.#head === this.#turns.length) {
      this.#turns.length = this.#head = 0;
    } else if (2 * this.#head > this.#turns.length && this.#head >= HEAD_MOST) {
      this.#turns = this.#turns.slice(this.#head);
      this.#head = 0;
    }
    return turn;
  }
}

/** Who is called may come again at once: that is for the next time. */
function callAll(list: Array<() => void>): void {
  for (const callback of list.splice(0)) callback();
}

/** Units of work between two looks at the clock, which costs a tenth of a microsecond. */
const CHECK_EVERY = 16;
/** What the system's part in a read or a write is taken to be, milliseconds. */
const MS_AN_OPERATION = 0.004;
const MS_A_BYTE = 1 / (4 * 1024 * 1024);
/** So many turns that were taken stay in the list before it is cut. */
const HEAD_MOST = 64;
