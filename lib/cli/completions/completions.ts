/**
 * `publisher completions bash`: what makes a shell complete the command line, written from the table of
 * options. Everything is in the script; only the names of saved connections are asked for when they are
 * needed.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { contextNames } from "../contexts/file.ts";
import type { Program, Table } from "../options/table.ts";
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { zshScript } from "./zsh.ts";

/** The word that asks for it, the first one of a command line. */
const COMPLETIONS = "completions";
/** In a shell's place: asked by the scripts, for nobody's eyes. */
const CONTEXTS = "contexts";

const SCRIPTS: ReadonlyMap<string, (program: Program<Table>) => string> = new Map([
  ["bash", bashScript],
  ["zsh", zshScript],
  ["fish", fishScript],
]);

/** What is printed for the words after `completions`. Throws UsageError for an unknown shell. */
export function completionsText(program: Program<Table>, words: readonly string[]): string {
  const [shell, extra] = words;
  if (extra !== undefined) {
    throw new UsageError(`completions are for one shell at a time, ${quote(extra)} is one word too many`);
  }
  if (shell === CONTEXTS && program.connects !== undefined) {
    return contextNames().map((name) => `${name}\n`).join("");
  }
  const script = SCRIPTS.get(shell ?? "");
  if (script !== undefined) return script(program);
  const shells = [...SCRIPTS.keys()].join(", ");
  throw new UsageError(
    shell === undefined
      ? `completions need a shell, one of ${shells}: ${program.name} ${COMPLETIONS} bash`
      : `completions are for ${shells}, not ${quote(shell)}`,
  );
}
