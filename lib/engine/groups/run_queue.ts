/**
 * Stored messages that wait to be given to a member.
 *
 * @module
 */
import type { Run } from "../../wire/run.ts";
import type { Unit } from "./ledger.ts";
import type { Place } from "./members.ts";
import { isMostlyGone } from "./mostly_gone.ts";

/** Messages of one run that all fare alike. */
export interface WaitingRun {
  /** Kept. */
  readonly run: Run;
  readonly unit: Unit;
  readonly attempt: number;
  /** Who had it before: somebody else is to have it, where anybody has room. */
  readonly before?: Place | undefined;
}

/** In the order in which they came. */
export class RunQueue {
  #runs: WaitingRun[] = [];
  #head = 0;
  #bytes = 0;
  #messages = 0;

  get first(): WaitingRun | undefined {
    return this.#runs[this.#head];
  }

  /** Bytes of their records. */
  get bytes(): number {
    return this.#bytes;
  }

  get messages(): number {
    return this.#messages;
  }

  add(waiting: WaitingRun): void {
    this.#runs.push(waiting);
    this.#count(waiting.run, 1);
  }

  /** Of the first so many messages have been given out. */
  gave(count: number): void {
    const waiting = this.#runs[this.#head]!;
    const { run } = waiting;
    this.#count(run, -1);
    if (count < run.count) {
      const rest = { ...waiting, run: run.kept(count, run.count - count) };
      this.#runs[this.#head] = rest;
      this.#count(rest.run, 1);
    } else {
      this.#head++;
    }
    run.release();
    if (this.#head === this.#runs.length) {
      this.#empty();
    } else if (isMostlyGone(this.#head, this.#runs.length)) {
      this.#runs = this.#runs.slice(this.#head);
      this.#head = 0;
    }
  }

  clear(): void {
    for (let at = this.#head; at < this.#runs.length; at++) this.#runs[at]!.run.release();
    this.#empty();
    this.#bytes = this.#messages = 0;
  }

  #empty(): void {
    this.#runs = [];
    this.#head = 0;
  }

  #count({ records: { start, end }, count }: Run, sign: 1 | -1): void {
    this.#bytes += sign * (end - start);
    this.#messages += sign * count;
  }
}
