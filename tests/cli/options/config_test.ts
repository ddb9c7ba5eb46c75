import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { BROKER } from "../../../lib/cli/broker/options.ts";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import { configGiven, readConfig } from "../../../lib/cli/options/config.ts";
import { BARE, type Values } from "../../../lib/cli/options/table.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { UsageError } from "../../../lib/errors.ts";
import { read, SAMPLE } from "./sample_program.ts";

type Options = Values<typeof SAMPLE.options>;

/** The options from a config file's text, with flags before it. */
function withConfig(text: string, ...words: string[]): Options {
  const line = readArguments(SAMPLE, words);
  if ("print" in line) throw new TypeError("asked to print");
  return readValues(SAMPLE, [line.given, configGiven(SAMPLE, { path: "my.toml", text })]);
}

function refusal(text: string): string {
  return assertThrows(() => withConfig(text), UsageError).message;
}

Deno.test("a config file has the names of the long options", () => {
  const text = `
    # the usual
    sub-port = 9191
    pub-port = true
    host = "::1"
    topic = ["a", "#b.>"]
    max-line = "128KiB"
    wait = 2.5
    slow = "drop"
    verbose = true
    quiet = false
  `;
  assertEquals(withConfig(text), {
    ...read(),
    "sub-port": 9191,
    host: "::1",
    topic: ["#a", "#b.>"],
    "max-line": 131_072,
    wait: 2500,
    slow: "drop",
    verbose: true,
  });
  assertEquals(withConfig('topic = "a"').topic, ["#a"]);
});

Deno.test("flags win over the config file, whole options at a time", () => {
  const options = withConfig('sub-port = 1\npub-port = 2\ntopic = ["a"]', "-s", "3", "-t", "b", "-v");
  assertEquals([options["sub-port"], options["pub-port"], options.topic], [3, 2, ["#b"]]);
});

Deno.test("an unknown key is named with its file and what was meant", () => {
  assertEquals(
    refusal("sub-prot = 1"),
    'my.toml: unknown key "sub-prot", did you mean "sub-port"?; the keys are the long options of sample --help',
  );
  for (const key of ["help", "version", "config", "s", "toString"]) {
    assertStringIncludes(refusal(`${key} = 1`), `unknown key "${key}"`);
  }
});

Deno.test("a wrong type is named with its file and its key", () => {
  assertEquals(
    refusal('sub-port = "9090"'),
    'my.toml: sub-port takes a number or true or false, not the string "9090"',
  );
  assertEquals(refusal("host = 5"), "my.toml: host takes a string, not 5");
  assertEquals(refusal("verbose = 1"), "my.toml: verbose takes true or false, not 1");
  assertEquals(refusal('host = ["a"]'), "my.toml: host takes a string, not a list");
  assertEquals(refusal("topic = [1]"), "my.toml: topic takes a string, not 1");
  assertEquals(refusal("[host]\na = 1"), "my.toml: host takes a string, not a table");
  assertEquals(refusal("host = 2026-01-31"), "my.toml: host takes a string, not a date");
  assertStringIncludes(refusal("sub-port = false"), "my.toml: sub-port takes true or a value");
});

Deno.test("a value out of range is named with its file and its key", () => {
  assertEquals(
    refusal("sub-port = 70000"),
    'my.toml: sub-port takes a port from 0 to 65535 (0: any free one), not "70000"; see sample --help',
  );
  assertStringIncludes(
    refusal("sub-port = 1.5"),
    'my.toml: sub-port takes a port from 0 to 65535 (0: any free one), not "1.5"',
  );
  assertStringIncludes(refusal('topic = ["a..b"]'), "my.toml: topic: ");
});

Deno.test("a key or table that comes twice is an error, and what a line says is not told", () => {
  for (const text of ['host = "::1"\nhost = "0.0.0.0"', "[a]\nb = 1\n[a]\nc = 1", "a.b = 1\na.b = 2"]) {
    assertMatch(refusal(text), /^my\.toml:\d: not TOML: [^\n]+$/);
  }
  assert(!refusal('host = "secret\n').includes("secret"));
});

Deno.test("a file that is no TOML, or is not there, is named", () => {
  assertStringIncludes(refusal("verbose = true\na = = 1"), "my.toml:2: not TOML: ");
  const missing = assertThrows(() => readConfig(SAMPLE, "/no/such.toml"), UsageError);
  assertEquals(missing.message, 'cannot read the config file "/no/such.toml": no such file or directory');
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(path, Uint8Array.of(0x23, 0xff));
    assertEquals(assertThrows(() => readConfig(SAMPLE, path), UsageError).message, `${path}: not UTF-8`);
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("what a table of a file may not hold is told by its key", () => {
  const table = (text: string): string =>
    assertThrows(() => configGiven(BROKER, { path: "b.toml", text: `[retain]\n${text}` }), UsageError)
      .message;
  assertEquals(table('"a=b" = 1'), 'b.toml: retain: "a=b" is no key');
  assertEquals(table('"a\\u0000b" = 1'), 'b.toml: retain: "a\\x00b" is no key');
  assertEquals(table('a = "x\\u0000y"'), 'b.toml: retain: "a" is no key');
  assertEquals(table("a = [1]"), "b.toml: retain: a takes a string or a number, not a list");
  assertEquals(table("a = 2026-01-31"), "b.toml: retain: a takes a string or a number, not a date");
  assertEquals(table("a.b = 1"), "b.toml: retain: a takes a string or a number, not a table");
});

Deno.test("what a file gives is told by its key, of a list each value by itself", () => {
  const given = configGiven(SAMPLE, {
    path: "my.toml",
    text: 'topic = ["a", "b"]\npub-port = true\nwait = 5',
  });
  const from = "my.toml";
  assertEquals([...given], [
    ["topic", { source: "my.toml: topic", from, texts: ["a", "b"] }],
    ["pub-port", { source: "my.toml: pub-port", from, texts: [BARE] }],
    ["wait", { source: "my.toml: wait", from, texts: ["5"] }],
  ]);
});
