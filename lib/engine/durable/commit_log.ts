/**
 * Runs on their way into the store: collected while a commit runs, stored together with one fsync, then
 * delivered, then acknowledged.
 *
 * @module
 */
import type { FlushList } from "../../flush_list.ts";
import { showSpans } from "../../id_spans.ts";
import { LOG_HIGH_WATER } from "../../limits.ts";
import type { Append, CommitOutcome, Store, Stored } from "../../store/types.ts";
import type { Run } from "../../wire/run.ts";
import type { Acknowledgement, Gate, Level } from "../types.ts";

/** What a log is told and whom it tells. */
export interface CommitLogOptions {
  readonly store: Store;
  /** How safe a message is that the store says it has. */
  readonly level: Level;
  readonly flushes: FlushList;
  /** The run is stored: hand it on; how many get it. */
  readonly deliver: (run: Run) => number;
  /** The run is not stored. */
  readonly onRunRefused: (run: Run) => void;
  /** All runs of a commit have been handed on; this is where the last of them is. */
  readonly onCommitted: (last: Stored) => void;
  /** A commit was refused; later ones may succeed. */
  readonly onRefused: (reason: string) => void;
  /** It is not known what is stored: nothing may be acknowledged any more. */
  readonly onLost: (reason: string) => void;
}

/** A run that is published to a durable topic. */
export interface Publication {
  /** As it came, kept; it is released here. */
  readonly run: Run;
  /** What it is made of, in its order: one, mostly. */
  readonly pieces: readonly Piece[];
}

/** Messages of a run that follow one another, with the answer to them. */
export interface Piece {
  /** The run, or the part of it that has to be stored; undefined: it is already, or is being. */
  readonly part: Run | undefined;
  readonly acknowledgement: Acknowledgement;
}

/**
 * Guarantees: a run is delivered and acknowledged after the commit that holds it, in the order of {@link
 * append} (D1); one that cannot be stored is refused and not delivered (D7); what comes while a commit runs
 * goes into the next (group commit). After `lost` nothing is answered.
 */
export class CommitLog implements Gate {
  readonly #options: CommitLogOptions;
  #waiting: Publication[] = [];
  #committing = false;
  #announced = false;
  /** Bytes that wait to be committed or are being. */
  #bytes = 0;
  #delivered: number;
  #begun: number;
  #lost = false;
  #trouble: string | undefined;
  #notFull: Array<() => void> = [];
  #idle: Array<() => void> = [];

  constructor(options: CommitLogOptions) {
    this.#options = options;
    this.#delivered = this.#begun = options.store.state.last;
  }

  get full(): boolean {
    return this.#bytes >= LOG_HIGH_WATER;
  }

  /** The last batch whose messages have been handed on. */
  get delivered(): number {
    return this.#delivered;
  }

  /** The last batch of which anything is handed on: beyond {@link delivered} in the midst of a commit. */
  get begun(): number {
    return this.#begun;
  }

  /** Why the last commit was not stored; undefined: it was, or there was none. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  whenNotFull(callback: () => void): void {
    if (this.full) this.#notFull.push(callback);
    else callback();
  }

  /** Calls back once when everything that was appended has been answered, or nothing will be any more. */
  whenIdle(callback: () => void): void {
    if (this.#lost || (!this.#committing && this.#waiting.length === 0)) callback();
    else this.#idle.push(callback);
  }

  /** Takes a run to be stored. */
  append(publication: Publication): void {
    this.#bytes += bytesOf(publication);
    this.#waiting.push(publication);
    if (this.#announced || this.#committing) return;
    this.#announced = true;
    this.#options.flushes.add(this);
  }

  /** The read that brought the first of them has been handled: what waits by now is one commit. */
  ready(): void {
    this.#announced = false;
    if (!this.#committing && !this.#lost && this.#waiting.length > 0) this.#commit();
  }

  #commit(): void {
    const publications = this.#waiting;
    this.#waiting = [];
    this.#committing = true;
    // a run whose messages are all stored already only waits for its turn to be acknowledged
    const appends: Append[] = [];
    for (const { pieces } of publications) {
      for (const { part } of pieces) if (part !== undefined) appends.push(appendOf(part));
    }
    if (appends.length === 0) return this.#committed(publications, { kind: "stored", stored: [] });
    this.#options.store.commit(appends, (outcome) => this.#committed(publications, outcome));
  }

  #committed(publications: readonly Publication[], outcome: CommitOutcome): void {
    if (outcome.kind === "lost") {
      this.#lost = true;
      this.#trouble = outcome.reason;
      this.#options.onLost(outcome.reason);
      callAll(this.#idle);
      return;
    }
    for (const publication of publications) this.#bytes -= bytesOf(publication);
    if (outcome.kind === "refused") this.#trouble = outcome.reason;
    else if (outcome.stored.length > 0) this.#trouble = undefined;
    if (outcome.kind === "stored") this.#handOn(publications, outcome.stored);
    else this.#refuse(publications, outcome.reason);
    this.#committing = false;
    if (!this.full) callAll(this.#notFull);
    this.ready();
    if (!this.#committing) callAll(this.#idle);
    this.#options.flushes.flush();
  }

  #handOn(publications: readonly Publication[], stored: readonly Stored[]): void {
    let at = 0;
    let last: Stored | undefined;
    const reached: number[] = [];
    for (const { batch } of stored) if (batch > this.#begun) this.#begun = batch;
    for (const { pieces } of publications) {
      for (const { part } of pieces) {
        if (part === undefined) continue;
        const where = stored[at++]!;
        part.stored = where;
        if (last === undefined || where.batch >= last.batch) last = where;
        reached.push(this.#options.deliver(part));
      }
    }
    if (last !== undefined) {
      this.#delivered = last.batch;
      this.#options.onCommitted(last);
    }
    const { level } = this.#options;
    // which number it has, and who got it, is not remembered of what was stored before
    const repeated = { reached: undefined, level, last: undefined, topic: undefined };
    at = 0;
    for (const publication of publications) {
      for (const { part, acknowledgement } of publication.pieces) {
        if (part === undefined) {
          acknowledgement.acknowledge(repeated);
          continue;
        }
        const last = stored[at]!.first + part.count - 1;
        acknowledgement.acknowledge({ reached: reached[at]!, level, last, topic: part.route.topic });
        at++;
      }
      release(publication);
    }
  }

  #refuse(publications: readonly Publication[], reason: string): void {
    this.#options.onRefused(reason);
    // what came meanwhile may have been taken for a repetition of what is now refused
    const doubtful = this.#waiting.filter(repeats);
    this.#waiting = this.#waiting.filter((publication) => !repeats(publication));
    for (const publication of doubtful) this.#bytes -= bytesOf(publication);
    for (const publication of [...publications, ...doubtful]) {
      for (const { part, acknowledgement } of publication.pieces) {
        if (part !== undefined) this.#options.onRunRefused(part);
        acknowledgement.refuse("STORE", reason);
      }
      release(publication);
    }
  }
}

/** Whether any of its messages was left out: it is acknowledged for messages that others brought. */
function repeats({ run, pieces }: Publication): boolean {
  return pieces[0]?.part !== run;
}

function bytesOf({ pieces }: Publication): number {
  let bytes = 0;
  for (let at = 0; at < pieces.length; at++) {
    const records = pieces[at]!.part?.records;
    if (records !== undefined) bytes += records.end - records.start;
  }
  return bytes;
}

function release({ run, pieces }: Publication): void {
  for (const { part } of pieces) if (part !== run) part?.release();
  run.release();
}

function appendOf(run: Run): Append {
  const { ids } = run;
  return {
    topic: run.route.topic,
    count: run.count,
    bytes: run.records.view,
    ids: ids.length === 0 ? undefined : showSpans(ids),
    ttl: run.ttl,
  };
}

function callAll(callbacks: Array<() => void>): void {
  for (const callback of callbacks.splice(0)) callback();
}
