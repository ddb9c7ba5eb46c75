/**
 * What may be done where: allowed patterns and denied ones, of which those that deny win (A7).
 *
 * @module
 */
import { SEGMENTS_MOST } from "../limits.ts";
import { covers, intersection } from "../topics/covers.ts";
import { overlap } from "../topics/overlap.ts";
import { receives, type Reception } from "../topics/reception.ts";
import { matches, segmentsOf } from "../topics/topic.ts";

/** Canonical patterns. */
export type RulePatterns = Reception;

/** Answers that are remembered, of each of two generations, where to ask is dear. */
const REMEMBERED = 1024;
/** So many patterns are looked through without remembering what came of it. */
const FEW = 8;
/** Topics that are tried before it is said that there is none: more takes too long for one request. */
const TRIES_MOST = 4096;
/** Dead letters of dead letters are followed so far where one of a pattern is looked for. */
const DEATHS_MOST = 3;
/** Stands for a segment that no pattern names: no topic may have it. */
const ANY = "\0";

/** What an account may publish to. */
export class Rules {
  readonly #allow: readonly string[];
  readonly #deny: readonly string[];
  /** Answers by topic; the younger generation takes what is asked for, the older is forgotten. */
  #young: Map<string, boolean> | undefined;
  #old: ReadonlyMap<string, boolean> = new Map();

  constructor({ allow, deny }: RulePatterns) {
    this.#allow = allow;
    this.#deny = deny;
    if (allow.length + deny.length > FEW) this.#young = new Map();
  }

  /** Whether a canonical topic is allowed. */
  may(topic: string): boolean {
    const young = this.#young;
    if (young === undefined) return this.decide(topic);
    const known = young.get(topic);
    if (known !== undefined) return known;
    const answer = this.#old.get(topic) ?? this.decide(topic);
    if (young.size >= REMEMBERED) {
      this.#old = young;
      this.#young = new Map([[topic, answer]]);
    } else {
      young.set(topic, answer);
    }
    return answer;
  }

  /** The answer without a memory. */
  protected decide(topic: string): boolean {
    return this.#allow.some((pattern) => matches(pattern, topic)) &&
      !this.#deny.some((pattern) => matches(pattern, topic));
  }

  /**
   * Whether all topics of a canonical pattern are allowed, by one of the patterns: what several allow only
   * together counts as not allowed.
   */
  all(pattern: string): boolean {
    return this.#allow.some((wide) => covers(wide, pattern)) &&
      !this.#deny.some((denied) => overlap(denied, pattern));
  }
}

/**
 * What an account may receive. A dead letter is what it was before: `#dead.<group>.<topic>` is for who may
 * have both that and `#<topic>`, and `#dead.<group>`, which has those of too long a name, for who may have
 * everything (P6).
 */
export class ReceivingRules extends Rules {
  /** As data, for who decides elsewhere. */
  readonly reception: Reception;

  constructor(patterns: RulePatterns) {
    super(patterns);
    this.reception = patterns;
  }

  protected override decide(topic: string): boolean {
    return receives(this.reception, topic);
  }

  override all(pattern: string): boolean {
    return this.#all(pattern, new Set());
  }

  /**
   * Whether some topic of a canonical pattern is allowed: exactly, as far as {@link TRIES_MOST} and
   * {@link DEATHS_MOST} go; beyond them there is none.
   */
  some(pattern: string): boolean {
    let tries = 0;
    for (const narrow of this.#allowedOf(pattern, DEATHS_MOST)) {
      for (const topic of examplesOf(narrow)) {
        if (this.decide(topic)) return true;
        if (++tries >= TRIES_MOST) return false;
      }
    }
    return false;
  }

  #all(pattern: string, asked: Set<string>): boolean {
    // what hangs on itself and nothing else holds
    if (asked.has(pattern)) return true;
    asked.add(pattern);
    if (!super.all(pattern)) return false;
    const dead = intersection(pattern, "#dead.>");
    if (dead === undefined) return true;
    const [, group, ...topic] = segmentsOf(dead);
    return this.#all(group === ">" || topic.length === 0 ? "#>" : `#${topic.join(".")}`, asked);
  }

  /** What of a pattern is allowed before anything is denied, as patterns. */
  *#allowedOf(pattern: string, deaths: number): Generator<string> {
    for (const wide of this.reception.allow) {
      const both = intersection(pattern, wide);
      if (both === undefined) continue;
      const [first, group, ...topic] = segmentsOf(both);
      if (first !== "dead" || group === undefined || group !== ">" && topic.length === 0) {
        yield both;
        continue;
      }
      if (group === ">") yield "#dead.*";
      if (deaths === 0) continue;
      const rest = group === ">" ? ">" : topic.join(".");
      for (const alive of this.#allowedOf(`#${rest}`, deaths - 1)) {
        yield `#dead.${group === ">" ? "*" : group}.${alive.slice(1)}`;
      }
    }
  }
}

/**
 * Topics of a pattern, one of each length: where no name is given it is one that no pattern has. What is
 * denied of a pattern whole is denied of these, and the other way round.
 */
function* examplesOf(pattern: string): Generator<string> {
  const segments = segmentsOf(pattern).map((segment) => segment === "*" ? ANY : segment);
  if (segments.at(-1) !== ">") {
    yield `#${segments.join(".")}`;
    return;
  }
  segments.pop();
  while (segments.length < SEGMENTS_MOST) {
    segments.push(ANY);
    yield `#${segments.join(".")}`;
  }
}
