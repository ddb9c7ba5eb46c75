/**
 * Durable topics: runs are stored first, many with one fsync, then delivered, then acknowledged.
 *
 * @module
 */
import { showSpans } from "../id_spans.ts";
import { LOG_HIGH_WATER } from "../limits.ts";
import type { Append, CommitOutcome, Store, Stored } from "../store/types.ts";
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
  /** All runs of a commit have been handed on; this is the place of the last. */
  readonly onDelivered: (last: Stored) => void;
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
  #trouble: string | undefined;
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

  /** Why the last commit was not stored; undefined: it was, or there was none. */
  get trouble(): string | undefined {
    return this.#trouble;
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
    this.#options.store.commit(filled.map(appendOf), (outcome) => this.#committed(runs, outcome));
  }

  #committed(runs: readonly Run[], outcome: CommitOutcome): void {
    if (outcome.kind === "lost") {
      this.#lost = true;
      this.#trouble = outcome.reason;
      this.#options.onLost(outcome.reason);
      callAll(this.#idle);
      return;
    }
    for (const run of runs) this.#forgetBytes(run);
    if (outcome.kind === "refused") this.#trouble = outcome.reason;
    else if (outcome.stored.length > 0) this.#trouble = undefined;
    if (outcome.kind === "stored") this.#hand(runs, outcome);
    else this.#refuse(runs, outcome.reason);
    this.#committing = false;
    if (!this.full) callAll(this.#notFull);
    this.ready();
    if (!this.#committing) callAll(this.#idle);
    this.#options.flushes.flush();
  }

  #forgetBytes(run: Run): void {
    const { start, end } = run.as("frames");
    this.#bytes -= end - start;
  }

  #hand(runs: readonly Run[], outcome: Extract<CommitOutcome, { kind: "stored" }>): void {
    let at = 0;
    for (const run of runs) {
      if (run.count === 0) continue;
      run.place = outcome.stored[at++]!;
      this.#options.deliver(run);
    }
    const last = outcome.stored.reduce<Stored | undefined>(later, undefined);
    if (last !== undefined) {
      this.#delivered = last.batch;
      this.#options.onDelivered(last);
    }
    for (const run of runs) run.settle();
  }

  #refuse(runs: readonly Run[], reason: string): void {
    this.#options.onRefused(reason);
    // what came meanwhile may have been taken for a repetition of what is now refused
    const doubtful = this.#gathered.filter((run) => run.repeats);
    this.#gathered = this.#gathered.filter((run) => !run.repeats);
    for (const run of doubtful) this.#forgetBytes(run);
    for (const run of [...runs, ...doubtful]) {
      this.#options.onRunRefused(run);
      run.settle(reason);
    }
  }
}

function appendOf(run: Run): Append {
  return {
    topic: run.route.topic,
    count: run.count,
    bytes: run.as("frames").view,
    ids: run.ids === undefined ? undefined : showSpans(run.ids),
    ttl: run.ttl,
  };
}

function later(one: Stored | undefined, other: Stored): Stored {
  return one !== undefined && one.batch > other.batch ? one : other;
}

function callAll(callbacks: Array<() => void>): void {
  for (const callback of callbacks.splice(0)) callback();
}
