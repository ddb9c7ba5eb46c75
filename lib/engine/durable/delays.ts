/**
 * What is to be delivered later (D9): it lies in the store, and is brought from there when it is due, a slice
 * at a time, to be appended to its topic as what is published is.
 *
 * @module
 */
import { Slice } from "../../buffers.ts";
import type { HeldMemory } from "../../held_memory.ts";
import { DELAYED_RETRY_MS, DELAYED_SLICE_BYTES, DELAYED_TOPICS_STOPPED_MOST } from "../../limits.ts";
import type { DelayedRun, DueOutcome, DuePlace, Store } from "../../store/types.ts";
import { RECORDS } from "../../wire/encoding.ts";
import { Run } from "../../wire/run.ts";
import type { Acknowledgement, Gate, Publisher, Route } from "../types.ts";
import { Piece, Repetition } from "./piece.ts";

/** Where what is due comes from and goes to. */
export interface DelaysOptions {
  readonly store: Pick<Store, "state" | "due">;
  readonly memory: HeldMemory;
  /** Milliseconds for which an id is remembered. */
  readonly dedupWindow: number;
  /** Bytes of records that may wait, about; left out: as many as there is room for. */
  readonly most?: number | undefined;
  readonly routeOf: (topic: string) => Route;
  /** Who has to become free before anything is published to a topic; undefined: nobody. */
  readonly gateOf: (route: Route) => Gate | undefined;
  /** What has to become free before anything is stored. */
  readonly log: Gate;
  /** Takes a run to be stored. */
  readonly append: (piece: Piece, publisher: Publisher) => void;
  /** What was appended is set going. */
  readonly flush: () => void;
  /** Wants {@link Delays.tick} at that time, milliseconds since 1970; left out: never. */
  readonly wakeAt?: ((time: number) => void) | undefined;
  /** Something cannot be read, or not now: a clause for a person. */
  readonly onUnreadable: (reason: string) => void;
}

/** Milliseconds before something is due from which it wants to be woken: more than pass between two ticks. */
const WAKE_MS = 1000;

/** Runs to one topic that follow one another, as one. */
interface Joined {
  readonly route: Route;
  readonly runs: DelayedRun[];
  /** What of its topic is due before it. */
  readonly before: Joined | undefined;
}

/**
 * Guarantees: what is due is appended to its topic, and taken from what waits, in one commit; messages of a
 * topic in the order of their times, those of one time as they were published. It is one publisher among the
 * others: it waits for subscribers and for the log as they do, but where a topic's subscribers are full the
 * other topics go on. In memory is one slice.
 */
export class Delays implements Publisher {
  waiting: object | undefined = undefined;
  readonly #options: DelaysOptions;
  #now = -Infinity;
  /** When there may be something to do: the time of the first that waits, or sooner. */
  #next: number;
  /** Those before this place have been looked at. */
  #after: DuePlace | undefined;
  /** The store has been asked, or does not have to be: the log is full. */
  #busy = false;
  /** What has been asked for is not to be gone on with. */
  #again = false;
  /** Pieces that are on their way. */
  #moving = 0;
  #notBefore = -Infinity;
  /** Topics whose subscribers are full. */
  readonly #stopped = new Set<string>();
  #told: ReadonlySet<string> = new Set();
  #closed = false;

  constructor(options: DelaysOptions) {
    this.#options = options;
    this.#next = options.store.state.delayed > 0 ? -Infinity : Infinity;
  }

  /** Nobody asks: what is moved is answered to {@link #answer}. */
  hold(): Acknowledgement {
    throw new TypeError("what is due has been acknowledged already");
  }

  /** Why no more may wait, as a clause; undefined: more may. */
  get problem(): string | undefined {
    const { store, most = Infinity } = this.#options;
    const { delayedBytes } = store.state;
    if (delayedBytes < most) return undefined;
    return `what waits until it is due takes ${delayedBytes} bytes, and may take ${
      Math.floor(most)
    } (half of ` +
      "--retain-bytes): publish it when some of that has been delivered";
  }

  /** Time has passed; `now` is milliseconds since 1970. */
  tick(now: number): void {
    this.#now = now;
    // the clock may have been set back
    this.#notBefore = Math.min(this.#notBefore, now + DELAYED_RETRY_MS);
    this.#go();
    this.#wake();
  }

  /** Something was stored that is due then. */
  added(due: number): void {
    const sooner = due < this.#next;
    this.#next = Math.min(this.#next, due);
    if (sooner) this.#wake();
    const passed = this.#busy ? this.#now : this.#after?.due;
    if (passed !== undefined && due <= passed) this.#lookAgain();
  }

  /** Nothing more is moved: what waits stays in the store. */
  close(): void {
    this.#closed = true;
  }

  /** What is due between two ticks comes when it is. */
  #wake(): void {
    const { wakeAt } = this.#options;
    if (!this.#closed && this.#next > this.#now && this.#next < this.#now + WAKE_MS) wakeAt?.(this.#next);
  }

  #go(): void {
    if (this.#closed || this.#busy || this.#moving > 0) return;
    if (this.#next > this.#now || this.#notBefore > this.#now) return;
    if (this.#stopped.size >= DELAYED_TOPICS_STOPPED_MOST) return;
    const { log, store } = this.#options;
    this.#busy = true;
    if (log.full) return log.whenNotFull(() => this.#goOn());
    const [now, after, without] = [this.#now, this.#after, [...this.#stopped]];
    // what is stored from here on may not be in the answer
    this.#next = Infinity;
    this.#again = false;
    store.due({ now, after, without, most: DELAYED_SLICE_BYTES }, (outcome) => this.#found(outcome));
  }

  #goOn(): void {
    this.#busy = false;
    this.#go();
  }

  #found(outcome: DueOutcome): void {
    if (this.#closed) return;
    if (outcome.kind === "failed") {
      this.#tell([outcome.reason]);
      this.#tryLater();
      this.#busy = false;
      return;
    }
    this.#tell(outcome.damaged);
    const { after, next = Infinity } = outcome;
    this.#after = this.#again ? undefined : after;
    this.#next = Math.min(this.#next, after === undefined ? next : -Infinity);
    this.#append(outcome.runs);
    this.#options.flush();
    this.#wake();
    this.#goOn();
  }

  #append(runs: readonly DelayedRun[]): void {
    const joined: Joined[] = [];
    const newest = new Map<string, Joined>();
    for (const run of runs) {
      const { topic } = run;
      if (this.#stopped.has(topic)) continue;
      const before = newest.get(topic);
      if (before !== undefined && before.runs[0]!.ttl === run.ttl) {
        before.runs.push(run);
        continue;
      }
      const route = this.#options.routeOf(topic);
      const full = before === undefined ? this.#options.gateOf(route) : undefined;
      if (full !== undefined) {
        this.#stop(topic, full);
        continue;
      }
      const one = { route, runs: [run], before };
      newest.set(topic, one);
      joined.push(one);
    }
    const pieces = new Map<Joined, Piece>();
    for (const one of joined) pieces.set(one, this.#pieceOf(one, one.before && pieces.get(one.before)));
    this.#moving += pieces.size;
    for (const piece of pieces.values()) this.#options.append(piece, this);
  }

  /** `before`: where that is refused, this is as well, or it would overtake it. */
  #pieceOf({ route, runs }: Joined, before: Piece | undefined): Piece {
    const { dedupWindow, memory } = this.#options;
    const length = runs.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const chunk = memory.pool.take(length);
    let at = 0;
    for (const { bytes } of runs) {
      chunk.bytes.set(bytes, at);
      at += bytes.length;
    }
    const part = new Run(new Slice(chunk, 0, length), {
      route,
      encoding: RECORDS,
      count: runs.reduce((sum, { count }) => sum + count, 0),
      pool: memory.pool,
      // its ids were claimed when it was published
      hasFields: false,
      ttl: runs[0]!.ttl,
      expires: this.#expiryOf(runs[0]!),
    });
    part.keep();
    chunk.release();
    // after a restart they count from now on
    const known = runs.filter(({ ids, published }) =>
      ids !== undefined && published + dedupWindow > this.#now
    );
    const ids = known.length === 0 ? undefined : known.map((run) => run.ids).join("\n");
    const repetition = before === undefined ? undefined : new Repetition();
    const piece = new Piece({
      part,
      acknowledgement: this.#answer,
      mayBegin: "always",
      moved: { runs: runs.map(({ id }) => id), ids },
      repetition,
    });
    if (before !== undefined) repetition?.repeats(before);
    repetition?.consistsOf([piece]);
    return piece;
  }

  /** A time to live begins when it is due. */
  #expiryOf({ ttl }: DelayedRun): number | undefined {
    return ttl === undefined ? undefined : this.#now + ttl;
  }

  readonly #answer: Acknowledgement = {
    acknowledge: () => this.#moved(),
    refuse: () => {
      this.#tryLater();
      this.#moved();
    },
  };

  #moved(): void {
    this.#moving--;
    this.#go();
  }

  /** It may be met again and again: what was told last is not told again. */
  #tell(reasons: readonly string[]): void {
    const told = this.#told;
    if (reasons.length > 0) this.#told = new Set(reasons);
    for (const reason of reasons) if (!told.has(reason)) this.#options.onUnreadable(reason);
  }

  /** Others wait for a subscriber of the topic as well. */
  #stop(topic: string, full: Gate): void {
    this.#stopped.add(topic);
    full.whenNotFull(() => {
      this.#stopped.delete(topic);
      this.#lookAgain();
      this.#go();
    });
  }

  #tryLater(): void {
    this.#notBefore = this.#now + DELAYED_RETRY_MS;
    this.#lookAgain();
  }

  /** From the beginning on. */
  #lookAgain(): void {
    this.#after = undefined;
    this.#next = -Infinity;
    this.#again = true;
  }
}
