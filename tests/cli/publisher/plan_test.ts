import { assertEquals, assertThrows } from "@std/assert";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import { withOffset } from "../../../lib/cli/options/local_time.ts";
import { ReadTime } from "../../../lib/cli/options/position.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { PUBLISHER, type PublisherOptions } from "../../../lib/cli/publisher/options.ts";
import { aboutAt, planPublisher, type PublisherPlan } from "../../../lib/cli/publisher/plan.ts";
import { UsageError } from "../../../lib/errors.ts";
import { TIMER_MOST_MS } from "../../../lib/limits.ts";

/** What the publisher is to do with these words. */
function planOf(...words: readonly string[]): PublisherPlan {
  return planPublisher(optionsOf(...words));
}

function optionsOf(...words: readonly string[]): PublisherOptions {
  const line = readArguments(PUBLISHER, words);
  if ("print" in line) throw new TypeError(`asked to print its ${line.print}`);
  return readValues(PUBLISHER, [line.given]);
}

const ONE = ["-t", "#a", "-m", "x"];
const LINES = ["-t", "#a", "-l"];

Deno.test("where messages come from is what the options say", () => {
  assertEquals(planOf().source, { kind: "commands", file: undefined });
  assertEquals(planOf("-f", "a.cmd").source, { kind: "commands", file: "a.cmd" });
  assertEquals(planOf(...ONE).source, { kind: "message", text: "x" });
  assertEquals(planOf("-t", "#a", "-n").source, { kind: "message", text: "" });
  assertEquals(planOf("-t", "#a", "-s").source, { kind: "stdin" });
  assertEquals(planOf("-t", "#a", "--payload-file", "p").source, { kind: "payload file", path: "p" });
  assertEquals(planOf(...LINES).source, { kind: "lines" });
  assertEquals(planOf("--json-in").source, { kind: "json lines" });
  assertEquals(planOf("-t", "#b", ...ONE, "-t", "b").topics, ["#b", "#a"]);
});

Deno.test("what goes with each message is in the plan, and nothing where nothing was given", () => {
  assertEquals(planOf(...ONE).message, undefined);
  const { message } = planOf(...ONE, "--header", "k=v", "--key", "a", "--ttl", "1500ms", "--message-id", "i");
  assertEquals(message, { headers: new Map([["k", "v"]]), key: "a", ttl: 1.5, id: "i" });
  assertEquals(planOf(...ONE, "--delay", "90s").message?.delay, 90_000);
  const at = "2030-01-02T03:04:05Z";
  assertEquals(planOf(...ONE, "--at", at).message?.at?.toISOString(), new Date(at).toISOString());
});

Deno.test("a message has what it is asked to have, with times as they are told to the broker", () => {
  const words = ["--reply", "#r", "--timeout", "2s", "--min-subs", "3", "--delay", "1500ms"];
  const { message } = planOf(...LINES, "--reply", "#r", "--timeout", "2s", "--min-subs", "3");
  assertEquals(message, { reply: "#r", timeout: 2000, minSubs: 3 });
  assertEquals(planOf(...LINES, ...words.slice(6)).message, { delay: 1500 });
  assertEquals(planOf(...LINES, "--timeout", "1d").message, { timeout: 86_400_000 });
  assertEquals(planOf(...LINES, "--timeout", "100d").message, { timeout: TIMER_MOST_MS });
});

Deno.test("what is told of --at is what was read and that it is past, if it is", () => {
  const of = (at: string, now: number): string | undefined => aboutAt(optionsOf(...ONE, "--at", at), now);
  const noon = Date.UTC(2030, 0, 1, 12);
  assertEquals(aboutAt(optionsOf(...ONE), noon), undefined);
  assertEquals(of("2030-01-01T12:00:00Z", noon - 1), undefined);
  for (const now of [noon, noon + 1]) {
    assertEquals(
      of("2030-01-01T12:00:00Z", now),
      "--at 2030-01-01T12:00:00.000Z: that is past, so it is delivered at once",
    );
  }
  const at = new ReadTime(noon, { written: "12:00" });
  const options = { ...optionsOf(...ONE), at };
  assertEquals(aboutAt(options, noon - 1), `--at 12:00 is ${withOffset(at)}`);
  assertEquals(
    aboutAt(options, noon),
    `--at 12:00 is ${withOffset(at)}: that is past, so it is delivered at once`,
  );
});

/** Words that do not go together, and a part of what is said. */
const REFUSED: readonly (readonly [words: readonly string[], said: string])[] = [
  [["-f", "a.cmd", "--repeat", "2"], "--repeat repeats one message"],
  [[...LINES, "--repeat", "2"], "--repeat repeats one message"],
  [["-f", "a.cmd", "--rate", "5"], "--rate needs -t"],
  [[...ONE, "--delay", "1s", "--at", "2030-01-02T03:04:05Z"], "--delay and --at are two ways"],
  [[...ONE, "--delay", "1s", "--min-subs", "1"], "with --delay nobody does yet"],
  [[...ONE, "--at", "2030-01-02T03:04:05Z", "--min-subs", "1"], "with --at nobody does yet"],
  [[...ONE, "--delay", "366d"], "--delay takes at most"],
  [[...ONE, "--ttl", "0s"], '--ttl takes a duration above 0, such as 500ms or 10s, not "0s"'],
  [[...ONE, "--ttl", "0.0001"], '--ttl takes a duration above 0, such as 500ms or 10s, not "0.0001"'],
  [[...ONE, "--timeout", "0s"], "--timeout takes a duration above 0"],
  [[...ONE, "--stamp", "t", "--header", "t=1"], "--stamp and --header both give"],
  [["-f", "a.cmd", ...ONE], "-t and -f are two ways to say what to publish: take one"],
  [["-f", "a.cmd", "--json-in"], "--json-in and -f are two ways to say what to publish: take one"],
  [[...ONE, "-n"], "-m and -n are different messages: take one"],
  [["-t", "#a", "-l", "-s", "--payload-file", "p"], "-l and -s and --payload-file are different messages"],
  [["-m", "x"], "-m needs -t TOPIC to publish to"],
  [["-t", "#a"], "-t needs what to publish: -m TEXT"],
  [["-t", "#a", "-m", "x\ny", "--protocol", "classic"], "-m has a line break in it"],
  [["--key", "a"], "--key needs -t"],
  [[...ONE, "--key", "a", "--protocol", "classic"], "--key needs protocol 2"],
  [[...ONE, "--min-subs", "1", "--protocol", "classic"], "--min-subs needs protocol 2"],
  [[...LINES, "--message-id", "i"], "--message-id and -l"],
  [["--json-in", "--message-id", "i"], "--message-id and --json-in"],
  [[...ONE, "--repeat", "2", "--message-id", "i"], "--message-id and --repeat"],
  [[...ONE, "-D", ";"], "-D says what ends a message"],
  [[...ONE, "-K", ":"], "-K says where the key of a line"],
  [["--json-in", "-K", ":"], "-K and --json-in"],
  [[...LINES, "-K", ":", "--key", "a"], "-K and --key are two ways"],
  [["--request"], "--request asks at one topic"],
  [[...ONE, "-t", "#b", "--request"], "--request asks at one topic"],
  [[...ONE, "--request", "--reply", "#r"], "--reply does not go together with --request"],
  [[...ONE, "--request", "--delay", "1s"], "--delay does not go together with --request"],
  [[...ONE, "--request", "-p", "9001"], "--request needs --sub-port"],
  [["--json-in", "-t", "#a", "--request"], "--request asks at one topic"],
  [[...ONE, "--request", "--repeat", "2"], "--repeat does not go together with --request"],
  [[...ONE, "--request", "--rate", "2"], "--rate does not go together with --request"],
  [[...ONE, "--request", "--stamp"], "--stamp does not go together with --request"],
  [[...ONE, "--request", "--min-subs", "1"], "--min-subs does not go together with --request"],
  [[...ONE, "--request", "--at", "2030-01-02T03:04:05Z"], "--at does not go together with --request"],
  [[...ONE, "--request", "--protocol", "classic"], "--request needs protocol 2"],
  [["--json-in", "--repeat", "2"], "--repeat repeats one message"],
  [[...LINES, "-K", ":", "--protocol", "classic"], "-K needs protocol 2"],
  [[...ONE, "--stamp", "--protocol", "classic"], "--stamp needs protocol 2"],
  ...([["header", "a=b"], ["ttl", "1s"], ["delay", "1s"], ["reply", "#r"], ["message-id", "i"], [
    "at",
    "2030-01-02T03:04:05Z",
  ]] as const).flatMap(([name, value]): [string[], string][] => [
    [[...ONE, `--${name}`, value, "--protocol", "classic"], `--${name} needs protocol 2`],
    [["-f", "a.cmd", `--${name}`, value], `--${name} needs -t; what goes with`],
  ]),
  [["-s", "-K", ":", "-t", "#a"], "-K says where the key of a line"],
  [["-f", "a.cmd", "-D", ";"], "-D says what ends a message"],
  [["-f", "a.cmd", "-t", "#a"], "-t and -f are two ways"],
  [["--delay", "1s", ...ONE, "--min-subs", "2"], "--min-subs counts who gets a message now"],
];

for (const [words, said] of REFUSED) {
  Deno.test(`refused: publisher ${words.join(" ")}`, () => {
    assertThrows(() => planOf(...words), UsageError, said);
  });
}

Deno.test("what lies beside that is taken", () => {
  planOf(...ONE, "--repeat", "2", "--rate", "5");
  planOf(...LINES, "--rate", "5", "-K", ":", "-D", ";");
  planOf(...ONE, "--delay", "365d");
  planOf(...ONE, "--delay", "0s");
  planOf(...ONE, "--ttl", "1ms", "--timeout", "1ms", "--min-subs", "1");
  planOf(...ONE, "--at", "2030-01-02T03:04:05Z");
  planOf(...ONE, "--message-id", "i");
  planOf(...ONE, "--stamp", "t", "--header", "u=1");
  for (const each of [ONE, LINES, ["-f", "a.cmd"], ["--json-in"]]) planOf(...each, "--protocol", "classic");
  planOf("--json-in", "-D", ";", "--key", "a", "--rate", "5");
  planOf(...LINES, "--key", "a");
  assertEquals(planOf("-t", "#a", "-m", "x\ny").source, { kind: "message", text: "x\ny" });
  planOf(...ONE, "--request");
  assertEquals(planOf(...ONE, "--request", "-p", "9001", "--sub-port", "9091").subPort, 9091);
  assertEquals(planOf(...ONE).subPort, 9090);
});
