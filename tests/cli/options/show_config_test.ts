import { assertEquals, assertThrows } from "@std/assert";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import { configGiven } from "../../../lib/cli/options/config.ts";
import { configText } from "../../../lib/cli/options/show_config.ts";
import { option, type Program, type Table } from "../../../lib/cli/options/table.ts";
import { TEXT } from "../../../lib/cli/options/units.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { UsageError } from "../../../lib/errors.ts";
import { SAMPLE } from "./sample_program.ts";

/** What is shown for these words and this config file. */
function shown(
  words: readonly string[],
  { program = SAMPLE, config = "", width = Infinity, json = false }: {
    readonly program?: Program<Table>;
    readonly config?: string;
    readonly width?: number;
    readonly json?: boolean;
  } = {},
): string[] {
  const line = readArguments(program, words);
  if ("print" in line) throw new TypeError("asked to print");
  const places = [line.given, configGiven(program, { path: "my.toml", text: config })];
  return configText(program, { places, shown: { width, json } }).trimEnd().split("\n");
}

Deno.test("every option in force is shown as one would write it, with where it comes from", () => {
  const words = ["-s", "-t", "a", "-t", "#b.>", "-m", "it's", "-vv"];
  assertEquals(shown(words, { config: 'wait = "90s"\nquiet = false' }), [
    "sub-port  9090       flag -s",
    "pub-port  9000       default",
    "host      127.0.0.1  default",
    "topic     a '#b.>'   flag -t",
    "message   'it'\\''s'  flag -m",
    "wait      90s        my.toml",
    "max-line  64KiB      default",
    "slow      block      default",
    "verbose   true       flag -v",
    "quiet     false      my.toml",
  ]);
});

Deno.test("where a line would be too long for the terminal, the place goes under it", () => {
  const lines = shown(["-t", "orders.*"], { width: 28 });
  assertEquals(lines.slice(0, 4), ["sub-port  9090", "  default", "pub-port  9000", "  default"]);
  assertEquals(lines.filter((line) => line.length > 28), []);
});

Deno.test("as JSON each option is an object, and one that may come often has a list", () => {
  const rows = shown(["-t", "a", "--wait=0.5"], { json: true }).map((line) => JSON.parse(line));
  assertEquals(rows.filter(({ option }) => ["topic", "wait", "slow"].includes(option)), [
    { option: "topic", value: ["a"], from: "flag -t" },
    { option: "wait", value: "500ms", from: "flag --wait" },
    { option: "slow", value: "block", from: "default" },
  ]);
});

Deno.test("a secret is shown nowhere: not as it is in force, and not where it is wrong", () => {
  const kind = { ...TEXT, read: () => ({ problem: "geheim is wrong" }) };
  const program = { ...SAMPLE, options: { token: option(kind, { help: "", secret: true }) } };
  const words = ["--token", "geheim"];
  assertEquals(shown(words, { program }), ["token  (secret)  flag --token"]);
  assertEquals(shown(words, { program, json: true }), [
    '{"option":"token","secret":true,"from":"flag --token"}',
  ]);
  const line = readArguments(program, words);
  const error = assertThrows(() => readValues(program, "given" in line ? [line.given] : []), UsageError);
  assertEquals(error.message, "--token takes something else, not what was given; see sample --help");
});

Deno.test("a line that just fits is one, and one that does not is two", () => {
  const program = {
    ...SAMPLE,
    options: { token: option(TEXT, { help: "" }), a: option(TEXT, { help: "" }) },
  };
  const words = ["--token", "x y", "--a", "z"];
  const whole = ["token  'x y'  flag --token", "a      z      flag --a"];
  const width = whole[0]!.length;
  assertEquals(shown(words, { program, width }), whole);
  assertEquals(shown(words, { program, width: width - 1 }), [
    "token  'x y'",
    "  flag --token",
    "a      z",
    "  flag --a",
  ]);
});

Deno.test("the last of what was given is shown, and of a list that is empty where it comes from", () => {
  assertEquals(shown(["-m", "x", "-W", "1", "-W", "2"]).filter((line) => /^(?:wait|message)/.test(line)), [
    "message   x          flag -m",
    "wait      2s         flag -W",
  ]);
  const empty = shown([], { config: "topic = []" }).find((line) => line.startsWith("topic"));
  assertEquals(empty?.split(/ +/), ["topic", "my.toml"]);
  const alone = { ...SAMPLE, options: { topic: SAMPLE.options.topic } };
  assertEquals(shown([], { program: alone, config: "topic = []" }), ["topic    my.toml"]);
  const json = shown(["-W", "1", "-W", "2"], { json: true }).find((line) => line.includes('"wait"'));
  assertEquals(json, '{"option":"wait","value":"2s","from":"flag -W"}');
});
