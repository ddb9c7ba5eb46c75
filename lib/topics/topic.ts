/**
 * Names and patterns.
 *
 * A topic is `#` and a name of segments split by `.`. A pattern is a topic in which a whole segment may be
 * `*` (exactly one segment) and the last one may be `>` (one or more). The `#` may be left out by who writes
 * and is always there for who reads: {@link parseTopic} and {@link parsePattern} return the form with it.
 *
 * @module
 */
import { DEFAULT_LIMITS } from "../limits.ts";
import { quote } from "../text.ts";

/** The canonical name, or why there is none (a clause for a person, the text quoted). */
export type Parsed = { readonly name: string } | { readonly problem: string };

/**
 * White space, control characters, format characters (bidirectional overrides and zero-width ones): what a
 * name may not hold (T1).
 */
const FORBIDDEN = /[\s\p{Cc}\p{Cf}]/u;
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
  if (!bare.isWellFormed() || FORBIDDEN.test(bare)) {
    return { problem: `a ${kind} has no white space, control or invisible characters, ${quote(text)} has` };
  }
  const name = `#${bare}`;
  if (hasEmptySegment(bare)) {
    return { problem: `a ${kind} has no empty segment, ${quote(name)} has one` };
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
