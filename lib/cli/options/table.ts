/**
 * A program's options as a table: each row says how an option is written, what it takes and what it is for.
 * The command line ({@link ./arguments.ts}), the config file ({@link ./config.ts}) and the help
 * ({@link ./help.ts}) read the same table.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { quote } from "../../text.ts";
import type { Kind, Read } from "./units.ts";

/** What a row of the table says, apart from the kind of value. */
export interface Spec {
  /** Its short forms: `"hH"` for `-h` and `-H`. */
  readonly letters?: string;
  /** Stands for the value in the help, where the kind's own word says too little. */
  readonly placeholder?: string;
  /** What it is for, one sentence without a full stop, its default in parentheses. */
  readonly help: string;
  /** Said after "needs a value" where the usual cause is known. */
  readonly hint?: string;
}

/** One option. `T` is what the program gets, whether or not the option was given. */
export interface Option<T> extends Spec {
  /**
   * `none`: a flag; `optional`: `-s` and `-s 9090` both work;
   * `required-or-help`: alone at the end it asks for the help.
   */
  readonly takes: "none" | "required" | "optional" | "required-or-help";
  readonly many: boolean;
  /** The types that a config file may give it in. */
  readonly config: readonly ("string" | "number" | "boolean" | "table")[];
  /** Turns what was written, in order, into the value; nothing written gives the default. */
  readonly read: (texts: readonly string[], complain: Complain) => T;
}

/** Throws the UsageError for a text that is not what it should be. */
export type Complain = (text: string, reason: Exclude<Read<unknown>, { value: unknown }>) => never;

/** Options by long name, in the order of the help. */
export type Table = Readonly<Record<string, Option<unknown>>>;

/** What a program gets out of its table. */
export type Values<T extends Table> = {
  readonly [Name in keyof T]: T[Name] extends Option<infer Value> ? Value : never;
};

/** A program as its command line and its help need it. */
export interface Program<T extends Table> {
  readonly name: string;
  readonly version: string;
  /** What it does, one sentence. */
  readonly summary: string;
  readonly usage: readonly string[];
  readonly options: T;
  /** Commands worth copying, each with what it does. */
  readonly examples: readonly { readonly command: string; readonly does: string }[];
  /** Paragraphs after the options. */
  readonly notes: readonly string[];
}

/** What was written for one option and where: `-p`, `--port`, `broker.toml: port`. */
export interface Given {
  readonly source: string;
  readonly texts: readonly string[];
}

/** Every program has these. */
export const BUILT_IN = {
  help: flag({ help: "print this and exit" }),
  version: flag({ help: "print the version and exit" }),
} as const satisfies Table;

/** An option with a value; undefined where it is not given. Given twice, the last one holds. */
export function option<T>(kind: Kind<T>, spec: Spec): Option<T | undefined> {
  return { ...one(kind, spec), read: (texts, complain) => readLast(kind, { texts, complain }) };
}

/** An option with a value and a default. */
export function optionOr<T>(kind: Kind<T>, spec: Spec & { readonly fallback: NoInfer<T> }): Option<T> {
  return {
    ...one(kind, spec),
    read: (texts, complain) => readLast(kind, { texts, complain }) ?? spec.fallback,
  };
}

/** An option with a default that may also be written without its value: `-s` and `-s 9091`. */
export function optionMaybe<T>(
  kind: Kind<T>,
  spec: Spec & { readonly fallback: NoInfer<T>; readonly bare: NoInfer<T> },
): Option<T> {
  return {
    ...one(kind, spec),
    takes: "optional",
    config: [...kind.config, "boolean"],
    read: (texts, complain) => {
      const last = texts.at(-1);
      if (last === BARE) return spec.bare;
      return readLast(kind, { texts, complain }) ?? spec.fallback;
    },
  };
}

/** Stands for "written without a value" of an {@link optionMaybe}; no argument can hold a NUL. */
export const BARE = "\0";

/** An option that may be given many times. */
export function list<T>(kind: Kind<T>, spec: Spec): Option<readonly T[]> {
  return {
    ...one(kind, spec),
    many: true,
    read: (texts, complain) => texts.map((text) => readOne(kind, { text, complain })),
  };
}

/** An option without a value: there or not. */
export function flag(spec: Spec): Option<boolean> {
  return {
    ...spec,
    takes: "none",
    many: false,
    config: ["boolean"],
    read: (texts) => texts.at(-1) === "true",
  };
}

/** The program's table with what every program has. */
export function allOptions(program: Program<Table>): ReadonlyMap<string, Option<unknown>> {
  return new Map([...Object.entries(program.options), ...Object.entries(BUILT_IN)]);
}

/** The values of a program's options; of several places that give one, the first holds. */
export function readValues<T extends Table>(
  program: Program<T>,
  places: readonly ReadonlyMap<string, Given>[],
): Values<T> {
  const entries = Object.entries(program.options).map(([name, row]) => {
    const given = places.find((place) => place.has(name))?.get(name);
    const complain: Complain = (text, reason) => {
      const shown = text === BARE ? "nothing" : quote(text);
      throw new UsageError(
        "problem" in reason
          ? `${given?.source}: ${reason.problem}`
          : `${given?.source} takes ${reason.expected}, not ${shown}; see ${program.name} --help`,
      );
    };
    return [name, row.read(given?.texts ?? [], complain)] as const;
  });
  // each entry was read by its own row, so the types are those of the table
  return Object.fromEntries(entries) as Values<T>;
}

function one<T>(kind: Kind<T>, spec: Spec): Omit<Option<T>, "read"> {
  return {
    letters: spec.letters ?? "",
    placeholder: spec.placeholder ?? kind.placeholder,
    help: spec.help,
    ...(spec.hint === undefined ? {} : { hint: spec.hint }),
    takes: spec.letters?.includes("h") ? "required-or-help" : "required",
    many: false,
    config: kind.config,
  };
}

interface Written {
  readonly texts: readonly string[];
  readonly complain: Complain;
}

function readLast<T>(kind: Kind<T>, { texts, complain }: Written): T | undefined {
  const text = texts.at(-1);
  return text === undefined ? undefined : readOne(kind, { text, complain });
}

function readOne<T>(kind: Kind<T>, { text, complain }: { text: string; complain: Complain }): T {
  const read = kind.read(text);
  return "value" in read ? read.value : complain(text, read);
}
