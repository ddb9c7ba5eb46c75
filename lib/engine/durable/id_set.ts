/**
 * A set of message ids that is small where publishers number what they send.
 *
 * @module
 */
import type { IdSpan } from "../../id_spans.ts";

/** Bytes that an id takes without a number, beside its own; measured, as those below. */
const WHOLE_BYTES = 48;
/** The only number of its prefix, beside that. */
const LONE_BYTES = 72;
/** The numbers of a prefix, beside that; and each of the things they are made of. */
const PREFIX_BYTES = 448;
const NUMBER_BYTES = 40;

/** Numbers of one prefix: intervals in rising order, and what came out of order. */
class Numbers {
  readonly #firsts: number[] = [];
  readonly #lasts: number[] = [];
  #strays: Set<number> | undefined;

  /** Things it is made of. */
  get size(): number {
    return this.#firsts.length + (this.#strays?.size ?? 0);
  }

  /**
   * Whether any of the numbers from `first` to `last` is in it; it may say so wrongly where some are near.
   */
  mayHave(first: number, last: number): boolean {
    if (this.#strays !== undefined) return true;
    const at = this.#intervalUpTo(last);
    return at >= 0 && this.#lasts[at]! >= first;
  }

  has(number: number): boolean {
    const at = this.#intervalUpTo(number);
    return (at >= 0 && this.#lasts[at]! >= number) || (this.#strays?.has(number) ?? false);
  }

  /** Adds numbers none of which is in it. */
  add(first: number, last: number): void {
    const top = this.#lasts.length - 1;
    const end = top < 0 ? -1 : this.#lasts[top]!;
    if (first > end) {
      if (top >= 0 && first === end + 1) this.#lasts[top] = last;
      else {
        this.#firsts.push(first);
        this.#lasts.push(last);
      }
      return;
    }
    const strays = this.#strays ??= new Set();
    for (let number = first; number <= last; number++) strays.add(number);
  }

  delete(number: number): void {
    if (this.#strays?.delete(number) === true) {
      if (this.#strays.size === 0) this.#strays = undefined;
      return;
    }
    const at = this.#intervalUpTo(number);
    if (at < 0 || this.#lasts[at]! < number) return;
    const [first, last] = [this.#firsts[at]!, this.#lasts[at]!];
    const kept: [number, number][] = [];
    if (first < number) kept.push([first, number - 1]);
    if (number < last) kept.push([number + 1, last]);
    this.#firsts.splice(at, 1, ...kept.map(([from]) => from));
    this.#lasts.splice(at, 1, ...kept.map(([, to]) => to));
  }

  /** The last interval that begins at or before a number; -1: none does. */
  #intervalUpTo(number: number): number {
    let low = 0;
    let high = this.#firsts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#firsts[middle]! <= number) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** Ids of one topic. Topics may be many, each with one id, so both kinds are made when the first comes. */
export class IdSet {
  #whole: Set<string> | undefined;
  /** By prefix. Most prefixes of ids that do not count up have one number: that is kept as it is. */
  #numbered: Map<string, Numbers | number> | undefined;
  #bytes = 0;

  /** What it takes, estimated. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether an id of the span may be in it: if not, none is. */
  mayHave({ prefix, first, count }: IdSpan): boolean {
    if (first === undefined) return this.#whole?.has(prefix) ?? false;
    const numbers = this.#numbered?.get(prefix);
    if (typeof numbers === "number") return isWithin(numbers, { first, count });
    return numbers?.mayHave(first, first + count - 1) ?? false;
  }

  /** Whether the id of the span's message at an offset is in it. */
  has({ prefix, first }: IdSpan, offset: number): boolean {
    if (first === undefined) return this.#whole?.has(prefix) ?? false;
    const numbers = this.#numbered?.get(prefix);
    return typeof numbers === "number" ? numbers === first + offset : numbers?.has(first + offset) ?? false;
  }

  /** Adds ids none of which is in it; how much larger that makes it. */
  add({ prefix, first, count }: IdSpan): number {
    if (first === undefined) {
      (this.#whole ??= new Set()).add(prefix);
      this.#bytes += WHOLE_BYTES + prefix.length;
      return 1;
    }
    this.#numbered ??= new Map();
    let numbers = this.#numbered.get(prefix);
    if (numbers === undefined) {
      if (count === 1) {
        this.#numbered.set(prefix, first);
        this.#bytes += LONE_BYTES + prefix.length;
        return 1;
      }
      this.#numbered.set(prefix, numbers = new Numbers());
      this.#bytes += PREFIX_BYTES + prefix.length;
    } else if (typeof numbers === "number") {
      const lone = numbers;
      this.#numbered.set(prefix, numbers = new Numbers());
      numbers.add(lone, lone);
      this.#bytes += PREFIX_BYTES + NUMBER_BYTES - LONE_BYTES;
    }
    const before = numbers.size;
    numbers.add(first, first + count - 1);
    const more = numbers.size - before;
    this.#bytes += more * NUMBER_BYTES;
    return more;
  }

  /** Takes the span's ids out; how much smaller that makes it. */
  delete({ prefix, first, count }: IdSpan): number {
    if (first === undefined) {
      if (this.#whole?.delete(prefix) !== true) return 0;
      this.#bytes -= WHOLE_BYTES + prefix.length;
      return 1;
    }
    const numbers = this.#numbered?.get(prefix);
    if (numbers === undefined) return 0;
    if (typeof numbers === "number") {
      if (!isWithin(numbers, { first, count })) return 0;
      this.#numbered?.delete(prefix);
      this.#bytes -= LONE_BYTES + prefix.length;
      return 1;
    }
    const before = numbers.size;
    for (let offset = 0; offset < count; offset++) numbers.delete(first + offset);
    const less = before - numbers.size;
    this.#bytes -= less * NUMBER_BYTES;
    if (numbers.size === 0 && this.#numbered?.delete(prefix) === true) {
      this.#bytes -= PREFIX_BYTES + prefix.length;
    }
    return less;
  }
}

function isWithin(
  number: number,
  { first, count }: { readonly first: number; readonly count: number },
): boolean {
  return number >= first && number < first + count;
}
