/**
 * Completions for fish.
 *
 * @module
 */
import type { Program, Table } from "../options/table.ts";
import { type Forms, formsOf, rowBehind } from "./forms.ts";

/** The script for a program. */
export function fishScript(program: Program<Table>): string {
  const { name } = program;
  const lines = formsOf(program).map((forms) => lineOf(forms, name));
  const behind = rowBehind(program);
  if (behind !== undefined) {
    const words = "set -l words (commandline -opc)";
    lines.push(
      `complete -c ${name} -n '${words}; test "$words[-1]" = --' -x -a '(__fish_complete_command)'`,
      `complete -c ${name} -n '${words}; contains -- -- $words[1..-2]' -F`,
    );
  }
  return `# Completions of ${name} for fish. To install them:
#     ${name} completions fish > ~/.config/fish/completions/${name}.fish

complete -c ${name} -f
${lines.join("\n")}
`;
}

function lineOf({ name, row, letters }: Forms, program: string): string {
  const short = letters.map((letter) => ` -s ${letter}`).join("");
  return `complete -c ${program}${short} -l ${name}${valueOf(row, program)} -d ${quoted(row.help)}`;
}

/** What stands behind it: `-x` is a value that is no file. */
function valueOf(row: Forms["row"], program: string): string {
  switch (row.completes?.kind) {
    case "words":
      return ` -x -a ${quoted(row.completes.words.join(" "))}`;
    case "files":
      return " -r -F";
    case "folders":
      return ` -x -a '(__fish_complete_directories)'`;
    case "contexts":
      return ` -x -a '(${program} completions contexts 2>/dev/null)'`;
    case undefined:
      return row.takes === "none" || row.takes === "optional" ? "" : " -x";
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
