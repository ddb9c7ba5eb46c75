/**
 * What is given out again: read from the store by its numbers, when it is due and there is room for it.
 *
 * @module
 */
import type { ChunkPool } from "../../buffers.ts";
import { REPLAY_PAGE_LEAST } from "../../limits.ts";
import type { ReadOutcome, Store } from "../../store/types.ts";
import type { Run } from "../../wire/run.ts";
import type { ReadingTurns, Turn } from "../durable/reading_turns.ts";
import type { Grant } from "./grant.ts";
import type { Place } from "./members.ts";
import { type RunParts, runsOf } from "./stored_runs.ts";

/** Why a member does not have messages any more that it has not settled. */
export type Cause = "nack" | "timeout" | "lost connection";

/** Messages that are to be given out another time. */
export interface Returned extends Grant {
  /** Why they were not settled the last time. */
  readonly cause: Cause;
  /** Who had them; undefined: that is not known any more. */
  readonly before: Place | undefined;
}

/** Whom it tells, and what it reads with. */
export interface RedeliveryOwner extends RunParts {
  readonly store: Store;
  readonly turns: ReadingTurns;
  readonly pool: ChunkPool;
  /** Whether there is room for some of them. */
  readonly takes: boolean;
  /** How often a message is given out at most: what was needs no room, for it dies. */
  readonly maxAttempts: number;
  /** Here they are; the run is not kept. */
  returned(run: Run, of: Returned): void;
  /** They are no longer there: they have outlived their time, or retention was faster. */
  gone(of: Returned): void;
  /** They cannot be read. */
  failed(reason: string): void;
  /** What was given to members is set going. */
  flush(): void;
}

/** Milliseconds that what is to come later is counted in. */
const STEP_MS = 250;

/** Guarantees: one request under way at a time; what comes back together comes in its order. */
export class Redelivery implements Turn {
  readonly #owner: RedeliveryOwner;
  /** Due. */
  #due: Returned[] = [];
  /** Later, by when. */
  readonly #later = new Map<number, Returned[]>();
  #laterMessages = 0;
  #step: number;
  #state: "idle" | "waits" | "asks" | "over" = "idle";
  /** What is asked for is not wanted any more. */
  #stale = false;
  #finished: (() => void) | undefined;

  /** `clock`: milliseconds, from any beginning. */
  constructor(owner: RedeliveryOwner, clock: number) {
    this.#owner = owner;
    this.#step = Math.floor(clock / STEP_MS);
  }

  /** Messages that are to come later than now. */
  get delayed(): number {
    return this.#laterMessages;
  }

  get wants(): number | undefined {
    return this.#due.length > 0 ? REPLAY_PAGE_LEAST : undefined;
  }

  /** In so many milliseconds; they are not settled. */
  add(of: Returned, delay: number): void {
    if (delay <= 0) {
      this.#push(of);
      return;
    }
    const step = this.#step + Math.ceil(delay / STEP_MS);
    const later = this.#later.get(step);
    if (later === undefined) this.#later.set(step, [of]);
    else later.push(of);
    this.#laterMessages += of.end - of.from;
  }

  /** There is room, or something has become due. */
  goOn(): void {
    if (this.#state !== "idle") return;
    const [first] = this.#due;
    if (first === undefined) {
      if (this.#finished !== undefined) this.close();
      return;
    }
    if (!this.#dies(first) && !this.#owner.takes) return;
    this.#state = "waits";
    this.#owner.turns.add(this);
  }

  /** Time has passed. */
  tick(clock: number): void {
    const now = Math.floor(clock / STEP_MS);
    while (this.#step < now) {
      const due = this.#later.get(++this.#step);
      this.#later.delete(this.#step);
      for (const of of due ?? []) {
        this.#laterMessages -= of.end - of.from;
        this.#push(of);
      }
    }
    this.goOn();
  }

  /** Nothing is wanted of it any more. */
  close(): void {
    this.#due = [];
    this.#forgetLater();
    this.#state = "over";
    const finished = this.#finished;
    this.#finished = undefined;
    finished?.();
  }

  /** Nothing is wanted of it any more but what dies; calls back when that is done, or it is closed. */
  finish(finished: () => void): void {
    this.#stale = this.#state === "asks";
    this.#due = this.#due.filter((of) => this.#dies(of));
    this.#forgetLater();
    if (this.#state === "waits") {
      this.#owner.turns.remove(this);
      this.#state = "idle";
    }
    this.#finished = finished;
    this.goOn();
  }

  #forgetLater(): void {
    this.#later.clear();
    this.#laterMessages = 0;
  }

  #dies({ attempt }: Returned): boolean {
    return attempt > this.#owner.maxAttempts;
  }

  ask(most: number, answered: () => void): void {
    const first = this.#due[0]!;
    const { topic, from, end } = first;
    this.#state = "asks";
    const to = { kind: "sequence", sequence: end - 1 } as const;
    const cursor = { pattern: topic, after: 0, sequence: from, time: 0, to };
    this.#owner.store.read([cursor], { most }, (outcome) => {
      if (this.#state === "asks") {
        this.#state = "idle";
        if (!this.#stale) this.#answered(first, outcome);
        this.#stale = false;
        this.goOn();
      }
      answered();
      this.#owner.flush();
    });
  }

  #answered(first: Returned, outcome: ReadOutcome): void {
    if (outcome.kind === "failed") {
      this.#due = [];
      return this.#owner.failed(outcome.reason);
    }
    const { page: { bytes }, cursors, ends } = outcome;
    const { from, end } = first;
    const reached = ends[0] === "none" ? Math.min(end, cursors[0]!.sequence) : end;
    if (reached < end) this.#due[0] = { ...first, from: reached };
    else this.#due.shift();
    const chunk = this.#owner.pool.adopt(bytes);
    let at = from;
    for (const run of runsOf({ chunk, length: bytes.length }, this.#owner)) {
      const start = run.stored!.first;
      if (at < start) this.#owner.gone({ ...first, from: at, end: start });
      at = start + run.count;
      this.#owner.returned(run, { ...first, from: start, end: at });
      run.release();
    }
    if (at < reached) this.#owner.gone({ ...first, from: at, end: reached });
    chunk.release();
  }

  /** Those that follow one another are read together. */
  #push(of: Returned): void {
    const last = this.#due.at(-1);
    // the first may be being read
    const alike = this.#due.length > 1 && last !== undefined && last.topic === of.topic &&
      last.end === of.from && last.unit === of.unit && last.attempt === of.attempt &&
      last.cause === of.cause &&
      last.before === of.before;
    if (alike) this.#due[this.#due.length - 1] = { ...last, end: of.end };
    else this.#due.push(of);
  }
}
