/**
 * Completions for bash.
 *
 * @module
 */
import type { Program, Table } from "../options/table.ts";
import { type Forms, formsOf, rowBehind } from "./forms.ts";

/** The script for a program. Options and choices are letters, digits and dashes, so nothing is quoted. */
export function bashScript(program: Program<Table>): string {
  const { name } = program;
  const forms = formsOf(program);
  return `# Completions of ${name} for bash. For every new shell, in ~/.bashrc:
#     eval "$(${name} completions bash)"
# or once, where the package bash-completion is installed:
#     ${name} completions bash > ~/.local/share/bash-completion/completions/${name}

_hashbus_${name}_offer() {
  local line
  while IFS= read -r line; do COMPREPLY+=("$line"); done
}

_hashbus_${name}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" name
  # --option=value comes as three words
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  COMPREPLY=()
${rowBehind(program) === undefined ? "" : commandBehind(name)}  case $prev in
${casesOf(forms, name).join("\n")}
  esac
  [[ $cur == -* || -z $cur ]] || return 0
  _hashbus_${name}_offer < <(compgen -W "${forms.flatMap(({ written }) => written).join(" ")}" -- "$cur")
}

complete -F _hashbus_${name} ${name}
`;
}

/** What is offered behind `--`: a command, and then files. */
function commandBehind(program: string): string {
  const offer = `_hashbus_${program}_offer < <(compgen`;
  return `  local at
  for ((at = 1; at < COMP_CWORD; at++)); do
    [[ \${COMP_WORDS[at]} == -- ]] || continue
    compopt -o filenames 2>/dev/null
    if ((at + 1 == COMP_CWORD)); then
      ${offer} -c -- "$cur")
    else
      ${offer} -f -- "$cur")
    fi
    return 0
  done
`;
}

/** What is offered behind an option that takes a value, a case for all that get the same. */
function casesOf(forms: readonly Forms[], program: string): string[] {
  const cases = new Map<string, string[]>();
  for (const { row, written } of forms) {
    const steps = offers(row.completes, program);
    // where there is nothing to offer, what may be left out is as if it were
    if (row.takes === "none" || (row.takes === "optional" && steps.length === 0)) continue;
    steps.push(row.takes === "optional" ? "[[ $cur == -* ]] || return 0" : "return 0");
    const body = steps.map((step) => `      ${step}\n`).join("");
    cases.set(body, [...cases.get(body) ?? [], ...written]);
  }
  return [...cases].map(([body, written]) => `    ${written.join(" | ")})\n${body}      ;;`);
}

function offers(completes: Forms["row"]["completes"], program: string): string[] {
  const offer = `_hashbus_${program}_offer < <(compgen`;
  switch (completes?.kind) {
    case "words":
      return [`${offer} -W "${completes.words.join(" ")}" -- "$cur")`];
    case "files":
    case "folders":
      return [
        "compopt -o filenames 2>/dev/null",
        `${offer} ${completes.kind === "files" ? "-f" : "-d"} -- "$cur")`,
      ];
    case "contexts":
      return [
        "while IFS= read -r name; do",
        `  [[ $name == "$cur"* ]] && COMPREPLY+=("$(printf %q "$name")")`,
        `done < <("$1" completions contexts 2>/dev/null)`,
      ];
    case undefined:
      return [];
  }
}
