/**
 * Names and patterns.
 *
 * A topic is `#` and a name of segments split by `.`. A pattern is a topic in which a whole segment may be
 * `*` (exactly one segment) and the last one may be `>` (one or more). The `#` may be left out by who writes
 * and is always there for who reads: {@link parseTopic} and {@link parsePattern} return the form with it.
 *
 * @module
 */
import { DEFAULT_LIMITS, SEGMENTS_MOST } from "../limits.ts";
import { quote } from "../text.ts";

/** The canonical name, or why there is none (a clause for a person, the text quoted). */
export type Parsed = { readonly name: string } | { readonly problem: string };

/**
 * What a name may not hold (T1), for it cannot be seen: white space, control and format characters
 * (bidirectional overrides, zero-width ones), all that Unicode says is drawn as nothing (variation selectors,
 * the Hangul fillers, the combining grapheme joiner, tags), and the blanks of which it does not: of Braille,
 * of hieroglyphs, of musical notation and of the Khitan script.
 */
const INVISIBLE =
  /[\s\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}\u2800\u{13441}\u{13442}\u{16fe4}\u{1d159}]/u;
const encoder = new TextEncoder();
const DOT = 0x2e;
const STAR = 0x2a;
const REST = 0x3e;

/** Reads a topic to publish to: no wildcards (T3). `limit` is in bytes of UTF-8 with the `#`. */
export function parseTopic(text: string, limit: number = DEFAULT_LIMITS.topic): Parsed {
  const parsed = parseName(text, "topic", limit);
  if ("problem" in parsed) return parsed;
  const { name } = parsed;
  if (name.includes("*") || name.includes(">")) {
    return { problem: `a topic to publish to has no wildcards, ${quote(name)} has` };
  }
  return parsed;
}

/** Reads a pattern to subscribe to (T3); every topic is one. `limit` is in bytes of UTF-8 with the `#`. */
export function parsePattern(text: string, limit: number = DEFAULT_LIMITS.topic): Parsed {
  const parsed = parseName(text, "pattern", limit);
  if ("problem" in parsed) return parsed;
  const { name } = parsed;
  if (!name.includes("*") && !name.includes(">")) return parsed;
  const segments = segmentsOf(name);
  for (const [at, segment] of segments.entries()) {
    if (segment === ">" && at < segments.length - 1) {
      return { problem: `">" stands for all that follows and comes last, in ${quote(name)} it does not` };
    }
    if (segment.length > 1 && /[*>]/.test(segment)) {
      return {
        problem: `a wildcard is a segment of its own, as in "#orders.*": ${
          quote(segment)
        } mixes it with other characters`,
      };
    }
  }
  return parsed;
}

/** Whether a canonical name has a wildcard in it. */
export function isPattern(name: string): boolean {
  return name.includes("*") || name.includes(">");
}

/** The segments of a canonical topic or pattern: `#a.b` gives `a`, `b`. */
export function segmentsOf(name: string): string[] {
  return name.slice(1).split(".");
}

/** Whether a canonical pattern takes in a canonical topic. One walk over both, and nothing is made for it. */
export function matches(pattern: string, topic: string): boolean {
  const { length } = pattern;
  // both begin with #
  let given = 1;
  for (let at = 1; at < length; at++) {
    if (given >= topic.length) return false;
    const code = pattern.charCodeAt(at);
    if (code === REST) return true;
    if (code === STAR) {
      while (given < topic.length && topic.charCodeAt(given) !== DOT) given++;
    } else if (code !== topic.charCodeAt(given++)) {
      return false;
    }
  }
  return given === topic.length;
}

/** What topics and patterns have in common (T1), with the `#` that may be left out (T2). */
function parseName(text: string, kind: "topic" | "pattern", limit: number): Parsed {
  const bare = text.startsWith("#") ? text.slice(1) : text;
  if (bare === "") {
    return text === "" ? { problem: `the ${kind} is missing` } : {
      problem: `"#" alone is no ${kind}: name it, as in "#hello"${
        kind === "pattern" ? ', or take "#>" for all' : ""
      }`,
    };
  }
  const unseen = bare.isWellFormed() ? INVISIBLE.exec(bare)?.[0] : "";
  if (unseen !== undefined) {
    const which = unseen === "" ? "" : ` ${codePoint(unseen)}`;
    return {
      problem: `a ${kind} has no white space, control or invisible characters, ${quote(text)} has${which}`,
    };
  }
  const name = `#${bare}`;
  if (hasEmptySegment(bare)) {
    return { problem: `a ${kind} has no empty segment, ${quote(name)} has one` };
  }
  const segments = countSegments(bare);
  if (segments > SEGMENTS_MOST) {
    return { problem: `a ${kind} has at most ${SEGMENTS_MOST} segments, this one has ${segments}` };
  }
  // a UTF-16 unit becomes at most 3 bytes of UTF-8, so short names need not be encoded to be measured
  if (name.length * 3 > limit) {
    const bytes = encoder.encode(name).length;
    if (bytes > limit) return { problem: `a ${kind} has at most ${limit} bytes, this one has ${bytes}` };
  }
  return { name };
}

function hasEmptySegment(bare: string): boolean {
  return bare.startsWith(".") || bare.endsWith(".") || bare.includes("..");
}

function countSegments(bare: string): number {
  let count = 1;
  for (let at = bare.indexOf("."); at >= 0; at = bare.indexOf(".", at + 1)) count++;
  return count;
}

/** As Unicode writes it: what cannot be seen is at least named. */
function codePoint(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}
