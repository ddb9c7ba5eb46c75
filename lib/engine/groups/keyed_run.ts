/**
 * A run that is given out by the keys of its messages.
 *
 * @module
 */
import type { Run } from "../../wire/run.ts";
import type { Giver, Terms } from "./keyed_message.ts";
import type { Place } from "./members.ts";

/** Messages that follow one another and go to the same member. */
interface Stretch {
  readonly place: Place;
  readonly at: number;
  count: number;
}

/** Where its messages lie, and what keys they have: read once. */
export class KeyedRun {
  readonly run: Run;
  /** Undefined: it has none. */
  readonly keys: ReadonlyArray<string | undefined>;
  readonly #start: number;
  readonly #ends: readonly number[];

  constructor(run: Run) {
    this.run = run;
    this.#start = run.records.start;
    ({ keys: this.keys, ends: this.#ends } = run.keys);
  }

  /** So many of its messages, from a position on; itself where that is all. */
  part(at: number, count: number): Run {
    const start = this.#ends[at - 1] ?? this.#start;
    return this.run.partLying({ at, count, start, end: this.#ends[at + count - 1]! });
  }

  /** How many without a key follow one another from there on. */
  keyless(at: number): number {
    let end = at;
    while (end < this.keys.length && this.keys[end] === undefined) end++;
    return end - at;
  }
}

/** Hands a run to members in as few parts as its order allows. */
export class Handing {
  readonly #keyed: KeyedRun;
  readonly #giver: Giver;
  readonly #terms: Terms;
  #stretch: Stretch | undefined;

  constructor(keyed: KeyedRun, giver: Giver, terms: Terms) {
    this.#keyed = keyed;
    this.#giver = giver;
    this.#terms = terms;
  }

  /** The next messages are that member's. */
  add(place: Place, at: number, count: number): void {
    const stretch = this.#stretch;
    if (stretch?.place === place && stretch.at + stretch.count === at) {
      stretch.count += count;
      return;
    }
    this.end();
    this.#stretch = { place, at, count };
  }

  /** No more follow. */
  end(): void {
    if (this.#stretch === undefined) return;
    const { place, at, count } = this.#stretch;
    this.#stretch = undefined;
    const part = this.#keyed.part(at, count);
    this.#giver.hand(place, part, this.#terms);
    if (part !== this.#keyed.run) part.release();
  }
}
