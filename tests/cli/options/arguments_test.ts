import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BROKER } from "../../../lib/cli/broker/options.ts";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import { wordsBehind } from "../../../lib/cli/options/table.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { UsageError } from "../../../lib/errors.ts";
import { read, SAMPLE } from "./sample_program.ts";

/** The message for words that are refused. */
function refusal(...words: string[]): string {
  return assertThrows(() => read(...words), UsageError).message;
}

Deno.test("ports work with a value, without one and left out", () => {
  const ports = (...words: string[]): number[] => {
    const options = read(...words);
    return [options["sub-port"], options["pub-port"]];
  };
  assertEquals(ports(), [9090, 9000]);
  assertEquals(ports("-s", "-p"), [9090, 9000]);
  assertEquals(ports("-s", "9091"), [9091, 9000]);
  assertEquals(ports("-s", "-p", "9001"), [9090, 9001]);
  assertEquals(ports("-p9001", "--sub-port=0"), [0, 9001]);
  assertEquals(ports("-p=9001", "--sub-port", "9091", "-v"), [9091, 9001]);
});

Deno.test("every form of an option gives the same", () => {
  for (
    const words of [["-m", "hi"], ["-m=hi"], ["-mhi"], ["--message", "hi"], ["--message=hi"], ["-vm", "hi"]]
  ) {
    assertEquals(read(...words).message, "hi", words.join(" "));
  }
  for (const words of [["-h", "::1"], ["-H", "::1"], ["--host", "::1"], ["-h::1"]]) {
    assertEquals(read(...words).host, "::1", words.join(" "));
  }
});

Deno.test("a letter that two options share means the one whose form the value has", () => {
  for (const words of [["-H", "k=v", "-H", "box"], ["-Hbox", "-Hk=v"], ["-vHk=v", "-h", "box"]]) {
    const { header, host } = read(...words);
    assertEquals([header, host], [["k=v"], "box"], words.join(" "));
  }
  assertEquals(read("-H", "a=b", "-Hc=d").header, ["a=b", "c=d"]);
  assertEquals(read("--host", "k=v").host, "k=v");
});

Deno.test("a required value may begin with a dash, be empty, or be an option's name", () => {
  for (const value of ["-hello", "--", "-", "-m", "--help", "", "a=b", "=", "a\nb", "-5", " ", "__proto__"]) {
    assertEquals(read("-v", "-m", value, "-q"), { ...read("-v", "-q"), message: value });
    assertEquals(read(`--message=${value}`).message, value);
  }
});

Deno.test("whatever text follows -m is the message", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")), (text) => {
    assertEquals(read("-m", text).message, text);
  }));
});

Deno.test("options that may come often keep their order, others take the last", () => {
  assertEquals(read("-t", "b", "--topic=#a", "-t", "b").topic, ["#b", "#a", "#b"]);
  assertEquals(read("-h", "alias", "-h", "mine").host, "mine");
  assertEquals(read("--wait", "1", "-W2").wait, 2000);
});

Deno.test("what says what is to be done is refused when two different ones are given", () => {
  assertEquals(
    refusal("-m", "one", "--message=two"),
    '--message is given twice, "one" and "two": take one; see sample --help',
  );
  assertEquals(read("-m", "same", "-m", "same").message, "same");
});

Deno.test("flags are there or not, alone or joined", () => {
  assertEquals([read().verbose, read()["no-reconnect"]], [false, false]);
  const options = read("-vq", "--no-reconnect");
  assertEquals([options.verbose, options.quiet, options["no-reconnect"]], [true, true, true]);
  assertEquals([read("-v", "--verbose=false").verbose, read("-v=false", "-v").verbose], [false, true]);
});

Deno.test("--help and --version are asked for, and a bare -h asks for the help", () => {
  for (const words of [["--help"], ["-h"], ["-v", "--help", "--nonsense"], ["-h", "-v"]]) {
    assertEquals(readArguments(SAMPLE, words), { print: "help" });
  }
  assertEquals(readArguments(SAMPLE, ["--version"]), { print: "version" });
});

Deno.test("-H without its value is no call for help, which would end with 0 and nothing done", () => {
  for (const words of [["-m", "x", "-H"], ["-H", "-v"]]) {
    assertEquals(refusal(...words), "-H needs a value, HOST; see sample --help");
  }
});

Deno.test("an unknown option is named, with the one that was meant", () => {
  assertEquals(
    refusal("--sub-prot", "1"),
    'unknown option "--sub-prot", did you mean --sub-port?; see sample --help',
  );
  assertEquals(refusal("--verb"), 'unknown option "--verb", did you mean --verbose?; see sample --help');
  assertEquals(
    refusal("-message", "x"),
    'unknown option "-message", did you mean --message?; see sample --help',
  );
  assertEquals(refusal("-x"), 'unknown option "-x"; see sample --help');
  assertEquals(refusal("-vx"), 'unknown option "-x"; see sample --help');
  for (const word of ["--__proto__", "--toString", "--constructor=1"]) refusal(word);
});

Deno.test("an option without its value is named, with the usual cause", () => {
  assertEquals(refusal("-m"), "-m needs a value, TEXT; see sample --help");
  assertEquals(
    refusal("-v", "--topic"),
    "--topic needs a value, PATTERN (an unquoted # starts a comment); see sample --help",
  );
});

Deno.test("what stray words may have meant is asked of the program, up to the next option, with what is given before", () => {
  const meant = (words: readonly string[], given: ReadonlySet<string>): string =>
    `${words.join("|")} with ${[...given].join()}`;
  const said = (...words: readonly string[]): string =>
    assertThrows(() => readArguments({ ...SAMPLE, meant }, words), UsageError).message;
  assertEquals(said("word", "two"), 'unexpected argument "word": word|two with ');
  assertEquals(said("-v", "word", "two", "-q", "three"), 'unexpected argument "word": word|two with verbose');
});

Deno.test("a stray word is named, with the option that swallowed the one before it", () => {
  assertEquals(
    refusal("-m", "hi", "there"),
    'unexpected argument "there" (put a value with spaces or # in it in quotes); see sample --help',
  );
  assertEquals(
    refusal("-t", "-m", "hi"),
    'unexpected argument "hi" (-t took "-m" as its value); see sample --help',
  );
  for (const word of ["-", "--", "", "word"]) refusal(word);
});

Deno.test("a value out of range is quoted, with what was expected and the option as it was written", () => {
  assertEquals(
    refusal("-p", "70000"),
    '-p takes a port from 0 to 65535 (0: any free one), not "70000"; see sample --help',
  );
  assertEquals(
    refusal("--pub-port=x\x1b"),
    '--pub-port takes a port from 0 to 65535 (0: any free one), not "x\\x1b"; see sample --help',
  );
  assertEquals(refusal("-C", "0"), '-C takes a whole number from 1 to 1000, not "0"; see sample --help');
  assertEquals(refusal("--slow", "maybe"), '--slow takes one of block, drop, not "maybe"; see sample --help');
  assertEquals(refusal("--host="), '--host takes a value that is not empty, not ""; see sample --help');
  for (const value of ["-5", "1.5", "1e3", "0x10", " 80", "80 ", "99999999999999999999"]) {
    refusal("-p", value);
  }
});

Deno.test("a flag takes no value", () => {
  assertEquals(refusal("--verbose=1"), '--verbose takes no value, "1" was given; see sample --help');
});

/** The sample program, which also runs a command. */
const RUNNER = {
  ...SAMPLE,
  options: { ...SAMPLE.options, command: wordsBehind({ placeholder: "COMMAND [ARG ...]", help: "runs it" }) },
};

/** What the program that runs commands gets from these words. */
function runner(
  ...words: string[]
): { readonly command: readonly string[] | undefined; readonly verbose: boolean } {
  const line = readArguments(RUNNER, words);
  if ("print" in line) throw new TypeError(`asked to print its ${line.print}`);
  return readValues(RUNNER, [line.given]);
}

Deno.test("the words behind -- are a command, as they are", () => {
  const words = ["sh", "-c", "echo a  b", "", "--help", "--", "-v"];
  const { command, verbose } = runner("-t", "a", "--", ...words);
  assertEquals(command, words);
  assertEquals(verbose, false);
  assertEquals(runner("-v").command, undefined);
});

Deno.test("a -- with nothing behind it is told, and so is one where no command is run", () => {
  const none = assertThrows(() => runner("-v", "--"), UsageError).message;
  assertEquals(none, "-- needs COMMAND [ARG ...] behind it; see sample --help");
  assertEquals(
    assertThrows(() => runner("--command", "sh"), UsageError).message.slice(0, 26),
    'unknown option "--command"',
  );
  assertMatch(refusal("--", "sh"), /^unexpected argument "--"/);
});

Deno.test("what is no option is an argument that nobody expected, a dash or two of them as well", () => {
  for (const word of ["-", "--", "", "word"]) {
    assertEquals(
      refusal(word),
      `unexpected argument "${word}" (put a value with spaces or # in it in quotes); see sample --help`,
    );
  }
});

Deno.test("a flag may be said to be on, whichever way it is written, and leaves the others what they are", () => {
  for (const words of [["--verbose=true"], ["-v=true"], ["-v=false", "-v"]]) {
    assertEquals(read(...words).verbose, true, words.join(" "));
  }
  const { verbose, quiet } = read("-q", "-v", "--no-reconnect", "-v=false");
  assertEquals([verbose, quiet, read("-q", "-v", "--no-reconnect", "-v=false")["no-reconnect"]], [
    false,
    true,
    true,
  ]);
});

Deno.test("a job that is given twice is told, also where it was given without its value", () => {
  const broker = (...words: string[]): string =>
    assertThrows(() => readArguments(BROKER, words), UsageError).message;
  assertEquals(
    broker("--import", "--import", "x"),
    '--import is given twice, nothing and "x": take one; see broker --help',
  );
  assertEquals(
    broker("--import=x", "--import"),
    '--import is given twice, "x" and nothing: take one; see broker --help',
  );
});

Deno.test("a word behind a flag is asked about, one behind a value that it may be more of is not", () => {
  const meant = (): string => "meant";
  const said = (...words: readonly string[]): string =>
    assertThrows(() => readArguments({ ...SAMPLE, meant }, words), UsageError).message;
  const quotes = "(put a value with spaces or # in it in quotes); see sample --help";
  assertEquals(said("-m", "hi", "there"), `unexpected argument "there" ${quotes}`);
  assertEquals(said("-m", "hi", "-v", "there"), 'unexpected argument "there": meant');
  // a count of two words is none
  assertEquals(said("-C", "5", "there"), 'unexpected argument "there": meant');
  assertEquals(said("-s", "5", "there"), 'unexpected argument "there": meant');
  assertEquals(
    said("-t", "-m", "hi"),
    'unexpected argument "hi" (-t took "-m" as its value); see sample --help',
  );
});

Deno.test("an option whose value may be left out takes a number below nothing for its value", () => {
  assertEquals(refusal("-s", "-5").startsWith("-s takes a port"), true);
  assertEquals(read("-s", "-v").verbose, true);
  assertEquals(refusal("-s", "--5"), 'unknown option "--5"; see sample --help');
});

Deno.test("letters behind a flag are flags, up to one that takes the rest", () => {
  const { verbose, quiet, message } = read("-vqmhi");
  assertEquals([verbose, quiet, message], [true, true, "hi"]);
  assertEquals(read("-vm=hi").message, "hi");
  assertEquals(readArguments(SAMPLE, ["-vh"]), { print: "help" });
});

Deno.test("what is given is told with how it was written last, and where", () => {
  const line = readArguments(RUNNER, ["-t", "a", "--topic=b", "-vq", "--", "run", "it"]);
  if ("print" in line) throw new TypeError(`asked to print its ${line.print}`);
  assertEquals([...line.given], [
    ["topic", { source: "--topic", from: "flag --topic", texts: ["a", "b"] }],
    ["verbose", { source: "-v", from: "flag -v", texts: ["true"] }],
    ["quiet", { source: "-q", from: "flag -q", texts: ["true"] }],
    ["command", { source: "--", from: "command line", texts: ["run", "it"] }],
  ]);
});
