/** What of the subscriber's options goes together, and what comes of it. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { planSubscriber, SUBSCRIBER, type SubscriberPlan } from "../../../lib/cli/subscriber/options.ts";
import { UsageError } from "../../../lib/errors.ts";

function planned(...words: readonly string[]): SubscriberPlan {
  const line = readArguments(SUBSCRIBER, words);
  if ("print" in line) throw new TypeError(`asked to print its ${line.print}`);
  return planSubscriber(readValues(SUBSCRIBER, [line.given]));
}

Deno.test("what contradicts itself is refused with what to leave out", () => {
  const cases: readonly (readonly [words: string, said: string])[] = [
    ["-t a -F %p -J", "-F and -J are two ways to print a message"],
    ["-t a -D ; -N", "-D and -N both say what stands after a message"],
    ["-t a --stats -F %p", "--stats prints no messages: leave -F out"],
    ["-t a --stats -D ;", "--stats prints no messages: leave -D out"],
    ["-t a --stats -N", "--stats prints no messages: leave -N out"],
    ["-t a --stats -F %p -N", "--stats prints no messages: leave -F and -N out"],
    ["-t a --record -", "--record - is no file"],
    ["-t a --latency-header x", "give --stats, too"],
    ["-t a --slow latest --protocol classic", "--slow needs protocol 2"],
    ["-t a --from 1 --protocol classic", "need protocol 2"],
    ["-t a --from 1 --since 5m", "--from and --since both say where to begin"],
    ["-t a -e --from now", "leave --from now out"],
    ["-t a --to 5 --from now", "leave --from now out"],
    ["-e", "-e needs -t PATTERN or -f FILE"],
    ["-E", "-E needs -t PATTERN or -f FILE"],
    ["-t a --from 9 --to 5", "--from: "],
    ["-t a --since 1h --to -2h", "--since: "],
    ["-t a -p 5 --reply -G g --ack exec -- true", "--reply needs --pub-port"],
  ];
  for (const [words, said] of cases) {
    assertStringIncludes(assertThrows(() => planned(...words.split(" ")), UsageError).message, said, words);
  }
});

Deno.test("what lies beside that is taken", () => {
  for (
    const words of [
      "-t a -F %p",
      "-t a -J",
      "-t a -D ;",
      "-t a -N",
      "-t a --stats -J",
      "-t a --stats --latency-header x",
      "-t a --record x",
      "-t a --protocol classic",
      "-t a --protocol 2 --slow latest --from 1",
      "-t a -C 1 -G g --jobs 1024 --ack exec -- true",
      "-t a -G g --jobs 1 --ack exec --reply --pub-port 1 -- true",
    ]
  ) planned(...words.split(" "));
  for (const words of ["-t a -C 0", "-t a --jobs 0", "-t a --jobs 1025", "-t a --pub-port 0", "-t a -F %"]) {
    assertThrows(() => planned(...words.split(" ")), UsageError);
  }
});

Deno.test("what is replayed, and whether it ends with that", () => {
  const of = (...words: readonly string[]): readonly unknown[] => {
    const { replay, endsWithReplay } = planned(...words);
    return [replay, endsWithReplay];
  };
  assertEquals(of("-t", "a"), [undefined, false]);
  assertEquals(of("-t", "a", "--from", "now"), [undefined, false]);
  assertEquals(of("-t", "a", "--from", "5"), [{ from: 5 }, false]);
  assertEquals(of("-t", "a", "--since", "5m"), [{ from: "-300s" }, false]);
  assertEquals(of("-t", "a", "-e"), [{ from: "earliest" }, true]);
  assertEquals(of("-t", "a", "--to", "9"), [{ from: "earliest", to: 9 }, true]);
  assertEquals(of("-e", "-f", "x.cmd"), [{ from: "earliest" }, true]);
  assertEquals(of("--to", "9", "-f", "x.cmd"), [{ from: "earliest", to: 9 }, true]);
  assertEquals(of("--from", "3", "-e", "-t", "a"), [{ from: 3 }, true]);
  assertEquals(of("--to", "9"), [{ from: "earliest", to: 9 }, false], "commands say of what");
});

Deno.test("who is asked for commands behind the file: a terminal, a pipe, or nobody", () => {
  const reads = (...words: readonly string[]): readonly boolean[] => {
    const { terminal, pipe } = planned(...words).reads;
    return [terminal, pipe];
  };
  assertEquals(reads(), [true, true]);
  assertEquals(reads("-C", "5"), [true, true]);
  assertEquals(reads("--no-input"), [false, false]);
  assertEquals(reads("-t", "a", "--no-input"), [false, false]);
  assertEquals(reads("-f", "x.cmd"), [true, true]);
  assertEquals(reads("-f", "x.cmd", "-E"), [false, false]);
  assertEquals(reads("-f", "x.cmd", "-e"), [false, false]);
  assertEquals(reads("-W", "5s"), [true, true]);
  assertEquals(reads("-t", "a"), [false, true]);
  assertEquals(reads("-t", "a", "-C", "5"), [false, false]);
  assertEquals(reads("-t", "a", "-W", "5s"), [false, false]);
  assertEquals(reads("-t", "a", "-E"), [false, false]);
  assertEquals(reads("-t", "a", "-e"), [false, false]);
  assertEquals(reads("-t", "a", "-G", "g", "--ack", "exec", "--", "true"), [false, false]);
  assertEquals(reads("-G", "g", "--ack", "exec", "--", "true"), [true, true]);
});

Deno.test("where answers go is said, or usual beside the usual port", () => {
  const worker = ["-t", "a", "-G", "g", "--ack", "exec"];
  const port = (...words: readonly string[]): number | undefined =>
    planned(...worker, ...words, "--", "true").pubPort;
  assertEquals([
    port(),
    port("--reply"),
    port("--reply", "--pub-port", "7"),
    port("--reply", "-p", "5", "--pub-port", "7"),
  ], [
    undefined,
    9000,
    7,
    7,
  ]);
});
