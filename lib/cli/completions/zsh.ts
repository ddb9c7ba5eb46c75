/**
 * Completions for zsh.
 *
 * @module
 */
import type { Program, Table } from "../options/table.ts";
import { type Forms, formsOf, rowBehind } from "./forms.ts";

/** The script for a program: a file for the folders of `fpath`, and to be sourced as well. */
export function zshScript(program: Program<Table>): string {
  const { name } = program;
  const specs = formsOf(program).flatMap((forms) => specsOf(forms, name));
  return `#compdef ${name}
# Completions of ${name} for zsh. For every new shell, in ~/.zshrc after compinit:
#     source <(${name} completions zsh)
# or once, into a folder of your fpath:
#     ${name} completions zsh > ~/.zsh/completions/_${name}

_${name}() {
${rowBehind(program) === undefined ? "" : COMMAND_BEHIND}  _arguments -s -S \\
${specs.map((spec) => `    ${quoted(spec)}`).join(" \\\n")}
}

if [ "$funcstack[1]" = "_${name}" ]; then
  _${name} "$@"
else
  compdef _${name} ${name}
fi
`;
}

/** What stands behind `--` is completed as if it were all of the line. */
const COMMAND_BEHIND = `  local at=\${words[(i)--]}
  if ((at < CURRENT)); then
    shift at words
    ((CURRENT -= at))
    _normal
    return
  fi
`;

/** A specification of `_arguments` for each form of an option: `(-p --port)--port=[help]:PORT: `. */
function specsOf({ row, written }: Forms, program: string): string[] {
  const before = row.many ? "*" : written.length > 1 ? `(${written.join(" ")})` : "";
  return written.map((form) => {
    const joined = row.takes === "none" ? "" : form.startsWith("--") ? "=" : "+";
    return `${before}${form}${joined}[${escaped(row.help)}]${valueOf(row, program)}`;
  });
}

function valueOf(row: Forms["row"], program: string): string {
  if (row.takes === "none") return "";
  const mark = row.takes === "optional" ? "::" : ":";
  return `${mark}${escaped(row.placeholder ?? "")}:${actionOf(row, program)}`;
}

function actionOf({ completes }: Forms["row"], program: string): string {
  switch (completes?.kind) {
    case "words":
      return `(${completes.words.join(" ")})`;
    case "files":
      return "_files";
    case "folders":
      return "_files -/";
    case "contexts":
      return `{compadd -- \${(f)"$(${program} completions contexts 2>/dev/null)"}}`;
    case undefined:
      // nothing to offer, and the placeholder is shown
      return " ";
  }
}

function escaped(text: string): string {
  return text.replace(/[\\[\]:]/g, "\\$&");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
