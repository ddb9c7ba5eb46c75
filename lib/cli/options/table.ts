/**
 * A program's options as a table: each row says how an option is written, what it takes and what it is for.
 * The command line ({@link ./arguments.ts}), the config file ({@link ./config.ts}) and the help
 * ({@link ./help.ts}) read the same table.
 *
 * @module
 */
import type { Completion, Kind, Read } from "./units.ts";

/** What a row of the table says, apart from the kind of value. */
export interface Spec {
  /** Its short forms: `"hH"` for `-h` and `-H`. */
  readonly letters?: string;
  /**
   * A letter of another option that means this one where the value has its form: `-H lang=en` is a header, as
   * fingers know it from elsewhere, and `-H box` the host.
   */
  readonly shares?: { readonly letter: string; readonly when: (value: string) => boolean };
  /** Stands for the value in the help, where the kind's own word says too little. */
  readonly placeholder?: string;
  /** What it is for, one sentence without a full stop, its default in parentheses. */
  readonly help: string;
  /** Said after "needs a value" where the usual cause is known. */
  readonly hint?: string;
  /**
   * It says what is to be done, so that two different ones cannot both be meant, and are refused. Of other
   * options the last one holds, so that what an alias or a script says can be changed behind it.
   */
  readonly once?: boolean;
  /** Its value is shown to nobody. */
  readonly secret?: boolean;
}

/** One option. `T` is what the program gets, whether or not the option was given. */
export interface Option<T> extends Spec {
  /**
   * `none`: a flag; `optional`: `-s` and `-s 9090` both work;
   * `required-or-help`: as `-h`, without a value, it asks for the help;
   * `rest`: it is written `--`, and all words behind that are its.
   */
  readonly takes: "none" | "required" | "optional" | "required-or-help" | "rest";
  readonly many: boolean;
  /** The types that a config file may give it in. */
  readonly config: readonly ("string" | "number" | "boolean" | "table")[];
  /** Turns what was written, in order, into the value; nothing written gives the default. */
  readonly read: (texts: readonly string[], complain: Complain) => T;
  /** What it comes to, as one would write it; empty where it is neither given nor has a default. */
  readonly show: (texts: readonly string[]) => readonly string[];
  readonly completes?: Completion;
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
  /** What words that belong to no option were probably meant as, told to who wrote them. */
  readonly meant?: (words: readonly string[], given: ReadonlySet<string>) => string | undefined;
  /** Of a client: it has `host`, `port` and `context`, and connections may be saved for it. */
  readonly connects?: Connects;
}

/** How saved connections give the options of a client. */
export interface Connects {
  /** The keys of a saved connection, the same for all clients. */
  readonly saved: Table;
  /** Which of them is this client's `port`. */
  readonly port: "pub-port" | "sub-port";
}

/** What was written for one option, and where. */
export interface Given {
  /** For who wrote it wrong: `-p`, `--port`, `broker.toml: port`. */
  readonly source: string;
  /** For who asks what is in force: `flag -p`, `broker.toml`. */
  readonly from: string;
  readonly texts: readonly string[];
}

/** Every program has these. */
export const BUILT_IN = {
  "show-config": flag({ help: "print the options in force, and where each comes from, and exit" }),
  help: flag({ help: "print this and exit" }),
  version: flag({ help: "print the version and exit" }),
} as const satisfies Table;

/** An option with a value; undefined where it is not given. Given twice, the last one holds. */
export function option<T>(kind: Kind<T>, spec: Spec): Option<T | undefined> {
  return {
    ...one(kind, spec),
    read: (texts, complain) => readLast(kind, { texts, complain }),
    show: (texts) => texts.slice(-1).map((text) => shown(kind, text)),
  };
}

/** An option with a value and a default. */
export function optionOr<T>(kind: Kind<T>, spec: Spec & { readonly fallback: NoInfer<T> }): Option<T> {
  return optionElse(kind, { ...spec, otherwise: () => spec.fallback });
}

/** An option with a value and a default that has to be found out. */
export function optionElse<T>(
  kind: Kind<T>,
  spec: Spec & { readonly otherwise: () => NoInfer<T> },
): Option<T> {
  const { otherwise } = spec;
  return {
    ...one(kind, spec),
    read: (texts, complain) => readLast(kind, { texts, complain }) ?? otherwise(),
    show: (texts) => {
      const last = texts.at(-1);
      return [last === undefined ? write(kind, otherwise()) : shown(kind, last)];
    },
  };
}

/** An option with a default that may also be written without its value: `-s` and `-s 9091`. */
export function optionMaybe<T, Fallback extends T | undefined>(
  kind: Kind<T>,
  spec: Spec & { readonly fallback: Fallback; readonly bare: NoInfer<T> },
): Option<T | Fallback> {
  const { bare, fallback } = spec;
  return {
    ...one(kind, spec),
    takes: "optional",
    config: [...kind.config, "boolean"],
    read: (texts, complain) => {
      const last = texts.at(-1);
      if (last === BARE) return bare;
      return readLast(kind, { texts, complain }) ?? fallback;
    },
    show: (texts) => {
      const last = texts.at(-1);
      if (last !== undefined) return [last === BARE ? write(kind, bare) : shown(kind, last)];
      return fallback === undefined ? [] : [write(kind, fallback)];
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
    show: (texts) => texts.map((text) => shown(kind, text)),
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
    show: (texts) => texts.slice(-1),
  };
}

/** The words behind `--`: a command line of somebody else's. Undefined where there is no `--`. */
export function wordsBehind(spec: Spec & { readonly placeholder: string }): Option<
  readonly string[] | undefined
> {
  return {
    ...spec,
    takes: "rest",
    many: true,
    config: [],
    read: (texts) => texts.length === 0 ? undefined : texts,
    show: (texts) => texts,
  };
}

/** What stands for an option of the kind `rest` on a command line. */
export const REST = "--";

/** The program's table with what every program has. */
export function allOptions(program: Program<Table>): ReadonlyMap<string, Option<unknown>> {
  return new Map([...Object.entries(program.options), ...Object.entries(BUILT_IN)]);
}

function one<T>(kind: Kind<T>, spec: Spec): Omit<Option<T>, "read" | "show"> {
  return {
    letters: spec.letters ?? "",
    placeholder: spec.placeholder ?? kind.placeholder,
    help: spec.help,
    ...(spec.hint === undefined ? {} : { hint: spec.hint }),
    ...(spec.once === undefined ? {} : { once: spec.once }),
    ...(spec.shares === undefined ? {} : { shares: spec.shares }),
    ...(spec.secret === undefined ? {} : { secret: spec.secret }),
    ...(kind.completes === undefined ? {} : { completes: kind.completes }),
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

function shown<T>(kind: Kind<T>, text: string): string {
  if (kind.write === undefined) return text;
  const read = kind.read(text);
  return "value" in read ? kind.write(read.value) : text;
}

function write<T>(kind: Kind<T>, value: T): string {
  return kind.write === undefined ? String(value) : kind.write(value);
}
