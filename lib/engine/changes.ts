/**
 * Which topics a change of the subscriptions may concern.
 *
 * @module
 */
import { factorOf, mixed } from "../topics/mixing.ts";
import { isPattern, matches } from "../topics/topic.ts";

/** Changes that are remembered one by one. */
const KEPT = 1024;
/** So few are compared with a topic before anything is hashed. */
const FEW = 4;
/** To look at a change costs as much as the tenth part of a look into the patterns, or less. */
const CHANGES_A_LOOK = 8;
/** And to find subscribers anew costs some more. */
const CHANGES_A_SEARCH = 32;
/** Places that changes are counted at; a power of two. */
const PLACES = 8192;
const DOT = 0x2e;
const FNV_OFFSET = 0x811c9dc5;

/** What a place stands for. */
const WHOLE = 0;
const FIRST = 1;
const FIRST_TWO = 2;
const SECOND = 3;

/** A topic, and the state of the subscriptions that its subscribers were found in; -1: in none. */
export interface Known {
  readonly topic: string;
  readonly asOf: number;
}

/**
 * Every change has a place, by that part of its pattern that a topic has to have, too: the whole of one
 * without wildcards, otherwise its first segment, its first two, or its second. A topic looks at its own
 * four places: where nothing has changed, it is not concerned, however many have come and gone elsewhere.
 *
 *     sub #client.7.>   at “begins with client.7”
 *     topic #orders.eu  looks at “orders.eu”, “begins with orders”, “… orders.eu”, “second is eu”
 *
 * Otherwise the last changes are looked at one by one.
 */
export class Changes {
  readonly #seed: number;
  readonly #factor: number;
  /** Goes up with every change. */
  #state = 0;
  /** The pattern of each of the last changes, that of a state at its place. */
  readonly #patterns: string[] = [];
  /** The state behind the last change at each place. Made with the first change. */
  #places: Float64Array | undefined;
  /** The same of those that may concern any topic. */
  #anywhere = 0;

  /** `seed`: a number peers cannot guess, so that they cannot choose places. */
  constructor(seed: number) {
    this.#seed = (FNV_OFFSET ^ seed) | 0;
    this.#factor = factorOf(seed);
  }

  /** What is known now holds for this state. */
  get state(): number {
    return this.#state;
  }

  /** A pattern has come or gone. */
  add(pattern: string): void {
    this.#patterns[this.#state % KEPT] = pattern;
    this.#state++;
    const place = this.#placeOf(pattern);
    if (place < 0) this.#anywhere = this.#state;
    else (this.#places ??= new Float64Array(PLACES))[place] = this.#state;
  }

  /**
   * Whether one may have changed who gets the topic. `looks`: how often it takes to look into the patterns to
   * know: no more is done here than that would be.
   */
  concern({ topic, asOf }: Known, looks: number): boolean {
    const since = this.#state - asOf;
    if (asOf < 0) return true;
    if (since > FEW && !this.#reached(topic, asOf)) return false;
    if (since > Math.min(KEPT, CHANGES_A_SEARCH + CHANGES_A_LOOK * looks)) return true;
    for (let state = asOf; state < this.#state; state++) {
      if (matches(this.#patterns[state % KEPT]!, topic)) return true;
    }
    return false;
  }

  /** Whether one of the topic's places has changed. */
  #reached(topic: string, asOf: number): boolean {
    const places = this.#places;
    if (this.#anywhere > asOf) return true;
    if (places === undefined) return false;
    const factor = this.#factor;
    let whole = this.#seed;
    let second = this.#seed;
    let dots = 0;
    for (let at = 1; at < topic.length; at++) {
      const code = topic.charCodeAt(at);
      if (code === DOT) {
        dots++;
        if (dots === 1 && places[placeAt(whole, FIRST)]! > asOf) return true;
        if (dots === 2 && places[placeAt(whole, FIRST_TWO)]! > asOf) return true;
      } else if (dots === 1) {
        second = Math.imul(second ^ code, factor);
      }
      whole = Math.imul(whole ^ code, factor);
    }
    return places[placeAt(whole, WHOLE)]! > asOf || places[placeAt(second, SECOND)]! > asOf;
  }

  /** -1: it has no part that a topic must have. */
  #placeOf(pattern: string): number {
    if (!isPattern(pattern)) return placeAt(this.#hash(pattern, 1, pattern.length), WHOLE);
    const firstEnd = endOf(pattern, 1);
    const secondEnd = endOf(pattern, firstEnd + 1);
    const second = isPattern(pattern.slice(firstEnd + 1, secondEnd));
    if (!isPattern(pattern.slice(1, firstEnd))) {
      return second
        ? placeAt(this.#hash(pattern, 1, firstEnd), FIRST)
        : placeAt(this.#hash(pattern, 1, secondEnd), FIRST_TWO);
    }
    if (second || firstEnd === pattern.length) return -1;
    return placeAt(this.#hash(pattern, firstEnd + 1, secondEnd), SECOND);
  }

  #hash(text: string, start: number, end: number): number {
    let hash = this.#seed;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), this.#factor);
    return hash;
  }
}

function placeAt(hash: number, kind: number): number {
  return mixed(hash, kind) & (PLACES - 1);
}

/** Where the segment ends that begins there. */
function endOf(name: string, start: number): number {
  const dot = name.indexOf(".", start);
  return dot < 0 ? name.length : dot;
}
