import { assertEquals, assertThrows } from "@std/assert";
import { readArguments } from "../../../../lib/cli/options/arguments.ts";
import { readValues } from "../../../../lib/cli/options/values.ts";
import { SUBSCRIBER, type SubscriberOptions } from "../../../../lib/cli/subscriber/options.ts";
import { checkWorker } from "../../../../lib/cli/subscriber/worker/options.ts";
import { windowOf } from "../../../../lib/cli/subscriber/worker/start.ts";
import { UsageError } from "../../../../lib/errors.ts";

function options(...words: string[]): SubscriberOptions {
  const line = readArguments(SUBSCRIBER, ["-t", "a", ...words]);
  if ("print" in line) throw new TypeError(`asked to print its ${line.print}`);
  return readValues(SUBSCRIBER, [line.given]);
}

const WORKER = ["-G", "g", "--ack", "exec"];

Deno.test("a worker has a group and a command, and what belongs to it", () => {
  for (
    const words of [[], ["-G", "g"], [...WORKER, "--jobs", "2", "--retry-delay", "0", "--", "true", "-F"]]
  ) {
    checkWorker(options(...words));
  }
});

Deno.test("what a worker lacks or cannot have, and what is a worker's alone, is told", () => {
  const usage = "subscriber -t TOPIC -G NAME --ack exec -- COMMAND";
  const leave = (what: string): string =>
    `--ack exec prints what the command prints, and no messages: leave ${what} out`;
  const cases: [string[], string][] = [
    [WORKER, `--ack exec needs the command that is run for each message: ${usage}`],
    [["--ack", "exec", "--", "true"], `--ack exec is for a member of a group: give -G NAME, too (${usage})`],
    [["-G", "g", "--", "cat", "a b"], "-- cat 'a b' is run for each message with --ack exec: give that, too"],
    [["-G", "g", "--jobs", "2"], "--jobs is for --ack exec, which runs a command for each message"],
    [["--retry-delay", "0"], "--retry-delay is for --ack exec, which runs a command for each message"],
    [[...WORKER, "-F", "%p", "--", "true"], leave("-F")],
    [[...WORKER, "-J", "--", "true"], leave("-J")],
    [[...WORKER, "-D", ",", "--", "true"], leave("-D")],
    [[...WORKER, "-N", "--stats", "--record", "f", "--", "true"], leave("-N and --stats and --record")],
    [
      [...WORKER, "-T", "b", "--", "true"],
      "--ack exec runs the command for every message it is given: leave -T out",
    ],
    [
      [...WORKER, "--speed", "2", "--", "true"],
      "--speed is for what is replayed, and a group shares it: leave it out",
    ],
  ];
  for (const [words, told] of cases) {
    assertEquals(assertThrows(() => checkWorker(options(...words)), UsageError).message, told);
  }
});

Deno.test("a worker's window is what it can work on, unless another is given, and no more than it takes", () => {
  const window = (...words: string[]): number | undefined =>
    windowOf(options(...WORKER, ...words, "--", "true"));
  assertEquals(window(), 1);
  assertEquals(window("--jobs", "4"), 4);
  assertEquals(window("--jobs", "4", "-C", "2"), 2);
  assertEquals(window("--jobs", "2", "-C", "4"), 2);
  assertEquals(window("--jobs", "4", "--window", "9"), 9);
});
