/**
 * The command line: from the words a shell hands over to what was given for each option.
 *
 * A word that follows an option with a required value is that value, whatever it begins with (`-m -hello`),
 * so values are joined to their options here (`--message=-hello`) before the parser could take them for
 * options of their own.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { allOptions, BARE, type Given, type Option, type Program, type Table } from "./table.ts";
import { nearest } from "./suggest.ts";

/** What the words ask for: run with these options, or print something and be done. */
export type CommandLine = { readonly given: ReadonlyMap<string, Given> } | {
  readonly print: "help" | "version";
};

/** Takes a command line apart. Throws UsageError for what the program does not know or what is missing. */
export function readArguments(program: Program<Table>, words: readonly string[]): CommandLine {
  const reader = new Reader(program);
  const joined = reader.join(words);
  if (joined === "help" || joined === "version") return { print: joined };
  const valued = [...reader.options].filter(([, row]) => row.takes !== "none").map(([name]) => name);
  const flags = [...reader.options].filter(([, row]) => row.takes === "none").map(([name]) => name);
  const parsed = parseArgs(joined, { string: [...valued, "_"], boolean: flags, collect: valued });
  const given = new Map<string, Given>();
  for (const [name, source] of reader.sources) {
    const value = parsed[name];
    given.set(name, { source, texts: Array.isArray(value) ? value.map(String) : [String(value)] });
  }
  return { given };
}

/** One option as it occurs. */
interface Occurrence {
  /** `-p` or `--port`. */
  readonly written: string;
  readonly name: string;
  readonly row: Option<unknown>;
  /** What is in the same word after the option. */
  readonly value: string | undefined;
  /** That value follows a letter directly, as in `-p9000`; after a flag these are more flags: `-vq`. */
  readonly grouped: boolean;
}

class Reader {
  readonly options: ReadonlyMap<string, Option<unknown>>;
  /** How each option that occurs was written last. */
  readonly sources = new Map<string, string>();
  readonly #names = new Map<string, string>();
  readonly #program: string;
  /** An option that took a word which looks like an option: the usual reason for a stray word after it. */
  #suspect: string | undefined;

  constructor(program: Program<Table>) {
    this.#program = program.name;
    this.options = allOptions(program);
    for (const [name, row] of this.options) {
      this.#names.set(`--${name}`, name);
      for (const letter of row.letters ?? "") this.#names.set(`-${letter}`, name);
    }
  }

  /** The words with every value joined to its option by its long name. */
  join(words: readonly string[]): string[] | "help" | "version" {
    const joined: string[] = [];
    const queue = [...words];
    let at = 0;
    while (at < queue.length) {
      const { written, name, row, value, grouped } = this.#option(queue[at++] ?? "");
      if (name === "help" || name === "version") return name;
      const next = queue[at];
      this.sources.set(name, written);
      if (row.takes === "none") {
        if (grouped) queue.splice(at, 0, `-${value}`);
        else if (value !== undefined) {
          throw this.#error(`${written} takes no value, ${quote(value)} was given`);
        }
        joined.push(`--${name}`);
      } else if (value !== undefined) {
        joined.push(`--${name}=${value}`);
      } else if (next !== undefined && (row.takes === "required" || !/^-\D/.test(next))) {
        joined.push(`--${name}=${next}`);
        if (this.#names.has(next)) this.#suspect = `${written} took ${quote(next)} as its value`;
        at++;
      } else if (row.takes === "optional") {
        joined.push(`--${name}=${BARE}`);
      } else if (row.takes === "required-or-help") {
        return "help";
      } else {
        const hint = row.hint === undefined ? "" : ` (${row.hint})`;
        throw this.#error(`${written} needs a value, ${row.placeholder}${hint}`);
      }
    }
    return joined;
  }

  /** The option a word is: `--port`, `--port=9`, `-p`, `-p9`, `-p=9`. */
  #option(word: string): Occurrence {
    if (!word.startsWith("-") || word === "-" || word === "--") throw this.#stray(word);
    const equals = word.indexOf("=");
    const long = equals === -1 ? word : word.slice(0, equals);
    const written = word.startsWith("--") || this.#names.has(long) ? long : word.slice(0, 2);
    const name = this.#names.get(written);
    const row = name === undefined ? undefined : this.options.get(name);
    if (name === undefined || row === undefined || this.#names.has(`-${word}`)) {
      throw this.#unknown(word, long);
    }
    const rest = word.slice(written.length);
    if (rest === "") return { written, name, row, value: undefined, grouped: false };
    const inline = rest.startsWith("=");
    return { written, name, row, value: inline ? rest.slice(1) : rest, grouped: !inline };
  }

  #unknown(word: string, long: string): UsageError {
    const guess = this.#names.has(`-${word}`) ? `-${word}` : nearest(
      long,
      [...this.#names.keys()].filter((name) => name.startsWith("--") === long.startsWith("--")),
    );
    return this.#error(
      `unknown option ${quote(long)}${
        guess === undefined || long.length < 3 ? "" : `, did you mean ${guess}?`
      }`,
    );
  }

  #stray(word: string): UsageError {
    const cause = this.#suspect ?? "put a value with spaces or # in it in quotes";
    return this.#error(`unexpected argument ${quote(word)} (${cause})`);
  }

  #error(problem: string): UsageError {
    return new UsageError(`${problem}; see ${this.#program} --help`);
  }
}
