/**
 * Who imports whom.
 *
 * @module
 */
import { isIn, type Source } from "./sources.ts";

/** Who may import whom, besides itself and the ground floor: a folder or file, and folders or files. */
export type MayImport = Readonly<Record<string, readonly string[]>>;

/** An import of one of our files by another. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

const STATEMENT =
  /^\s*(?:import|export)\s+(?:type\s+)?(?:[\w$]+\s*,?\s*)?(?:\*(?:\s+as\s+[\w$]+)?\s*|\{[^{}]*\}\s*)?from\s+"([^"]+)"/gm;
const FOR_ITS_EFFECT = /^\s*import\s+"([^"]+)"/gm;
/** `await import("…")`, and a type by `import("…").Name`. */
const IN_AN_EXPRESSION = /^(?!\s*(?:\*|\/\/)).*\bimport\(\s*"([^"]+)"/gm;

/** What the sources import and re-export of ours, types included; the map's `@std/…` are `lib/std`. */
export function importsOf(sources: readonly Source[]): Import[] {
  return sources.flatMap(({ path, text }) => {
    const matches = [STATEMENT, FOR_ITS_EFFECT, IN_AN_EXPRESSION].flatMap((form) => [...text.matchAll(form)]);
    const specifiers = new Set(matches.map((match) => match[1]!));
    return [...specifiers].flatMap((specifier) => {
      if (specifier.startsWith("@std/")) return [{ from: path, to: `lib/std/${specifier}` }];
      if (!specifier.startsWith(".")) return [];
      return [{ from: path, to: new URL(specifier, `file:///${path}`).pathname.slice(1) }];
    });
  });
}

/** The ground floor is what stands in lib itself. */
export function isGroundFloor(path: string): boolean {
  return /^lib\/[^/]+\.ts$/.test(path) && path !== "lib/mod.ts";
}

/** The imports that are not allowed, and the files that stand where nobody may. */
export function wrongImports(sources: readonly Source[], mayImport: MayImport): string[] {
  const houseOf = (path: string): string | undefined =>
    Object.keys(mayImport).filter((place) => isIn(path, place)).sort((a, b) => b.length - a.length)[0];
  const homeless = sources.map(({ path }) => path).filter((path) =>
    houseOf(path) === undefined && !isGroundFloor(path)
  );
  const wrong = importsOf(sources).filter(({ from, to }) => {
    if (to === "deno.json" && from === "lib/cli/version.ts") return false;
    const house = houseOf(from);
    const allowed = house === undefined ? [] : [house, ...mayImport[house]!];
    return !isGroundFloor(to) && !allowed.some((place) => isIn(to, place));
  });
  return [
    ...homeless.map((path) => `${path} stands in no folder that may import anything`),
    ...wrong.map(({ from, to }) => `${from} imports ${to}`),
  ];
}

/**
 * Files that import one another in a circle: of each knot the shortest circle, file by file, the first again at the end.
 * A knot is taken apart circle by circle: who breaks one is told the next.
 */
export function circlesOf(sources: readonly Source[]): string[][] {
  const next = new Map<string, string[]>(sources.map(({ path }) => [path, []]));
  for (const { from, to } of importsOf(sources)) {
    if (next.has(to)) next.get(from)!.push(to);
  }
  const circles: string[][] = [];
  const told = new Set<string>();
  for (const path of [...next.keys()].sort()) {
    if (told.has(path)) continue;
    const circle = shortestCircle(path, next);
    if (circle === undefined) continue;
    circles.push(circle);
    const reached = reachableFrom(path, next);
    // the whole knot: who is reached and reaches back
    for (const other of reached) if (reachableFrom(other, next).has(path)) told.add(other);
  }
  return circles;
}

function shortestCircle(start: string, next: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const cameFrom = new Map<string, string>();
  for (let at = [start]; at.length > 0;) {
    const found: string[] = [];
    for (const from of at) {
      for (const to of next.get(from) ?? []) {
        if (to === start) {
          const back = [from];
          while (back[0] !== start) back.unshift(cameFrom.get(back[0]!)!);
          return [...back, start];
        }
        if (cameFrom.has(to)) continue;
        cameFrom.set(to, from);
        found.push(to);
      }
    }
    at = found;
  }
  return undefined;
}

function reachableFrom(start: string, next: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set<string>();
  for (const todo = [start]; todo.length > 0;) {
    for (const to of next.get(todo.pop()!) ?? []) {
      if (reached.has(to)) continue;
      reached.add(to);
      todo.push(to);
    }
  }
  return reached;
}

const TABLE_HEAD = /^\|\s*who\s*\|\s*may import\b[^|]*\|\s*\n\|[-|\s:]+\|\n((?:\|.*\|\n)+)/m;
const NOTHING = "nothing";
const GROUND_FLOOR = "ground floor";

/**
 * The table of who may import what, out of a Markdown document:
 *
 *     | who           | may import, beside itself and the ground floor |
 *     | ------------- | ---------------------------------------------- |
 *     | wire, topics  | nothing                                        |
 *     | store         | wire, topics                                   |
 *     | `broker.ts`   | cli, `store/types.ts`                          |
 *
 * as {@link MayImport} has it: with `lib/` before all but the programs. The ground floor, which may import nothing, is left out.
 */
export function tableOf(markdown: string, programs: readonly string[]): MayImport {
  const rows = TABLE_HEAD.exec(markdown)?.[1];
  if (rows === undefined) throw new Error("the document has no table with the head | who | may import … |");
  const wordsIn = (cell = ""): string[] => cell.split(",").map((word) => word.trim().replaceAll("`", ""));
  const placeOf = (word: string): string => programs.includes(word) ? word : `lib/${word}`;
  const table: Record<string, string[]> = {};
  for (const row of rows.trimEnd().split("\n")) {
    const [, who, what] = row.split("|");
    const places = wordsIn(what).filter((word) => word !== NOTHING).map(placeOf);
    for (const word of wordsIn(who)) {
      if (word === GROUND_FLOOR && places.length === 0) continue;
      if (table[placeOf(word)] !== undefined) throw new Error(`${word} has two rows`);
      table[placeOf(word)] = places;
    }
  }
  return table;
}
