/**
 * Retention of the topics of one pattern, as it is written:
 * on the command line in one text, in the config file as a table.
 *
 *     --retain '#orders.> age=7d bytes=1GiB'
 *
 *     [[retain]]
 *     pattern = "#orders.>"
 *     age = "7d"
 *     bytes = "1GiB"
 *
 * @module
 */
import { quote } from "../../text.ts";
import { nearest } from "../options/suggest.ts";
import { isTableText, tableEntries, type TableEntry } from "../options/table_text.ts";
import { DURATION, type Kind, PATTERN, type Read, showDuration, showSize, size } from "../options/units.ts";

/** What is kept of the topics of a pattern; what is undefined has no limit. */
export interface RetainRule {
  readonly pattern: string;
  /** Milliseconds. */
  readonly age: number | undefined;
  readonly bytes: number | undefined;
}

/** What retention in bytes may be set to. */
export const RETAIN_BYTES = size({ least: 1024 * 1024, most: Number.MAX_SAFE_INTEGER });

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
  write: ({ pattern, age, bytes }) =>
    [
      pattern,
      ...(age === undefined ? [] : [`age=${showDuration(age)}`]),
      ...(bytes === undefined ? [] : [`bytes=${showSize(bytes)}`]),
    ].join(" "),
};

const KEYS = ["pattern", "age", "bytes"];

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
  const age = limit(DURATION, { key: "age", text: values.get("age"), of });
  if (!("value" in age)) return age;
  const bytes = limit(RETAIN_BYTES, { key: "bytes", text: values.get("bytes"), of });
  if (!("value" in bytes)) return bytes;
  return { value: { pattern: pattern.value, age: age.value, bytes: bytes.value } };
}

function limit(
  kind: Kind<number>,
  { key, text, of }: { readonly key: string; readonly text: string | undefined; readonly of: string },
): { readonly value: number | undefined } | { readonly problem: string } {
  if (text === undefined) return { value: undefined };
  const read = kind.read(text);
  if ("value" in read) return read;
  return {
    problem: "problem" in read ? read.problem : `${key} ${of} is ${read.expected}, not ${quote(text)}`,
  };
}
