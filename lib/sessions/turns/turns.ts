/**
 * Who is served next, and how much at a time: connections take turns. No socket, no clock of its own, so that
 * a test can drive it.
 *
 * @module
 */
import {
  CROWD,
  CROWD_TURN_MS,
  HOLD_CROWD_MOST,
  READ_PLACES,
  ROUND_PLACES,
  SLICE_MS,
  TURN_MS,
  TURN_WORK_MOST,
} from "../../limits.ts";

/** The event loop, as far as turns need it. */
export interface EventLoop {
  /** Calls back when the loop has turned: sockets, timers and signals had their chance. */
  later(callback: () => void): void;
  /** Calls back when what was set going at once is done, before the loop turns. */
  settled(callback: () => void): void;
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
 * - What is to be written for reads that came together is written together, behind the last of them
 *   ({@link flushSoon}): a peer that is woken by the first finds more, and need not be woken for each.
 * - In a crowd a round has so many places for reads and writes as the runtime does at once. Who has no place
 *   to write waits for one ({@link mayWrite}); who was served gets behind those who wait, and asks for more
 *   when a later round has places left ({@link holdsReads}).
 *
 * The last is for the runtime's sake: it completes at most 128 operations a round. Who is left over comes
 * behind those who have news by then, so that the same 128 would win every round; and an operation that has
 * to wait for the runtime costs several times one that is done at once.
 */
export class Turns {
  readonly #loop: EventLoop;
  readonly #little: Lane = new Lane();
  readonly #much: Lane = new Lane();
  /** The lane whose turn it is. */
  #muchNext = false;
  /** Who waits for the next round, whatever it brings. */
  #waiting: Array<() => void> = [];
  /** In a crowd: who has something to write, and who was served and asks for more behind those before it. */
  readonly #writers: Lane = new Lane();
  readonly #readers: Lane = new Lane();
  #held: HeldBack[] = [];
  #rounds = 0;
  /** Connections there are. */
  #players = 0;
  /** Places of this round that are taken. */
  #taken = 0;
  /** Work since then, milliseconds. */
  #spent = 0;
  #scheduled = false;
  /** When the turn that is being taken began, and what it did. */
  #began = 0;
  #work = 0;
  #unchecked = 0;
  readonly #flush: () => void;
  #flushes = false;

  /** `flush` writes all that is to be written, and does not throw. */
  constructor(loop: EventLoop, flush: () => void) {
    this.#loop = loop;
    this.#flush = (): void => {
      this.#flushes = false;
      flush();
    };
  }

  /** A connection more, or one less. */
  joined(): void {
    this.#players++;
  }
  left(): void {
    this.#players--;
  }

  /**
   * Whether a reply may wait for the next in a crowd that is not so large that it would come later than that
   * anyhow.
   */
  get holds(): boolean {
    return this.#crowded && this.#players <= HOLD_CROWD_MOST;
  }

  /** Rounds so far. */
  get rounds(): number {
    return this.#rounds;
  }

  /** Whether there is time at once, and nobody who waits for it. */
  get free(): boolean {
    return this.#spent < SLICE_MS && this.#little.empty && this.#much.empty;
  }

  /** A read has ended, and brought so many bytes. */
  came(bytes: number): void {
    this.#taken++;
    this.#moved(bytes);
    // a round begins before its places are taken, so that there are new ones by then
    if (this.#crowded && this.#taken >= SOON) this.#schedule();
  }

  /** A write has ended, and moved so many bytes. */
  wrote(bytes: number): void {
    this.#moved(bytes);
  }

  /** Writes what is to be written, once all reads that have come are handled. */
  flushSoon(): void {
    if (this.#flushes) return;
    this.#flushes = true;
    queueMicrotask(this.#flush);
  }

  /**
   * A turn begins: tell {@link over} what is done in it, and {@link end} when it has ended. `little`: it will
   * not take long, so that the clock is looked at only if it does all the same.
   */
  begin({ little = false }: { readonly little?: boolean } = {}): void {
    this.#began = little ? UNTIMED : this.#loop.now();
    this.#work = this.#unchecked = 0;
  }

  /** So much more was done in this turn; whether that is enough. A unit is a message to one subscriber. */
  over(work: number): boolean {
    this.#work += work;
    this.#unchecked += work;
    if (this.#unchecked < CHECK_EVERY) return false;
    this.#unchecked = 0;
    const now = this.#loop.now();
    if (this.#began === UNTIMED) this.#began = now;
    const most = this.#crowded ? CROWD_TURN_MS : TURN_MS;
    return this.#work >= TURN_WORK_MOST || now - this.#began >= most;
  }

  end(): void {
    this.#spent += this.#began === UNTIMED ? MS_A_LITTLE_TURN : this.#loop.now() - this.#began;
  }

  /** Calls back, once, when it is this one's turn. `little`: it will not take long. */
  queue(turn: () => void, { little }: { readonly little: boolean }): void {
    (little ? this.#little : this.#much).add(turn);
    this.#schedule();
  }

  /** Whether there is a place to write at once, which is taken then. If not: {@link whenWritable}. */
  get mayWrite(): boolean {
    if (!this.#crowded) return true;
    if (this.#taken >= ROUND_PLACES || !this.#writers.empty) return false;
    this.#taken++;
    return true;
  }

  /** Calls back, once, when there is a place to write, which is taken. */
  whenWritable(callback: () => void): void {
    this.#writers.add(callback);
    this.#schedule();
  }

  /** Whether who was served has to wait ({@link whenReadable}) before it asks for more. */
  get holdsReads(): boolean {
    return this.#crowded &&
      (2 * this.#taken > ROUND_PLACES || !this.#readers.empty || !this.#writers.empty);
  }

  /** Calls back, once, when those who waited before have had their places. */
  whenReadable(callback: () => void): void {
    this.#readers.add(callback);
    this.#schedule();
  }

  /** Asks at the end of each round whether what is held back has to leave, as long as it is. */
  holdBack(who: HeldBack): void {
    this.#held.push(who);
    this.#schedule();
  }

  /** Calls back, once, when the event loop has turned. */
  whenTurned(callback: () => void): void {
    this.#waiting.push(callback);
    this.#schedule();
  }

  /** Whether there are so many connections that a round has no room for all of them. */
  get #crowded(): boolean {
    return this.#players > CROWD;
  }

  #moved(bytes: number): void {
    this.#spent += MS_AN_OPERATION + bytes * MS_A_BYTE;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#loop.later(() => this.#round());
  }

  #round(): void {
    this.#rounds++;
    this.#spent = 0;
    callAll(this.#waiting);
    this.#takeTurns();
    for (let places = this.#writers.length; places > 0 && this.#taken < ROUND_PLACES; places--) {
      this.#taken++;
      this.#writers.take()!();
    }
    let places = Math.min(this.#readers.length, Math.ceil((ROUND_PLACES - this.#taken) / READ_PLACES));
    for (; places > 0; places--) this.#readers.take()!();
    this.#loop.settled(() => {
      this.#letLeave();
      this.#taken = 0;
      this.#scheduled = false;
      if (this.#anybodyWaits) this.#schedule();
    });
  }

  /** By now all have been read that were asked for and had come. */
  #letLeave(): void {
    if (this.#held.length === 0) return;
    const before = this.#held.length;
    this.#held = this.#held.filter((who) => who.staysIn(this.#rounds));
    if (this.#held.length < before) this.flushSoon();
  }

  get #anybodyWaits(): boolean {
    return this.#waiting.length > 0 || this.#held.length > 0 || !this.#little.empty || !this.#much.empty ||
      !this.#writers.empty || !this.#readers.empty;
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

/** One that has something to say and waits for more. */
export interface HeldBack {
  /** Whether it still waits after so many rounds; if not, it is to be flushed, and not asked again. */
  staysIn(rounds: number): boolean;
}

/** First in, first out. */
class Lane {
  #turns: Array<() => void> = [];
  #head = 0;

  get empty(): boolean {
    return this.#head === this.#turns.length;
  }

  get length(): number {
    return this.#turns.length - this.#head;
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

/** Places that are taken when the next round is asked for. */
const SOON = 45;
/** Units of work between two looks at the clock, which costs a tenth of a microsecond. */
const CHECK_EVERY = 16;
/** When a turn began whose beginning nobody looked at the clock for. */
const UNTIMED = -1;
/** What such a turn is taken to last, milliseconds. */
const MS_A_LITTLE_TURN = 0.002;
/** What the system's part in a read or a write is taken to be, milliseconds. */
const MS_AN_OPERATION = 0.004;
const MS_A_BYTE = 1 / (4 * 1024 * 1024);
/** So many turns that were taken stay in the list before it is cut. */
const HEAD_MOST = 64;
