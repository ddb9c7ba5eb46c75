/**
 * A program with an option of every sort, for the tests of what reads them.
 *
 * @module
 */
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import {
  flag,
  list,
  option,
  optionMaybe,
  optionOr,
  type Program,
  type Values,
} from "../../../lib/cli/options/table.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { choice, count, DURATION, PATTERN, port, size, TEXT, WORD } from "../../../lib/cli/options/units.ts";

const OPTIONS = {
  "sub-port": optionMaybe(port(0), {
    letters: "s",
    fallback: 9090,
    bare: 9090,
    help: "for subscribers (9090)",
  }),
  "pub-port": optionMaybe(port(0), {
    letters: "p",
    fallback: 9000,
    bare: 9000,
    help: "for publishers (9000)",
  }),
  host: optionOr(WORD, {
    letters: "hH",
    fallback: "127.0.0.1",
    placeholder: "HOST",
    help: "where to (127.0.0.1)",
  }),
  topic: list(PATTERN, {
    letters: "t",
    help: "what to subscribe to",
    hint: "an unquoted # starts a comment",
  }),
  message: option(TEXT, { letters: "m", once: true, help: "what to say" }),
  count: option(count({ least: 1, most: 1000 }), { letters: "C", help: "how many" }),
  wait: optionOr(DURATION, { letters: "W", fallback: 5000, help: "how long (5s)" }),
  "max-line": optionOr(size({ least: 512, most: 1024 * 1024 }), {
    fallback: 65_536,
    help: "bytes in a line (64KiB)",
  }),
  slow: optionOr(choice("block", "drop"), { fallback: "block", help: "what to do with the slow (block)" }),
  verbose: flag({ letters: "v", help: "say more" }),
  quiet: flag({ letters: "q", help: "say less" }),
  "no-reconnect": flag({ help: "end when the connection is lost" }),
  config: option(WORD, { placeholder: "FILE", help: "read options from this file" }),
} as const;

/** The program. */
export const SAMPLE: Program<typeof OPTIONS> = {
  name: "sample",
  version: "1.2.3",
  summary:
    "Does a thing or two, so that its help has a sentence to begin with that has to be wrapped somewhere.",
  usage: ["sample -s [PORT] -p [PORT] [options]"],
  options: OPTIONS,
  examples: [{ command: "sample -s -p", does: "listens on the usual ports, and says so" }],
  notes: ["A note at the end."],
};

/** What the program gets from these words. */
export function read(...words: string[]): Values<typeof OPTIONS> {
  const line = readArguments(SAMPLE, words);
  if ("print" in line) throw new TypeError(`asked to print its ${line.print}`);
  return readValues(SAMPLE, [line.given]);
}
