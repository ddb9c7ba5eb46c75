/**
 * The table of docs/faults.md: which tests show which fault, `(F26)` in a test's name, or why none does.
 *
 * @module
 */
import type { Source } from "./sources.ts";

/** A row of it. */
export interface Fault {
  readonly number: number;
  /** The files of the tests that show it. */
  readonly tests: readonly string[];
  /** Whether it says why none does. */
  readonly isWaived: boolean;
}

const ROW = /^\| \*\*F(\d+)\*\* \|(.*)\|([^|]*)\|$/gm;
/** The name of a test ends in the numbers of what it shows: `(F26, F27)`. */
const CITED = /\((F\d+(?:(?:, | to )F\d+)*)\)/g;

/** The rows of the document, in its order. */
export function faultsOf(markdown: string): Fault[] {
  return [...markdown.matchAll(ROW)].map(([, number, , shown = ""]) => ({
    number: Number(number),
    tests: shown.match(/tests\/[\w/]+_test\.ts/g) ?? [],
    isWaived: /waived: \S+ \S+/.test(shown),
  }));
}

/** The faults that a file of tests shows. */
export function shownIn({ text }: Source): Set<number> {
  const shown = new Set<number>();
  for (const [, list = ""] of text.matchAll(CITED)) {
    for (const part of list.split(", ")) {
      const [first = 0, last = first] = part.split(" to ").map((fault) => Number(fault.slice(1)));
      for (let number = first; number <= last; number++) shown.add(number);
    }
  }
  return shown;
}

/** What the table says and is not so. */
export function faultProblems(faults: readonly Fault[], sources: readonly Source[]): string[] {
  const shown = new Map(sources.map((source) => [source.path, shownIn(source)]));
  const known = new Set(faults.map(({ number }) => number));
  return [
    ...faults.flatMap(({ number, tests, isWaived }) => {
      if (isWaived === tests.length > 0) return [`F${number} is shown by tests or waived, one of the two`];
      return tests.filter((path) => shown.get(path)?.has(number) !== true)
        .map((path) => `F${number}: no test of ${path} has it in its name`);
    }),
    ...[...shown].flatMap(([path, numbers]) =>
      [...numbers].filter((number) => !known.has(number)).map((number) => `${path}: there is no F${number}`)
    ),
  ];
}
