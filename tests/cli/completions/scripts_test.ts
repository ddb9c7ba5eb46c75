/** The scripts for the shells, line by line: what the shells make of them is in completions_test.ts. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { completionsText } from "../../../lib/cli/completions/completions.ts";
import { formsOf, rowBehind } from "../../../lib/cli/completions/forms.ts";
import {
  flag,
  list,
  option,
  optionMaybe,
  type Program,
  type Table,
  wordsBehind,
} from "../../../lib/cli/options/table.ts";
import { choice, CONTEXT, FILE, FOLDER, TEXT } from "../../../lib/cli/options/units.ts";
import { UsageError } from "../../../lib/errors.ts";
import { standInEnvironment } from "../stand_in.ts";

const OPTIONS = {
  go: flag({ letters: "gG", help: "it's [a] go: \\ now" }),
  slow: option(choice("block", "drop"), { letters: "s", help: "how" }),
  when: optionMaybe(choice("now", "then"), { fallback: undefined, bare: "now", help: "when" }),
  maybe: optionMaybe(TEXT, { letters: "m", fallback: undefined, bare: "", help: "perhaps" }),
  file: option(FILE, { letters: "f", help: "a file" }),
  also: list(FILE, { help: "files" }),
  data: option(FOLDER, { help: "a folder" }),
  context: option(CONTEXT, { help: "a name" }),
  text: option(TEXT, { help: "free" }),
} satisfies Table;

function program(options: Table = OPTIONS): Program<Table> {
  return {
    name: "tiny",
    version: "1",
    summary: "",
    usage: [],
    options,
    examples: [],
    notes: [],
  };
}

const RUNS = program({ ...OPTIONS, run: wordsBehind({ placeholder: "COMMAND", help: "runs it" }) });
const DIRECT = program();

Deno.test("an option is written with each of its letters and its name, and what stands behind -- is none", () => {
  const written = formsOf(RUNS).map(({ written }) => written.join(" "));
  assertEquals(written.slice(0, 3), ["-g -G --go", "-s --slow", "--when"]);
  assertEquals(written.slice(-4), ["--text", "--show-config", "--help", "--version"]);
  assertEquals(formsOf(RUNS).map(({ name }) => name), formsOf(DIRECT).map(({ name }) => name));
  assertEquals([rowBehind(RUNS)?.placeholder, rowBehind(DIRECT)], ["COMMAND", undefined]);
});

/** The lines of a script from the one with the first text up to that with the second, both in it. */
function part(script: string, from: string, to: string): string[] {
  const lines = script.split("\n");
  const first = lines.findIndex((line) => line.includes(from));
  return lines.slice(first, lines.findIndex((line, at) => at >= first && line.includes(to)) + 1);
}

Deno.test("bash has a case for all options that get the same, and none where nothing is offered and none has to be", () => {
  const script = completionsText(DIRECT, ["bash"]);
  assertEquals(part(script, "case $prev in", "esac"), [
    "  case $prev in",
    "    -s | --slow)",
    '      _hashbus_tiny_offer < <(compgen -W "block drop" -- "$cur")',
    "      return 0",
    "      ;;",
    "    --when)",
    '      _hashbus_tiny_offer < <(compgen -W "now then" -- "$cur")',
    "      [[ $cur == -* ]] || return 0",
    "      ;;",
    "    -f | --file | --also)",
    "      compopt -o filenames 2>/dev/null",
    '      _hashbus_tiny_offer < <(compgen -f -- "$cur")',
    "      return 0",
    "      ;;",
    "    --data)",
    "      compopt -o filenames 2>/dev/null",
    '      _hashbus_tiny_offer < <(compgen -d -- "$cur")',
    "      return 0",
    "      ;;",
    "    --context)",
    "      while IFS= read -r name; do",
    '        [[ $name == "$cur"* ]] && COMPREPLY+=("$(printf %q "$name")")',
    '      done < <("$1" completions contexts 2>/dev/null)',
    "      return 0",
    "      ;;",
    "    --text)",
    "      return 0",
    "      ;;",
    "  esac",
  ]);
  const all =
    "-g -G --go -s --slow --when -m --maybe -f --file --also --data --context --text --show-config " +
    "--help --version";
  assertStringIncludes(script, `compgen -W "${all}" -- "$cur")\n}\n\ncomplete -F _hashbus_tiny tiny\n`);
  assertEquals(script.includes("for ((at"), false);
});

Deno.test("behind -- bash offers a command and then files, where the program takes one", () => {
  assertEquals(part(completionsText(RUNS, ["bash"]), "  local at", "case $prev in"), [
    "  local at",
    "  for ((at = 1; at < COMP_CWORD; at++)); do",
    "    [[ ${COMP_WORDS[at]} == -- ]] || continue",
    "    compopt -o filenames 2>/dev/null",
    "    if ((at + 1 == COMP_CWORD)); then",
    '      _hashbus_tiny_offer < <(compgen -c -- "$cur")',
    "    else",
    '      _hashbus_tiny_offer < <(compgen -f -- "$cur")',
    "    fi",
    "    return 0",
    "  done",
    "  case $prev in",
  ]);
});

Deno.test("fish has a line for each option, with what its value is", () => {
  const script = completionsText(DIRECT, ["fish"]);
  assertEquals(part(script, "complete -c tiny -f", "-l text"), [
    "complete -c tiny -f",
    "complete -c tiny -s g -s G -l go -d 'it\\'s [a] go: \\\\ now'",
    "complete -c tiny -s s -l slow -x -a 'block drop' -d 'how'",
    "complete -c tiny -l when -x -a 'now then' -d 'when'",
    "complete -c tiny -s m -l maybe -d 'perhaps'",
    "complete -c tiny -s f -l file -r -F -d 'a file'",
    "complete -c tiny -l also -r -F -d 'files'",
    "complete -c tiny -l data -x -a '(__fish_complete_directories)' -d 'a folder'",
    "complete -c tiny -l context -x -a '(tiny completions contexts 2>/dev/null)' -d 'a name'",
    "complete -c tiny -l text -x -d 'free'",
  ]);
  assertEquals(script.includes("commandline -opc"), false);
  const words = "set -l words (commandline -opc)";
  assertEquals(part(completionsText(RUNS, ["fish"]), "-l version", "$words[1..-2]"), [
    "complete -c tiny -l version -d 'print the version and exit'",
    `complete -c tiny -n '${words}; test "$words[-1]" = --' -x -a '(__fish_complete_command)'`,
    `complete -c tiny -n '${words}; contains -- -- $words[1..-2]' -F`,
  ]);
});

Deno.test("zsh has a specification for each form, which excludes the others of an option that is given once", () => {
  const script = completionsText(DIRECT, ["zsh"]);
  const help = "[it'\\''s \\[a\\] go\\: \\\\ now]";
  assertEquals(part(script, "_arguments", "--text"), [
    "  _arguments -s -S \\",
    `    '(-g -G --go)-g${help}' \\`,
    `    '(-g -G --go)-G${help}' \\`,
    `    '(-g -G --go)--go${help}' \\`,
    "    '(-s --slow)-s+[how]:block|drop:(block drop)' \\",
    "    '(-s --slow)--slow=[how]:block|drop:(block drop)' \\",
    "    '--when=[when]::now|then:(now then)' \\",
    "    '(-m --maybe)-m+[perhaps]::TEXT: ' \\",
    "    '(-m --maybe)--maybe=[perhaps]::TEXT: ' \\",
    "    '(-f --file)-f+[a file]:FILE:_files' \\",
    "    '(-f --file)--file=[a file]:FILE:_files' \\",
    "    '*--also=[files]:FILE:_files' \\",
    "    '--data=[a folder]:DIR:_files -/' \\",
    "    '--context=[a name]:NAME:{compadd -- ${(f)\"$(tiny completions contexts 2>/dev/null)\"}}' \\",
    "    '--text=[free]:TEXT: ' \\",
  ]);
  assertEquals(script.includes("local at"), false);
  assertStringIncludes(script, "'--version[print the version and exit]'\n}\n");
  assertEquals(part(completionsText(RUNS, ["zsh"]), "  local at", "_arguments"), [
    "  local at=${words[(i)--]}",
    "  if ((at < CURRENT)); then",
    "    shift at words",
    "    ((CURRENT -= at))",
    "    _normal",
    "    return",
    "  fi",
    "  _arguments -s -S \\",
  ]);
});

Deno.test("the names of saved connections are printed for a client, a line each, and are no shell for the broker", () => {
  const home = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${home}/hashbus`);
    Deno.writeTextFileSync(`${home}/hashbus/config.toml`, "[context.b]\n[context.a]\n");
    using _environment = standInEnvironment({ XDG_CONFIG_HOME: home });
    const client = { ...DIRECT, connects: { saved: {}, port: "pub-port" } } as const;
    assertEquals(completionsText(client, ["contexts"]), "b\na\n");
    const said = (words: readonly string[]): string =>
      assertThrows(() => completionsText(DIRECT, words), UsageError).message;
    assertEquals([said(["contexts"]), said(["tcsh"]), said([]), said(["bash", "zsh"])], [
      'completions are for bash, zsh, fish, not "contexts"',
      'completions are for bash, zsh, fish, not "tcsh"',
      "completions need a shell, one of bash, zsh, fish: tiny completions bash",
      'completions are for one shell at a time, "zsh" is one word too many',
    ]);
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
});
