/**
 * Small changes to a source, each of which a test should notice.
 *
 * Places are found in the text as `deno fmt` writes it: operators between spaces, a short statement on a line of
 * its own. What is no change of a program the type checker throws out.
 *
 * @module
 */

/** One change. */
export interface Mutant {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  /** From 1. */
  readonly line: number;
}

/** How a kind is found, and what becomes of it. */
interface Kind {
  readonly kind: string;
  readonly find: RegExp;
  readonly replace: (found: string) => string;
}

const OTHER: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "&&": "||",
  "||": "&&",
  "+": "-",
  "-": "+",
  "+=": "-=",
  "-=": "+=",
};

const KINDS: readonly Kind[] = [
  { kind: "a comparison flipped", find: /(?<= )(?:<|<=|>|>=|===|!==)(?= )/g, replace: other },
  { kind: "&& and || swapped", find: /(?<= )(?:&&|\|\|)(?= )/g, replace: other },
  { kind: "a sum turned", find: /(?<= )(?:\+|-|\+=|-=)(?= )/g, replace: other },
  {
    kind: "a guard removed",
    find: /(?<=^ +)if \(.*\) (?:return|continue|break|throw)\b.*;$/gm,
    replace: () => "",
  },
  {
    kind: "a statement removed",
    // what an interface says of its members is none
    find:
      /(?<=^ +)(?!(?:return|continue|break|throw|const|let|if|for|while|import|export|type|readonly|static)\b)(?!\w+\??(?:<.*>)?(?:\(.*\))?: )[\w#].*;$/gm,
    replace: () => "",
  },
  { kind: "an await removed", find: /\bawait /g, replace: () => "" },
  {
    kind: "a constant moved",
    find: /(?<![\w.#])\d[\d_]*(?![\w.])/g,
    replace: (found) => `${1 + Number(found.replaceAll("_", ""))}`,
  },
];

/** All there are of a source. */
export function mutantsOf(text: string): Mutant[] {
  const code = masked(text);
  const mutants: Mutant[] = [];
  for (const { kind, find, replace } of KINDS) {
    for (const { index: start, 0: { length } } of code.matchAll(find)) {
      const end = start + length;
      const line = code.slice(0, start).split("\n").length;
      mutants.push({ kind, start, end, replacement: replace(text.slice(start, end)), line });
    }
  }
  return mutants;
}

/** The source with one of them in it. */
export function mutated(text: string, { start, end, replacement }: Mutant): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

/** The line it is in, as it is and as it becomes, without what it is indented by. */
export function lineOf(text: string, mutant: Mutant): { line: string; becomes: string } {
  const at = mutant.line - 1;
  return { line: text.split("\n")[at]!.trim(), becomes: mutated(text, mutant).split("\n")[at]!.trim() };
}

function other(found: string): string {
  return OTHER[found] ?? found;
}

const NO_CODE =
  /\/\*[\s\S]*?\*\/|\/\/.*$|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|^(?:import|export) .*$|^type .*$/gm;

/** As long as the text, with nothing in the place of comments, texts, and what declares types. */
function masked(text: string): string {
  return text.replace(NO_CODE, (found) => found.replace(/[^\n]/g, "\u00a0"));
}
