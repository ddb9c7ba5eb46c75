/**
 * The examples of the documents and of the doc comments: found, and made into programs.
 *
 * An example is a block that begins with ` ```ts `. Those of one file are one program, from the top to the
 * bottom, on the lines where they stand. One that begins with ` ```ts fragment ` is a piece of a program that
 * is not there: it is checked by itself and not run.
 *
 * @module
 */
import type { Source } from "./sources.ts";

/** What is made of the examples of a file. */
export interface Example {
  /** Where they are: `docs/library.md`, or with the line of a fragment `lib/a.ts:12`. */
  readonly where: string;
  /** A module. */
  readonly code: string;
  /** Not to be run. */
  readonly fragment: boolean;
  /** What it says behind a `console.log` that this prints. */
  readonly prints: readonly string[];
}

/** What a fragment may use without saying where it is from; on its first line, where no code is. */
const PREAMBLE = [
  'export declare const publisher: import("@hashbus/hashbus").Publisher;',
  'export declare const subscriber: import("@hashbus/hashbus").Subscriber;',
  "export declare const lines: Iterable<string>;",
].join(" ");
/** The beginning of a block, behind what makes a line a part of a doc comment. */
const BEGINS = /^(\s*\* )?```(\S+)?(?: (\S+))?$/;
const PRINTS = /console\.log\(.*\); \/\/ (.+)$/;

/** The examples of a document or a source. */
export function examplesOf({ path, text }: Source): Example[] {
  const lines = text.split("\n");
  const program: string[] = lines.map(() => "");
  const fragments: Example[] = [];
  for (let at = 0; at < lines.length; at++) {
    const [begins, comment = "", language, kind] = BEGINS.exec(lines[at]!) ?? [];
    if (begins === undefined) continue;
    const first = at + 1;
    const end = `${comment.trimEnd()}${comment === "" ? "" : " "}\`\`\``;
    while (++at < lines.length && lines[at]!.trimEnd() !== end);
    if (language !== "ts") continue;
    const code = lines.slice(first, at).map((line) => line.slice(comment.length));
    if (kind === "fragment") {
      const above = Array.from({ length: first - 1 }, () => "");
      const module = [PREAMBLE, ...above, ...code].join("\n");
      fragments.push({ where: `${path}:${first}`, code: module, fragment: true, prints: [] });
    } else {
      for (const [offset, line] of code.entries()) program[first + offset] = line;
    }
  }
  const prints = program.flatMap((line) => PRINTS.exec(line)?.[1] ?? []);
  if (program.every((line) => line === "")) return fragments;
  return [
    { where: path, code: `export {};\n${program.slice(1).join("\n")}`, fragment: false, prints },
    ...fragments,
  ];
}
