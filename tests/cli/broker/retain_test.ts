import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BROKER, type BrokerOptions } from "../../../lib/cli/broker/options.ts";
import { RETAIN } from "../../../lib/cli/broker/retain.ts";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import { configGiven } from "../../../lib/cli/options/config.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { UsageError } from "../../../lib/errors.ts";

/** What a config file and a command line come to. */
function rules(text: string, ...words: string[]): BrokerOptions["retain"] {
  const line = readArguments(BROKER, words);
  if ("print" in line) throw new TypeError("asked to print");
  return readValues(BROKER, [line.given, configGiven(BROKER, { path: "b.toml", text })]).retain;
}

function refusal(text: string, ...words: string[]): string {
  return assertThrows(() => rules(text, ...words), UsageError).message;
}

const DAY = 86_400_000;

Deno.test("the config file has a table a pattern, in their order", () => {
  const text = `
    [[retain]]
    pattern = "#orders.>"
    age = "7d"
    bytes = "1 GiB"

    [[retain]]
    pattern = "logs.*=x"
    age = 3600

    [[retain]]
    pattern = "audit"
  `.replace("logs.*=x", "logs.a=x");
  assertEquals(rules(text), [
    { pattern: "#orders.>", age: 7 * DAY, bytes: 1024 ** 3 },
    { pattern: "#logs.a=x", age: 3_600_000, bytes: undefined },
    { pattern: "#audit", age: undefined, bytes: undefined },
  ]);
  assertEquals(rules('[retain]\npattern = "a"\nage = "1d"'), [{ pattern: "#a", age: DAY, bytes: undefined }]);
});

Deno.test("the command line has the same in one text, and wins as a whole", () => {
  assertEquals(
    rules('[[retain]]\npattern = "b"', "--retain", "orders.> age=7d bytes=1GiB", "--retain", "a"),
    [
      { pattern: "#orders.>", age: 7 * DAY, bytes: 1024 ** 3 },
      { pattern: "#a", age: undefined, bytes: undefined },
    ],
  );
});

Deno.test("an age of nought, of which nothing would be left, is refused wherever it stands", () => {
  const age = "a duration above 0, such as 7d (leave it out to keep all)";
  for (const nought of ["0", "0s", "0.1ms"]) {
    assertStringIncludes(refusal("", "--retain-age", nought), `--retain-age takes ${age}, not "${nought}"`);
    assertStringIncludes(
      refusal("", "--retain", `a age=${nought}`),
      `age of "#a" is ${age}, not "${nought}"`,
    );
  }
  assertStringIncludes(refusal("retain-age = 0"), age);
  assertStringIncludes(refusal('[[retain]]\npattern = "a"\nage = 0'), age);
});

Deno.test("a rule may say what becomes of what groups have not settled", () => {
  const rule = { pattern: "#a", age: DAY, bytes: undefined, groups: "ignore" } as const;
  assertEquals(rules('[[retain]]\npattern = "a"\nage = "1d"\ngroups = "ignore"'), [rule]);
  assertEquals(rules("", "--retain", "a age=1d groups=hold"), [{ ...rule, groups: "hold" }]);
  assertEquals(RETAIN.write?.(rule), "#a age=1d groups=ignore");
  assertStringIncludes(
    refusal("", "--retain", "a groups=yes"),
    'groups of "#a" is one of hold, ignore, not "yes"',
  );
});

Deno.test("a bad rule is named with the file, the key and the pattern", () => {
  const rule = (lines: string): string => refusal(`[[retain]]\npattern = "#ok"\n[[retain]]\n${lines}`);
  assertEquals(
    rule('pattern = "#a.>"\nage = "soon"'),
    'b.toml: retain: age of "#a.>" is a duration such as 500ms, 10s, 5m, 2h or 7d (at most 3650d), not "soon"',
  );
  assertStringIncludes(
    rule('pattern = "#a"\nbytes = "5KiB"'),
    'b.toml: retain: bytes of "#a" is a size from 1MiB',
  );
  assertEquals(
    rule('pattern = "#a"\nages = "7d"'),
    'b.toml: retain: unknown key "ages", did you mean "age"?',
  );
  assertEquals(rule('age = "7d"'), "b.toml: retain: the pattern is missing");
  assertStringIncludes(rule('pattern = "#a*"'), "b.toml: retain: a wildcard is a segment of its own");
  assertEquals(
    rule('pattern = "#a"\nage = true'),
    "b.toml: retain: age takes a string or a number, not true",
  );
  assertEquals(refusal("retain = 5"), "b.toml: retain takes a string or a table, not 5");
  assertStringIncludes(refusal("", "--retain", "a age"), 'age of "#a" is a duration');
  assertEquals(refusal("", "--retain", "a age=1d age=2d"), "--retain: age is given twice");
});
