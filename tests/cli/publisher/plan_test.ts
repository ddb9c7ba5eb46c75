import { assertEquals, assertThrows } from "@std/assert";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { PUBLISHER } from "../../../lib/cli/publisher/options.ts";
import { planPublisher, type PublisherPlan } from "../../../lib/cli/publisher/plan.ts";
import { UsageError } from "../../../lib/errors.ts";

/** What the publisher is to do with these words. */
function planOf(...words: readonly string[]): PublisherPlan {
  const line = readArguments(PUBLISHER, words);
  if ("print" in line) throw new TypeError(`asked to print its ${line.print}`);
  return planPublisher(readValues(PUBLISHER, [line.given]));
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

/** Words that do not go together, and a part of what is said. */
const REFUSED: readonly (readonly [words: readonly string[], said: string])[] = [
  [["-f", "a.cmd", "--repeat", "2"], "--repeat repeats one message"],
  [[...LINES, "--repeat", "2"], "--repeat repeats one message"],
  [["-f", "a.cmd", "--rate", "5"], "--rate needs -t"],
  [[...ONE, "--delay", "1s", "--at", "2030-01-02T03:04:05Z"], "--delay and --at are two ways"],
  [[...ONE, "--delay", "1s", "--min-subs", "1"], "with --delay nobody does yet"],
  [[...ONE, "--at", "2030-01-02T03:04:05Z", "--min-subs", "1"], "with --at nobody does yet"],
  [[...ONE, "--delay", "366d"], "--delay takes at most"],
  [[...ONE, "--ttl", "0s"], "--ttl takes a duration above 0"],
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
  planOf(...ONE, "--message-id", "i");
  planOf(...ONE, "--request");
  assertEquals(planOf(...ONE, "--request", "-p", "9001", "--sub-port", "9091").subPort, 9091);
  assertEquals(planOf(...ONE).subPort, 9090);
});
