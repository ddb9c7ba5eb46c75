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
    return this.run.partLying(this.#lying(at, count));
  }

  /** Messages that do not follow one another, copied. */
  gathered(parts: ReadonlyArray<Pick<Stretch, "at" | "count">>): Run {
    return this.run.gathered(parts.map(({ at, count }) => this.#lying(at, count)));
  }

  /** Whether they are so small that copying one costs less than a part for itself. */
  get isSmall(): boolean {
    return this.#ends.at(-1)! - this.#start < SMALL_BYTES * this.run.count;
  }

  #lying(at: number, count: number): { at: number; count: number; start: number; end: number } {
    return { at, count, start: this.#ends[at - 1] ?? this.#start, end: this.#ends[at + count - 1]! };
  }

  /** How many without a key follow one another from there on. */
  keyless(at: number): number {
    let end = at;
    while (end < this.keys.length && this.keys[end] === undefined) end++;
    return end - at;
  }
}

/** Hands a run to members in as few parts as its order, and its numbers, allow. */
export class Handing {
  readonly #keyed: KeyedRun;
  readonly #giver: Giver;
  readonly #terms: Terms;
  /** Of what has no numbers each member gets one part; undefined: a part is what follows one another. */
  readonly #gathered: Map<Place, Stretch[]> | undefined;
  #stretch: Stretch | undefined;

  constructor(keyed: KeyedRun, giver: Giver, terms: Terms) {
    this.#keyed = keyed;
    this.#giver = giver;
    this.#terms = terms;
    this.#gathered = keyed.run.stored === undefined && keyed.isSmall ? new Map() : undefined;
  }

  /** The next messages are that member's. */
  add(place: Place, at: number, count: number): void {
    const stretch = this.#stretch;
    if (stretch?.place === place && stretch.at + stretch.count === at) {
      stretch.count += count;
      return;
    }
    const next = this.#stretch = { place, at, count };
    if (this.#gathered === undefined) {
      if (stretch !== undefined) this.#hand(stretch);
      return;
    }
    const others = this.#gathered.get(place);
    if (others === undefined) this.#gathered.set(place, [next]);
    else others.push(next);
  }

  /** No more follow. */
  end(): void {
    for (const [place, stretches] of this.#gathered ?? []) {
      if (stretches.length === 1) {
        this.#hand(stretches[0]!);
        continue;
      }
      const run = this.#keyed.gathered(stretches);
      this.#giver.hand(place, run, this.#terms);
      run.release();
    }
    if (this.#gathered === undefined && this.#stretch !== undefined) this.#hand(this.#stretch);
  }

  #hand({ place, at, count }: Stretch): void {
    const part = this.#keyed.part(at, count);
    this.#giver.hand(place, part, this.#terms);
    if (part !== this.#keyed.run) part.release();
  }
}

const SMALL_BYTES = 1024;
