/**
 * Durable topics: runs are stored first, many with one fsync, then delivered, then acknowledged.
 *
 * @module
 */
import { LOG_HIGH_WATER } from "../limits.ts";
import type { CommitOutcome, Store } from "../store/types.ts";
import type { Gate, Run } from "./types.ts";

/** What a log is told and whom it tells. */
export interface DurableLogOptions {
  readonly store: Store;
  /** Gathers what has something to do when a read has been handled, and sets it going. */
  readonly flushes: { add(flushable: { ready(): void }): void; flush(): void };
  /** The run is stored: hand it on. */
  readonly deliver: (run: Run) => void;
  /** The run is not stored. */
  readonly onRunRefused: (run: Run) => void;
  /** All runs of a commit have been handed on; the last is in this batch. */
  readonly onDelivered: (batch: number) => void;
  /** A commit was refused; later ones may succeed. */
  readonly onRefused: (reason: string) => void;
  /** It is not known what is stored: nothing may be acknowledged any more. */
  readonly onLost: (reason: string) => void;
}

/**
 * Guarantees: a run is delivered and settled after the commit that holds it, in the order of {@link append}; what comes while a
 * commit runs goes into the next (group commit). After `lost` nothing is settled.
 */
export class DurableLog implements Gate {
  readonly #options: DurableLogOptions;
  #gathered: Run[] = [];
  #committing = false;
  #announced = false;
  /** Bytes gathered and being committed. */
  #bytes = 0;
  #delivered: number;
  #lost = false;
  #notFull: Array<() => void> = [];
  #idle: Array<() => void> = [];

  constructor(options: DurableLogOptions) {
    this.#options = options;
    this.#delivered = options.store.state.last;
  }

  get full(): boolean {
    return this.#bytes >= LOG_HIGH_WATER;
  }

  /** The last batch whose messages have been handed on. */
  get delivered(): number {
    return this.#delivered;
  }

  whenNotFull(callback: () => void): void {
    if (this.full) this.#notFull.push(callback);
    else callback();
  }

  /** Calls back once when everything gathered has been settled, or nothing will be any more. */
  whenIdle(callback: () => void): void {
    if (this.#lost || (!this.#committing && this.#gathered.length === 0)) callback();
    else this.#idle.push(callback);
  }

  /** Takes a run to be stored. */
  append(run: Run): void {
    run.keep();
    const { start, end } = run.as("frames");
    this.#bytes += end - start;
    this.#gathered.push(run);
    if (this.#announced || this.#committing) return;
    this.#announced = true;
    this.#options.flushes.add(this);
  }

  /** The read that brought the first of them has been handled: what is gathered by now is one commit. */
  ready(): void {
    this.#announced = false;
    if (!this.#committing && !this.#lost && this.#gathered.length > 0) this.#commit();
  }

  #commit(): void {
    const runs = this.#gathered;
    this.#gathered = [];
    this.#committing = true;
    // a run whose messages are all stored already only waits for its turn to be acknowledged
    const filled = runs.filter((run) => run.count > 0);
    if (filled.length === 0) return this.#committed(runs, { kind: "stored", stored: [] });
    const appends = filled.map((run) => ({
      topic: run.route.topic,
      count: run.count,
      bytes: run.as("frames").view,
    }));
    this.#options.store.commit(appends, (outcome) => this.#committed(runs, outcome));
  }

  #committed(runs: readonly Run[], outcome: CommitOutcome): void {
    if (outcome.kind === "lost") {
      this.#lost = true;
      this.#options.onLost(outcome.reason);
      callAll(this.#idle);
      return;
    }
    for (const run of runs) {
      const { start, end } = run.as("frames");
      this.#bytes -= end - start;
    }
    if (outcome.kind === "stored") this.#hand(runs, outcome);
    else this.#refuse(runs, outcome.reason);
    this.#committing = false;
    if (!this.full) callAll(this.#notFull);
    this.ready();
    if (!this.#committing) callAll(this.#idle);
    this.#options.flushes.flush();
  }

  #hand(runs: readonly Run[], outcome: Extract<CommitOutcome, { kind: "stored" }>): void {
    let at = 0;
    for (const run of runs) {
      if (run.count === 0) continue;
      const place = outcome.stored[at++]!;
      run.place = place;
      this.#options.deliver(run);
      this.#delivered = Math.max(this.#delivered, place.batch);
    }
    this.#options.onDelivered(this.#delivered);
    for (const run of runs) run.settle();
  }

  #refuse(runs: readonly Run[], reason: string): void {
    this.#options.onRefused(reason);
    for (const run of runs) {
      this.#options.onRunRefused(run);
      run.settle(reason);
    }
  }
}

function callAll(callbacks: Array<() => void>): void {
  for (const callback of callbacks.splice(0)) callback();
}
