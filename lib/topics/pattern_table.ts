/**
 * Patterns and what belongs to them, found by topic.
 *
 * Every pattern lies in one hash table, under the sum of the hashes of its segments, each mixed with its
 * place; `*` and `>` are segments like others there. Which patterns might take a topic in is known by their
 * **shapes**: where a pattern has its `*`, how many segments it has and whether a `>` follows. Two patterns
 * of one shape take in the same topic only if they are the same, so one look a shape finds all there are:
 *
 *     #a.b   #a.*   #>         shapes of topics with two segments: (2) (2, * at 1), and of all: (0 >)
 *     topic #a.b               looks at h(a,0)+h(b,1), h(a,0)+h(*,1), h(>,0)
 *
 * The sum of a topic is made once; a shape exchanges in it what stands where it has a wildcard.
 *
 * @module
 */
import { Chains, type Linked } from "./chains.ts";
import { factorOf, mixed } from "./mixing.ts";
import { matches } from "./topic.ts";

const DOT = 0x2e;
const STAR = "*";
const REST = ">";
const FNV_OFFSET = 0x811c9dc5;
/** Keys are small integers on every platform: those need no memory of their own. */
const KEY_MASK = 0x3fffffff;

/** A pattern and its values. */
interface Entry<V> extends Linked<Entry<V>> {
  readonly pattern: string;
  values: V | Many<V>;
}

/** Most patterns have one value, and a set for it would be most of what a subscription costs. */
class Many<V> extends Set<V> {}

/** Patterns that have their wildcards in the same places. */
interface Shape {
  /** Where it has `*`, counted from 0. */
  readonly stars: readonly number[];
  /** How many patterns there are of it. */
  patterns: number;
}

/** By what {@link shapeOf} gives. */
type Shapes = Map<string, Shape>;

/**
 * A set of (pattern, value) pairs. Patterns and topics are canonical: see {@link import("./topic.ts")}.
 *
 * - A match hashes its topic once and then looks up one entry a shape of that many segments: its work is
 *   bounded by the topic's bytes, the number of different shapes and the values it finds, whatever the number
 *   of patterns and whatever they have in common. {@link import("./pattern_budget.ts")} bounds the shapes.
 * - A pattern costs one entry of fixed size, and its string, which is the one that was given.
 */
export class PatternTable<V> {
  readonly #entries = new Chains<Entry<V>>();
  /** Of patterns of so many segments. */
  readonly #exact: Array<Shapes | undefined> = [];
  /** Of patterns with so many segments and a `>` behind them. */
  readonly #rest: Array<Shapes | undefined> = [];
  readonly #seed: number;
  readonly #factor: number;
  #size = 0;

  // of the name that was hashed last: the sums of its segments' hashes up to each, and what a sum changes by
  // with a `*` in place of each
  readonly #sums: number[] = [0];
  readonly #changes: number[] = [];
  // the hashes of `*` and `>` by place
  readonly #stars: number[] = [];
  readonly #rests: number[] = [];

  /** `seed`: a number peers cannot guess, so that they cannot choose patterns that collide. */
  constructor(seed = 0) {
    this.#seed = (FNV_OFFSET ^ seed) | 0;
    this.#factor = factorOf(seed);
  }

  /** How many pairs it holds. */
  get size(): number {
    return this.#size;
  }

  /** How many shapes and entries it keeps: 0 where there is no pair. */
  get kept(): number {
    let shapes = 0;
    for (const list of [this.#exact, this.#rest]) for (const each of list) shapes += each?.size ?? 0;
    return shapes + this.#entries.size;
  }

  /** Adds a pair; false if it was there. */
  add(pattern: string, value: V): boolean {
    const key = this.#keyOf(pattern);
    const entry = this.#entryOf(key, pattern);
    if (entry === undefined) {
      this.#entries.add({ key, pattern, values: value, next: undefined });
      this.#countShape(pattern, 1);
    } else {
      const { values } = entry;
      if (values instanceof Many ? values.has(value) : values === value) return false;
      if (values instanceof Many) values.add(value);
      else entry.values = new Many([values, value]);
    }
    this.#size++;
    return true;
  }

  /** Takes a pair out; false if it was not there. A pattern without values goes with it. */
  remove(pattern: string, value: V): boolean {
    const entry = this.#entryOf(this.#keyOf(pattern), pattern);
    if (entry === undefined) return false;
    const { values } = entry;
    if (values instanceof Many) {
      if (!values.delete(value)) return false;
      // who is left alone needs no set
      if (values.size === 1) { for (const last of values) entry.values = last; }
    } else {
      if (values !== value) return false;
      this.#entries.remove(entry);
      this.#countShape(pattern, -1);
    }
    this.#size--;
    return true;
  }

  /** Whether there is such a pair. */
  has(pattern: string, value: V): boolean {
    const values = this.#entryOf(this.#keyOf(pattern), pattern)?.values;
    return values instanceof Many ? values.has(value) : values === value;
  }

  /** Adds to `found` the values of every pattern that takes in the topic, each once; how often it looked. */
  match(topic: string, found: Set<V>): number {
    if (this.#size === 0) return 0;
    const count = this.#hash(topic);
    const sums = this.#sums;
    const changes = this.#changes;
    const whole = sums[count]!;
    this.#find(whole, topic, found);
    let looks = 1;
    const exact = this.#exact[count];
    if (exact !== undefined) {
      for (const { stars } of exact.values()) {
        this.#find(whole + exchanged(stars, changes), topic, found);
        looks++;
      }
    }
    const most = Math.min(count, this.#rest.length);
    for (let at = 0; at < most; at++) {
      const shapes = this.#rest[at];
      if (shapes === undefined) continue;
      const sum = sums[at]! + this.#restAt(at);
      for (const { stars } of shapes.values()) {
        this.#find(sum + exchanged(stars, changes), topic, found);
        looks++;
      }
    }
    return looks;
  }

  /** Adds the values that stand under a sum; two names may have the same one. */
  #find(sum: number, topic: string, found: Set<V>): void {
    const key = sum & KEY_MASK;
    let entry = this.#entries.first(key);
    for (; entry !== undefined; entry = entry.next) {
      if (entry.key !== key || !matches(entry.pattern, topic)) continue;
      const { values } = entry;
      if (values instanceof Many) { for (const value of values) found.add(value); }
      else found.add(values);
    }
  }

  #entryOf(key: number, pattern: string): Entry<V> | undefined {
    let entry = this.#entries.first(key);
    while (entry !== undefined && (entry.key !== key || entry.pattern !== pattern)) entry = entry.next;
    return entry;
  }

  #keyOf(name: string): number {
    return this.#sums[this.#hash(name)]! & KEY_MASK;
  }

  /** Hashes the segments of a name; how many there are. */
  #hash(name: string): number {
    const changes = this.#changes;
    const sums = this.#sums;
    const seed = this.#seed;
    const factor = this.#factor;
    const { length } = name;
    let hash = seed;
    let count = 0;
    for (let at = 1; at <= length; at++) {
      const code = at === length ? DOT : name.charCodeAt(at);
      if (code !== DOT) {
        hash = Math.imul(hash ^ code, factor);
        continue;
      }
      const placed = mixed(hash, count);
      changes[count] = (this.#starAt(count) - placed) | 0;
      sums[count + 1] = (sums[count]! + placed) | 0;
      hash = seed;
      count++;
    }
    return count;
  }

  /** The hash of a segment of one character. */
  #hashOf(segment: string): number {
    return Math.imul(this.#seed ^ segment.charCodeAt(0), this.#factor);
  }

  #starAt(place: number): number {
    return this.#stars[place] ??= mixed(this.#hashOf(STAR), place);
  }

  #restAt(place: number): number {
    return this.#rests[place] ??= mixed(this.#hashOf(REST), place);
  }

  /** One pattern more or less of its shape; those without `*` and `>` are found without one. */
  #countShape(pattern: string, change: 1 | -1): void {
    const rest = pattern.endsWith(REST);
    if (!rest && !pattern.includes(STAR)) return;
    const segments = pattern.slice(1).split(".");
    const length = rest ? segments.length - 1 : segments.length;
    const byLength = rest ? this.#rest : this.#exact;
    while (byLength.length <= length) byLength.push(undefined);
    const shapes = byLength[length] ??= new Map();
    const name = shapeOf(pattern);
    let shape = shapes.get(name);
    if (shape === undefined) {
      const stars = segments.flatMap((segment, at) => segment === STAR ? [at] : []);
      shape = { stars, patterns: 0 };
      shapes.set(name, shape);
    }
    shape.patterns += change;
    if (shape.patterns === 0) shapes.delete(name);
    if (shapes.size === 0) byLength[length] = undefined;
  }
}

/** A pattern without its words: `#a.*.b.>` gives `.*..>`. Two have the same shape if this is the same. */
export function shapeOf(pattern: string): string {
  return pattern.replace(/[^.*>]+/g, "");
}

/** What a topic's sum changes by when there are `*` in these places. */
function exchanged(stars: readonly number[], changes: readonly number[]): number {
  let change = 0;
  for (let at = 0; at < stars.length; at++) change = (change + changes[stars[at]!]!) | 0;
  return change;
}
