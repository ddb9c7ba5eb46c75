/**
 * Retention of the topics of one pattern, as it is written:
 * on the command line in one text, in the config file as a table.
 *
 *     --retain '#orders.> age=7d bytes=1GiB groups=ignore'
 *
 *     [[retain]]
 *     pattern = "#orders.>"
 *     age = "7d"
 *     bytes = "1GiB"
 *     groups = "ignore"
 *
 * @module
 */
import { quote } from "../../text.ts";
import { nearest } from "../options/suggest.ts";
import { isTableText, tableEntries, type TableEntry } from "../options/table_text.ts";
import {
  choice,
  durationAbove0,
  type Kind,
  PATTERN,
  type Read,
  showDuration,
  showSize,
  size,
} from "../options/units.ts";

/** What is kept of the topics of a pattern; what is undefined has no limit. */
export interface RetainRule {
  readonly pattern: string;
  /** Milliseconds. */
  readonly age: number | undefined;
  readonly bytes: number | undefined;
  /** What becomes of messages that groups have not settled; left out: as `--retain-groups` says. */
  readonly groups?: RetainGroups;
}

type RetainGroups = "hold" | "ignore";

/** What retention by age may be set to: of nought, which others read as "no limit", nothing is left. */
export const RETAIN_AGE = durationAbove0("a duration above 0, such as 7d (leave it out to keep all)");

/** What retention in bytes may be set to. */
export const RETAIN_BYTES = size({ least: 1024 * 1024, most: Number.MAX_SAFE_INTEGER });

/** `--retain-groups`. */
export const RETAIN_GROUPS: Kind<RetainGroups> = choice("hold", "ignore");

/** `--retain`. */
export const RETAIN: Kind<RetainRule> = {
  placeholder: "RULE",
  config: ["string", "table"],
  read: (text) => {
    const values = new Map<string, string>();
    for (const { key, value } of isTableText(text) ? tableEntries(text) : wordsOf(text)) {
      if (!KEYS.includes(key)) {
        const guess = nearest(key, KEYS);
        const hint = guess === undefined ? `there are ${KEYS.join(", ")}` : `did you mean ${quote(guess)}?`;
        return { problem: `unknown key ${quote(key)}, ${hint}` };
      }
      if (values.has(key)) return { problem: `${key} is given twice` };
      values.set(key, value);
    }
    return ruleFrom(values);
  },
  write: ({ pattern, age, bytes, groups }) =>
    [
      pattern,
      ...(age === undefined ? [] : [`age=${showDuration(age)}`]),
      ...(bytes === undefined ? [] : [`bytes=${showSize(bytes)}`]),
      ...(groups === undefined ? [] : [`groups=${groups}`]),
    ].join(" "),
};

const KEYS = ["pattern", "age", "bytes", "groups"];

/** `PATTERN key=value ...`. */
function wordsOf(text: string): TableEntry[] {
  const [pattern = "", ...rest] = text.trim().split(/\s+/);
  return [
    { key: "pattern", value: pattern },
    ...rest.map((word) => {
      const equals = word.indexOf("=");
      return equals === -1
        ? { key: word, value: "" }
        : { key: word.slice(0, equals), value: word.slice(equals + 1) };
    }),
  ];
}

function ruleFrom(values: ReadonlyMap<string, string>): Read<RetainRule> {
  const pattern = PATTERN.read(values.get("pattern") ?? "");
  if (!("value" in pattern)) return pattern;
  const of = `of ${quote(pattern.value)}`;
  const age = limit(RETAIN_AGE, { key: "age", text: values.get("age"), of });
  if (!("value" in age)) return age;
  const bytes = limit(RETAIN_BYTES, { key: "bytes", text: values.get("bytes"), of });
  if (!("value" in bytes)) return bytes;
  const groups = limit(RETAIN_GROUPS, { key: "groups", text: values.get("groups"), of });
  if (!("value" in groups)) return groups;
  const limits = { pattern: pattern.value, age: age.value, bytes: bytes.value };
  return { value: groups.value === undefined ? limits : { ...limits, groups: groups.value } };
}

function limit<Value>(
  kind: Kind<Value>,
  { key, text, of }: { readonly key: string; readonly text: string | undefined; readonly of: string },
): { readonly value: Value | undefined } | { readonly problem: string } {
  if (text === undefined) return { value: undefined };
  const read = kind.read(text);
  if ("value" in read) return read;
  return {
    problem: "problem" in read ? read.problem : `${key} ${of} is ${read.expected}, not ${quote(text)}`,
  };
}
