/**
 * The rules of docs/protocol.md, and where they are cited: in parentheses, `(C5)`, `(C5, V8)`, `(T1 to T3)`, in a comment or
 * in a test's name. Elsewhere a `C1` is a kind of control characters and `V8` an engine.
 *
 * @module
 */
import type { Source } from "./sources.ts";

const RULE = /^- \*\*([A-Z]\d{1,2})\*\*/gm;
const CITATION = /\(([TCVDGRAPN]\d{1,2}(?:(?:, | and | to )[TCVDGRAPN]\d{1,2})*)\)/g;
/** The text of a comment: of a line that begins with one, or behind code. */
const COMMENT = /^\s*(?:\/\/|\/?\*)(.*)$|\s\/\/ (.*)$/gm;
/** The name of a test: the first text of a call that begins a line and is called like one, or a `name:`. */
const TEST_NAME =
  /(?:^\s*(?:await\s+)?[\w.]*(?:[tT]est\w*|step)\(\s*|\bname:\s*(?:\w+\()?)(["'`])((?:(?!\1)[^\\]|\\.)*)\1/gm;

/** The rules of the document, in its order. */
export function rulesOf(markdown: string): string[] {
  return [...markdown.matchAll(RULE)].map((match) => match[1]!);
}

/** A rule that is cited, and the file that does. */
export interface Citation {
  readonly rule: string;
  readonly path: string;
}

/** The citations in comments, and of tests in their names. */
export function citationsIn(sources: readonly Source[]): Citation[] {
  return sources.flatMap(({ path, text }) => {
    const comments = [...text.matchAll(COMMENT)].map((match) => match[1] ?? match[2] ?? "");
    const names = path.startsWith("tests/") ? [...text.matchAll(TEST_NAME)].map((match) => match[2]!) : [];
    const cited = [...comments, ...names].flatMap((words) => [...words.matchAll(CITATION)].flatMap(rulesIn));
    return [...new Set(cited)].map((rule) => ({ rule, path }));
  });
}

/** `C5, V8` are two, `T1 to T3` three. */
function rulesIn([, list = ""]: RegExpMatchArray): string[] {
  return list.split(/, | and /).flatMap((part) => {
    const [first = "", last = first] = part.split(" to ");
    const numbers = [first, last].map((rule) => Number(rule.slice(1)));
    const [from = 0, to = 0] = numbers;
    return Array.from({ length: to - from + 1 }, (_, at) => `${first[0]}${from + at}`);
  });
}

/** The rules that none of these cites. */
export function uncited(rules: readonly string[], citations: readonly Citation[]): string[] {
  const cited = new Set(citations.map(({ rule }) => rule));
  return rules.filter((rule) => !cited.has(rule));
}

/** Citations of what is no rule. */
export function unknownRules(rules: readonly string[], citations: readonly Citation[]): string[] {
  return citations.filter(({ rule }) => !rules.includes(rule)).map(({ rule, path }) => `${path}: ${rule}`);
}
