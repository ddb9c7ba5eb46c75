/**
 * Config files: TOML with the names of the long options, as the broker's is as a whole
 * and each saved connection of a client's.
 *
 *     sub-port = 9090
 *     max-line = "128KiB"
 *
 * @module
 */
import { parse, TomlError } from "smol-toml";
import { UsageError } from "../../errors.ts";
import { quote, visible } from "../../text.ts";
import { readTextSync } from "../process/files.ts";
import { BARE, type Given, type Option, type Program, type Table } from "./table.ts";
import { nearest } from "./suggest.ts";
import { tableText } from "./table_text.ts";

/** The option that names the config file; it cannot be set in one. */
const CONFIG = "config";

/** What a config file gives for the options of a program. Throws UsageError with the file and the key. */
export function readConfig(program: Program<Table>, path: string): ReadonlyMap<string, Given> {
  return configGiven(program, { path, text: readTextSync(path, "the config file") });
}

/** As {@link readConfig}, from the file's text. */
export function configGiven(program: Program<Table>, file: ConfigText): ReadonlyMap<string, Given> {
  return tableGiven(parseToml(file), {
    rows: new Map(Object.entries(program.options).filter(([name]) => name !== CONFIG)),
    place: file.path,
    from: file.path,
    keys: `the keys are the long options of ${program.name} --help`,
  });
}

/** The text of a file, and how it is called where it is wrong. */
export interface ConfigText {
  readonly path: string;
  readonly text: string;
}

/** Where a table of a config file stands, and what its keys are. */
export interface TablePlace {
  readonly rows: ReadonlyMap<string, Option<unknown>>;
  /** Goes before what is wrong: the file and, where it is not all of it, the table. */
  readonly place: string;
  /** {@link Given.from}. */
  readonly from: string;
  /** What the keys are, said to who wrote another one. */
  readonly keys: string;
}

/** What a table of a config file gives. Throws UsageError with the place and the key. */
export function tableGiven(
  table: Readonly<Record<string, unknown>>,
  { rows, place, from, keys }: TablePlace,
): Map<string, Given> {
  const given = new Map<string, Given>();
  for (const [key, value] of Object.entries(table)) {
    const row = rows.get(key);
    if (row === undefined) throw unknownKey(key, { place, known: rows.keys(), keys });
    const source = `${place}: ${key}`;
    const values = Array.isArray(value) && row.many ? value : [value];
    given.set(key, { source, from, texts: values.map((one) => textOf(one, { row, source })) });
  }
  return given;
}

/** Says which key is not known, and which one may have been meant. */
export function unknownKey(
  key: string,
  { place, known, keys }: {
    readonly place: string;
    readonly known: Iterable<string>;
    readonly keys: string;
  },
): UsageError {
  const guess = nearest(key, known);
  const hint = guess === undefined ? "" : `, did you mean ${quote(guess)}?`;
  return new UsageError(`${place}: unknown key ${quote(key)}${hint}; ${keys}`);
}

/** Reads TOML. Throws UsageError with the line. */
export function parseToml({ path, text }: ConfigText): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // what follows the first line quotes the file, in which there may be what nobody is to see
    const [why = ""] = error.message.replace(/^Invalid TOML document: /, "").split("\n");
    throw new UsageError(`${path}:${error.line}: not TOML: ${visible(why)}`);
  }
}

/** The value as one would write it on the command line. */
function textOf(value: unknown, at: { readonly row: Option<unknown>; readonly source: string }): string {
  const { row, source } = at;
  const type = typeof value === "bigint" ? "number" : isTable(value) ? "table" : typeof value;
  const fits = row.config.some((wanted) => wanted === type);
  if (!fits) {
    throw new UsageError(
      `${source} takes ${row.config.map((kind) => NAMES[kind]).join(" or ")}, not ${nameOf(value)}`,
    );
  }
  if (row.takes === "optional" && value === true) return BARE;
  if (row.takes === "optional" && value === false) {
    throw new UsageError(`${source} takes true or a value; leave it out to leave it as it is`);
  }
  return isTable(value) ? textOfTable(value, source) : String(value);
}

/** Whether it is a table of TOML, which has values of other classes, too. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function textOfTable(table: object, source: string): string {
  return tableText(
    Object.entries(table).map(([key, value]) => {
      const text = typeof value === "string" || typeof value === "number" ? `${value}` : undefined;
      if (text === undefined) {
        throw new UsageError(`${source}: ${key} takes a string or a number, not ${nameOf(value)}`);
      }
      if (`${key}${text}`.includes("\0") || key.includes("=")) {
        throw new UsageError(`${source}: ${quote(key)} is no key`);
      }
      return { key, value: text };
    }),
  );
}

const NAMES = { string: "a string", number: "a number", boolean: "true or false", table: "a table" } as const;

/** What a value is, for a person. */
export function nameOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  if (typeof value === "string") return `the string ${quote(value)}`;
  if (typeof value === "object") return "a table";
  return `${value}`;
}
