/**
 * Sets of sequence numbers, as ranges.
 *
 * @module
 */

/** From `from` to before `end`. */
export interface SequenceRange {
  readonly from: number;
  readonly end: number;
}

/** Guarantees: ranges are sorted, none is empty, and between two of them lies at least one number. */
export class SequenceRanges {
  #ranges: SequenceRange[];

  constructor(ranges: readonly SequenceRange[] = []) {
    this.#ranges = [...ranges];
  }

  get empty(): boolean {
    return this.#ranges.length === 0;
  }

  /** How many numbers are in it. */
  get size(): number {
    return this.#ranges.reduce((sum, { from, end }) => sum + end - from, 0);
  }

  [Symbol.iterator](): Iterator<SequenceRange> {
    return this.#ranges[Symbol.iterator]();
  }

  /** Adds a range; how many of it were not in it. */
  add(from: number, end: number): number {
    const ranges = this.#ranges;
    // those that touch it become one with it
    const start = this.#firstEndingFrom(from);
    let stop = start;
    let least = from;
    let most = end;
    let known = 0;
    for (let one = ranges[stop]; one !== undefined && one.from <= end; one = ranges[++stop]) {
      known += Math.max(0, Math.min(end, one.end) - Math.max(from, one.from));
      least = Math.min(least, one.from);
      most = Math.max(most, one.end);
    }
    ranges.splice(start, stop - start, { from: least, end: most });
    return end - from - known;
  }

  /** Takes a range out; the parts of it that were in it. */
  take(from: number, end: number): SequenceRange[] {
    const ranges = this.#ranges;
    const start = this.#firstEndingFrom(from + 1);
    const taken: SequenceRange[] = [];
    const left: SequenceRange[] = [];
    let stop = start;
    for (let one = ranges[stop]; one !== undefined && one.from < end; one = ranges[++stop]) {
      if (one.from < from) left.push({ from: one.from, end: from });
      taken.push({ from: Math.max(from, one.from), end: Math.min(end, one.end) });
      if (one.end > end) left.push({ from: end, end: one.end });
    }
    if (stop > start) ranges.splice(start, stop - start, ...left);
    return taken;
  }

  /** The parts of a range that are not in it. */
  without(from: number, end: number): SequenceRange[] {
    const parts: SequenceRange[] = [];
    let at = from;
    for (let index = this.#firstEndingFrom(from + 1); at < end; index++) {
      const one = this.#ranges[index];
      if (one === undefined || one.from >= end) break;
      if (one.from > at) parts.push({ from: at, end: one.from });
      at = one.end;
    }
    if (at < end) parts.push({ from: at, end });
    return parts;
  }

  has(sequence: number): boolean {
    const one = this.#ranges[this.#firstEndingFrom(sequence + 1)];
    return one !== undefined && one.from <= sequence;
  }

  /** `3-7 9`: both ends are in it. */
  toString(): string {
    return this.#ranges.map(({ from, end }) => end - from === 1 ? `${from}` : `${from}-${end - 1}`).join(" ");
  }

  /** The first that ends there or later. */
  #firstEndingFrom(sequence: number): number {
    let low = 0;
    let high = this.#ranges.length;
    // what is new mostly lies at the end
    if (high > 0 && this.#ranges[high - 1]!.end < sequence) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ranges[middle]!.end >= sequence) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

const RANGE = /^([1-9]\d{0,14})(?:-([1-9]\d{0,14}))?$/;

/** What {@link SequenceRanges.toString} wrote; undefined: this is not it. */
export function readRanges(text: string): SequenceRanges | undefined {
  if (text === "") return new SequenceRanges();
  const ranges: SequenceRange[] = [];
  for (const part of text.split(" ")) {
    const found = RANGE.exec(part);
    if (found === null) return undefined;
    const from = Number(found[1]);
    const end = Number(found[2] ?? found[1]) + 1;
    if (end <= from || from <= (ranges.at(-1)?.end ?? 0)) return undefined;
    ranges.push({ from, end });
  }
  return new SequenceRanges(ranges);
}
