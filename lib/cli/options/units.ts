/**
 * The kinds of value an option takes, and how each is written: ports, counts, durations, sizes, choices.
 *
 * @module
 */
import { GROUP_WINDOW_MOST } from "../../limits.ts";
import { SLOW_POLICIES, type SlowPolicy } from "../../slow_policy.ts";
import { groupNameProblem } from "../../topics/group_name.ts";
import { type Parsed, parsePattern, parseTopic } from "../../topics/topic.ts";

/**
 * A value; or what was expected in its place (a noun phrase:
 * "a port from 0 to 65535"); or what is wrong (a clause).
 */
export type Read<T> = { readonly value: T } | { readonly expected: string } | { readonly problem: string };

/**
 * What a shell offers in a value's place: these words, the names of files or of folders,
 * the saved connections. Of other kinds there is nothing to offer.
 */
export type Completion =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "files" | "folders" | "contexts" };

/** How one kind of value is written on a command line and in a config file. */
export interface Kind<T> {
  /** Stands for the value in the help: `PORT`. */
  readonly placeholder: string;
  /** The types a config file may give it in. */
  readonly config: readonly ("string" | "number" | "table")[];
  readonly read: (text: string) => Read<T>;
  /** The value as one would write it, where that is not what `String` gives. */
  readonly write?: (value: T) => string;
  readonly completes?: Completion;
}

/** Any text, the empty one too. */
export const TEXT: Kind<string> = {
  placeholder: "TEXT",
  config: ["string"],
  read: (text) => ({ value: text }),
};

/** A text that says something: a name, a path, an address. */
export const WORD: Kind<string> = {
  placeholder: "NAME",
  config: ["string"],
  read: (text) => text === "" ? { expected: "a value that is not empty" } : { value: text },
};

/** The name of a file; what `-` means is the program's business. */
export const FILE: Kind<string> = { ...WORD, placeholder: "FILE", completes: { kind: "files" } };

/** The name of a folder. */
export const FOLDER: Kind<string> = { ...WORD, placeholder: "DIR", completes: { kind: "folders" } };

/** The name of a saved connection. */
export const CONTEXT: Kind<string> = { ...WORD, completes: { kind: "contexts" } };

/** A client's id. */
export const CLIENT_ID: Kind<string> = oneWord({ placeholder: "ID", example: "p1" });

/** The name of an account. */
export const ACCOUNT: Kind<string> = oneWord({ placeholder: "NAME", example: "shop" });

function oneWord(
  { placeholder, example }: { readonly placeholder: string; readonly example: string },
): Kind<string> {
  return {
    placeholder,
    config: ["string"],
    read: (text) => {
      const fits = text !== "" && text.isWellFormed() && !/[\s\p{Cc}\p{Cf}]/u.test(text);
      return fits
        ? { value: text }
        : { expected: `one word without white space or control characters, such as ${example}` };
    },
  };
}

/** A topic to publish to, in its canonical form. */
export const TOPIC: Kind<string> = {
  placeholder: "TOPIC",
  config: ["string"],
  read: (text) => fromParsed(parseTopic(text)),
};

/** A topic or pattern to subscribe to, in its canonical form. */
export const PATTERN: Kind<string> = {
  placeholder: "PATTERN",
  config: ["string"],
  read: (text) => fromParsed(parsePattern(text)),
};

/** A TCP port. `least: 0` lets the system choose one. */
export function port(least: 0 | 1): Kind<number> {
  return { ...count({ least, most: 65_535 }), placeholder: "PORT", read: (text) => readPort(text, least) };
}

/** A whole number in a range. */
export function count(range: { readonly least: number; readonly most: number }): Kind<number> {
  const expected = `a whole number from ${range.least} to ${range.most}`;
  return {
    placeholder: "N",
    config: ["number"],
    read: (text) => {
      const value = /^\d+$/.test(text) ? Number(text) : NaN;
      return value >= range.least && value <= range.most ? { value } : { expected };
    },
  };
}

/** A number that may have decimals, not negative; `above: 0` leaves out nought itself. */
export function decimal(options: { readonly expected: string; readonly above?: number }): Kind<number> {
  return {
    placeholder: "X",
    config: ["number"],
    read: (text) => {
      const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
      const fits = options.above === undefined ? value >= 0 : value > options.above;
      return fits && Number.isFinite(value) ? { value } : { expected: options.expected };
    },
  };
}

const MILLISECONDS: ReadonlyMap<string, number> = new Map([
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
]);
const SPAN = new RegExp(
  `^(?=.)${[...MILLISECONDS.keys()].map((unit) => `(\\d+(\\.\\d+)?${unit})?`).join("")}$`,
);
const DURATION_MOST_MS = 3650 * 86_400_000;

/** A time span in milliseconds: `500ms`, `10s`, `5m`, `2h`, `7d`, `1h30m`; a bare number is seconds. */
export const DURATION: Kind<number> = {
  placeholder: "DUR",
  config: ["string", "number"],
  read: (text) => {
    const value = spanMs(/^\d+(\.\d+)?$/.test(text) ? `${text}s` : text) ?? NaN;
    return value <= DURATION_MOST_MS
      ? { value }
      : { expected: "a duration such as 500ms, 10s, 5m, 2h or 7d (at most 3650d)" };
  },
  write: showDuration,
};

/** A {@link DURATION} that is not over at once. `expected`: in its place. */
export function durationAbove0(expected: string): Kind<number> {
  return {
    ...DURATION,
    read: (text) => {
      const read = DURATION.read(text);
      return "value" in read && read.value === 0 ? { expected } : read;
    },
  };
}

/** Milliseconds of a time span with its units, each at most once and the longest first: `1h30m`, `1.5s`. */
export function spanMs(text: string): number | undefined {
  if (!SPAN.test(text)) return undefined;
  const parts = [...text.matchAll(/([\d.]+)([a-z]+)/g)];
  const ms = parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * MILLISECONDS.get(unit)!, 0);
  return Math.round(ms);
}

/** A time span in its largest whole unit: 120,000 milliseconds are `2m`. */
export function showDuration(ms: number): string {
  for (const [unit, length] of MILLISECONDS) {
    if (ms >= length && ms % length === 0) return `${ms / length}${unit}`;
  }
  return `${ms}ms`;
}

const BYTES: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ["kib", 1024],
  ["mib", 1024 ** 2],
  ["gib", 1024 ** 3],
  ["tib", 1024 ** 4],
  ["kb", 1000],
  ["mb", 1000 ** 2],
  ["gb", 1000 ** 3],
  ["tb", 1000 ** 4],
]);

/** A number of bytes: `65536`, `64KiB` (1024s), `64KB` (1000s), `1GiB`. */
export function size(range: { readonly least: number; readonly most: number }): Kind<number> {
  const expected = `a size from ${showSize(range.least)} to ${
    showSize(range.most)
  }, such as 65536, 64KiB or 1GiB`;
  return {
    placeholder: "SIZE",
    config: ["string", "number"],
    read: (text) => {
      const parts = /^(\d+(?:\.\d+)?) ?([a-z]*)$/.exec(text.toLowerCase());
      const value = Number(parts?.[1]) * (BYTES.get(parts?.[2] ?? "?") ?? NaN);
      return Number.isSafeInteger(value) && value >= range.least && value <= range.most
        ? { value }
        : { expected };
    },
    write: showSize,
  };
}

/** A number of bytes in its largest whole unit: 65536 is `64KiB`. */
export function showSize(bytes: number): string {
  for (const unit of ["TiB", "GiB", "MiB", "KiB"]) {
    const many = bytes / BYTES.get(unit.toLowerCase())!;
    if (many >= 1 && Number.isInteger(many)) return `${many}${unit}`;
  }
  return `${bytes}`;
}

/** One of a few words. */
export function choice<const Word extends string>(...words: readonly Word[]): Kind<Word> {
  return {
    placeholder: words.join("|"),
    config: ["string"],
    read: (text) => {
      const value = words.find((word) => word === text);
      return value === undefined ? { expected: `one of ${words.join(", ")}` } : { value };
    },
    completes: { kind: "words", words },
  };
}

function readPort(text: string, least: 0 | 1): Read<number> {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= 65_535) return { value };
  return { expected: `a port from ${least} to 65535${least === 0 ? " (0: any free one)" : ""}` };
}

function fromParsed(parsed: Parsed): Read<string> {
  return "problem" in parsed ? parsed : { value: parsed.name };
}

/** `--group` and `group=`. */
export const GROUP: Kind<string> = {
  placeholder: "NAME",
  config: ["string"],
  read: (text) => {
    const problem = groupNameProblem(text);
    return problem === undefined ? { value: text } : { problem };
  },
};

/** `--window` and `window=`. */
export const WINDOW: Kind<number> = count({ least: 1, most: GROUP_WINDOW_MOST });

/** `--slow` and `slow=`. */
export const SLOW: Kind<SlowPolicy> = {
  ...choice(...SLOW_POLICIES),
  placeholder: "POLICY",
};
