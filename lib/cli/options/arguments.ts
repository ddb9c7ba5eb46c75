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
import { allOptions, BARE, type Given, type Option, type Program, REST, type Table } from "./table.ts";
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
  const flags = [...reader.options].filter(([, row]) => row.takes === "none").map(([name]) => name);
  const valued = [...reader.options.keys()].filter((name) => !flags.includes(name));
  const parsed = parseArgs(joined, { string: [...valued, "_"], boolean: flags, collect: valued });
  const given = new Map<string, Given>();
  for (const [name, source] of reader.sources) {
    const value = parsed[name];
    const texts = Array.isArray(value) ? value.map(String) : [String(value)];
    given.set(name, { source, from: `flag ${source}`, texts });
  }
  const { rest } = reader;
  if (rest !== undefined) given.set(rest.name, { source: REST, from: "command line", texts: rest.words });
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
  /** The words behind `--`, and the option whose they are. */
  rest: { readonly name: string; readonly words: readonly string[] } | undefined;
  readonly #program: Program<Table>;
  /** Long names by every form of every option. */
  readonly #names = new Map<string, string>();
  #joined: string[] = [];
  /** The values of the options that may have one only. */
  readonly #once = new Map<string, string>();
  /** The value that stands before the word that is looked at, where one does. */
  #before: { readonly row: Option<unknown>; readonly value: string } | undefined;
  /** An option that took a word which looks like an option: the usual reason for a stray word after it. */
  #suspect: string | undefined;

  constructor(program: Program<Table>) {
    this.#program = program;
    this.options = allOptions(program);
    for (const [name, row] of this.options) {
      if (row.takes === "rest") continue;
      this.#names.set(`--${name}`, name);
      for (const letter of row.letters ?? "") this.#names.set(`-${letter}`, name);
    }
  }

  /** The words with every value joined to its option by its long name. */
  join(words: readonly string[]): readonly string[] | "help" | "version" {
    const queue = [...words];
    let at = 0;
    while (at < queue.length) {
      const word = queue[at++] ?? "";
      if (word === REST && this.#takeRest(queue.slice(at))) break;
      if (!isOption(word)) throw this.#stray(queue.slice(at - 1));
      const option = this.#option(word);
      const { written, name, row, value, grouped } = option;
      if (name === "help" || name === "version") return name;
      const next = queue[at];
      if (row.takes === "none") {
        if (grouped) queue.splice(at, 0, `-${value}`);
        this.#switch(option);
      } else if (value !== undefined) {
        this.#take(option, value);
      } else if (next !== undefined && (row.takes === "required" || !/^-\D/.test(next))) {
        this.#take(option, next);
        if (this.#names.has(next)) this.#suspect = `${written} took ${quote(next)} as its value`;
        at++;
      } else if (row.takes === "optional") {
        this.#take(option, BARE);
      } else if (row.takes === "required-or-help" && written === "-h") {
        return "help";
      } else {
        const hint = row.hint === undefined ? "" : ` (${row.hint})`;
        throw this.#error(`${written} needs a value, ${row.placeholder}${hint}`);
      }
    }
    return this.#joined;
  }

  /** Whether this program takes words behind `--`. Throws where there are none. */
  #takeRest(words: readonly string[]): boolean {
    for (const [name, row] of this.options) {
      if (row.takes !== "rest") continue;
      if (words.length === 0) throw this.#error(`${REST} needs ${row.placeholder} behind it`);
      this.rest = { name, words };
      return true;
    }
    return false;
  }

  /** Adds a value to those of its option. Throws where there is one already and one only can be meant. */
  #take({ written, name: own, row: ownRow }: Occurrence, value: string): void {
    const name = this.#sharing(written, value) ?? own;
    const row = this.options.get(name) ?? ownRow;
    const earlier = this.#once.get(name);
    if (earlier !== undefined && earlier !== value) {
      throw this.#error(`${written} is given twice, ${shown(earlier)} and ${shown(value)}: take one`);
    }
    if (row.once === true) this.#once.set(name, value);
    this.sources.set(name, written);
    this.#joined.push(`--${name}=${value}`);
    this.#before = value === BARE ? undefined : { row, value };
  }

  /** The option whose value this is, although the letter before it is another's. */
  #sharing(written: string, value: string): string | undefined {
    for (const [name, { shares }] of this.options) {
      if (shares !== undefined && written === `-${shares.letter}` && shares.when(value)) return name;
    }
    return undefined;
  }

  /** A flag is on where it stands, and can be switched off that is on in a file: `--verbose=false`. */
  #switch({ written, name, value, grouped }: Occurrence): void {
    const isOn = value === undefined || grouped || value === "true";
    if (!isOn && value !== "false") {
      throw this.#error(`${written} takes no value, ${quote(value)} was given`);
    }
    this.sources.set(name, written);
    this.#before = undefined;
    if (isOn) this.#joined.push(`--${name}`);
    else this.#joined = this.#joined.filter((word) => word !== `--${name}`);
  }

  /** The option a word is: `--port`, `--port=9`, `-p`, `-p9`, `-p=9`. */
  #option(word: string): Occurrence {
    const equals = word.indexOf("=");
    const long = equals === -1 ? word : word.slice(0, equals);
    const written = word.startsWith("--") ? long : word.slice(0, 2);
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
    const guess = this.#names.has(`-${word}`) ? `-${word}` : this.#near(long);
    const hint = guess === undefined ? "" : `, did you mean ${guess}?`;
    return this.#error(`unknown option ${quote(long)}${hint}`);
  }

  /** The option that a word is nearest to; that both begin with dashes makes no two of them alike. */
  #near(word: string): string | undefined {
    const dashes = word.startsWith("--") ? "--" : "-";
    const names = [...this.#names.keys()].filter((name) => name.startsWith("--") === (dashes === "--"));
    const guess = nearest(word.slice(dashes.length), names.map((name) => name.slice(dashes.length)));
    return guess === undefined ? undefined : `${dashes}${guess}`;
  }

  /** Says what is wrong with the first of these words, and what may have been meant. */
  #stray(words: readonly string[]): UsageError {
    const [word = ""] = words;
    const end = words.findIndex(isOption);
    const strays = end === -1 ? words : words.slice(0, end);
    const problem = `unexpected argument ${quote(word)}`;
    const meant = this.#suspect === undefined && !this.#continues(word)
      ? this.#program.meant?.(strays, new Set(this.sources.keys()))
      : undefined;
    if (meant !== undefined) return new UsageError(`${problem}: ${meant}`);
    return this.#error(`${problem} (${this.#suspect ?? "put a value with spaces or # in it in quotes"})`);
  }

  /** Whether the word could be more of the value before it, which the shell took for two words. */
  #continues(word: string): boolean {
    if (this.#before === undefined) return false;
    const { row, value } = this.#before;
    try {
      row.read([`${value} ${word}`], () => {
        throw new NotAValue();
      });
      return true;
    } catch (error) {
      if (error instanceof NotAValue) return false;
      throw error;
    }
  }

  #error(problem: string): UsageError {
    return new UsageError(`${problem}; see ${this.#program.name} --help`);
  }
}

function shown(value: string): string {
  return value === BARE ? "nothing" : quote(value);
}

class NotAValue extends Error {}

/** Whether a word is written as an option is. */
function isOption(word: string): boolean {
  return word.startsWith("-") && word !== "-" && word !== "--";
}
