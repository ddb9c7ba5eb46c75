/** The publisher as a process, at a real broker. */
import { assert, assertEquals, assertGreaterOrEqual, assertMatch, assertStringIncludes } from "@std/assert";
import { startExerciseBroker } from "../client/exercise_broker.ts";
import { Program } from "../../scripts/program.ts";
import { commandOf, endOf, publisherOf, run, start, startSubscribed } from "../cli/run_program.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { freePort } from "../support/ports.ts";

/** What a subscriber of everything prints while `publish` runs; the last message has to be `end`. */
async function printed(broker: RunningBroker, publish: () => Promise<void>): Promise<string> {
  await using subscriber = await startSubscribed(broker, { pattern: "#>" });
  await publish();
  await subscriber.see(/^#end $/m);
  return subscriber.stdout.replace(/#end \n$/, "");
}

async function publish(broker: RunningBroker, ...args: readonly string[]): Promise<void> {
  assertEquals(await run("publisher", [...publisherOf(broker), ...args]), {
    code: 0,
    stdout: "",
    stderr: "",
  });
}

Deno.test("each way to name a message on the command line publishes it and exits 0", async () => {
  await using broker = await startBroker();
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "from a file");
    const output = await printed(broker, async () => {
      await publish(broker, "-t", "#hello", "-m", "hi there");
      await publish(broker, "-t", "hello", "-m", "-x --help");
      await publish(broker, "-t", "hello", "-m", "--");
      await publish(broker, "-t", "hello", "-n");
      await publish(broker, "-t", "hello", "--payload-file", file);
      await publish(broker, "-t", "again", "-m", "x", "--repeat", "3");
      const whole = await run("publisher", [...publisherOf(broker), "-t", "whole", "-s"], {
        stdin: "all of it",
      });
      assertEquals(whole, { code: 0, stdout: "", stderr: "" });
      await publish(broker, "-t", "end", "-n");
    });
    const hello = ["hi there", "-x --help", "--", "", "from a file"].map((text) => `#hello ${text}\n`);
    assertEquals(output, `${hello.join("")}${"#again x\n".repeat(3)}#whole all of it\n`);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("-l publishes each line of stdin, its bytes untouched", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#lines", args: ["-F", "%x"] });
  const stdin = new Uint8Array([0x61, 0x0a, 0x0a, 0xff, 0xfe, 0x0d, 0x0a, 0x7a]);
  assertEquals((await run("publisher", [...publisherOf(broker), "-t", "lines", "-l"], { stdin })).code, 0);
  await subscriber.see(/^7a$/m);
  assertEquals(subscriber.stdout, "61\n\nfffe\n7a\n");
});

Deno.test("--json prints an object for each acknowledged message", async () => {
  await using broker = await startBroker();
  const args = [...publisherOf(broker), "-t", "hello", "-l", "--json"];
  const { code, stdout } = await run("publisher", args, { stdin: "one\ntwo\n" });
  const objects = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals([code, objects.map(({ topic, payload }) => [topic, payload])], [0, [["#hello", "one"], [
    "#hello",
    "two",
  ]]]);
});

Deno.test("a command file runs with its waits, then a pipe of commands", async () => {
  await using broker = await startBroker();
  const file = await Deno.makeTempFile({ suffix: ".cmd" });
  try {
    await Deno.writeTextFile(file, "# first\n0.1 pub #hello one\r\n\n0.1 pub hello  two \n");
    const start = performance.now();
    const output = await printed(broker, async () => {
      const args = [...publisherOf(broker), "-f", file, "-v"];
      const { code, stderr } = await run("publisher", args, { stdin: "pub #end\nquit\npub #end late" });
      assertEquals(code, 0);
      assertStringIncludes(stderr, "publisher: 3 published, 0 refused\n");
    });
    assertEquals(output, "#hello one\n#hello  two \n");
    assertGreaterOrEqual(performance.now() - start, 200);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("-f - reads the commands from stdin and checks them before it connects", async () => {
  await using broker = await startBroker();
  const good = await run("publisher", [...publisherOf(broker), "-f", "-", "-v"], {
    stdin: "pub #a 1\npub #a 2",
  });
  assertEquals(good.code, 0);
  assertStringIncludes(good.stderr, "2 published");
  const bad = await run("publisher", ["-i", "p1", "-p", "1", "-f", "-"], { stdin: "pub #a 1\nnope\nsub #a" });
  assertEquals(bad.code, 2);
  assertEquals(bad.stderr.split("\n").map((line) => line.slice(0, 18)), [
    "publisher: stdin:2",
    "publisher: stdin:3",
    "",
  ]);
});

Deno.test("a refused command ends with 1 and its place; with --keep-going the rest is published", async () => {
  await using broker = await startBroker(["--max-topic", "16"]);
  const stdin = `pub #a 1\npub #${"long".repeat(10)} 2\npub #a 3\n`;
  const args = [...publisherOf(broker), "-f", "-", "-v"];
  const stopped = await run("publisher", args, { stdin });
  assertEquals(stopped.code, 1);
  assertMatch(stopped.stderr, /^publisher: stdin:2: the broker refused to publish to "#long.*BAD_TOPIC/m);
  const going = await run("publisher", [...args, "--keep-going"], { stdin });
  assertEquals(going.code, 1);
  assertMatch(going.stderr, /^publisher: stdin:2: the broker refused/m);
  assertStringIncludes(going.stderr, "publisher: 2 published, 1 refused\n");
});

Deno.test("--rate spreads the messages over time", async () => {
  await using broker = await startBroker();
  const start = performance.now();
  await publish(broker, "-t", "a", "-m", "x", "--repeat", "11", "--rate", "50");
  assertGreaterOrEqual(performance.now() - start, 200);
});

Deno.test("one publisher of a shell loop leaves the loop's input alone", async () => {
  await using broker = await startBroker();
  const output = await printed(broker, async () => {
    const loop = `while read word; do "$@" -m "$word"; done; "$@" -l </dev/null`;
    const command = [...commandOf("publisher"), ...publisherOf(broker), "-t", "loop"];
    const child = Program.start(["sh", "-c", loop, "sh", ...command], { stdin: "1\n2\n3\n" });
    assertEquals(await endOf(child), { code: 0, stdout: "", stderr: "" });
    await publish(broker, "-t", "end", "-n");
  });
  assertEquals(output, "#loop 1\n#loop 2\n#loop 3\n");
});

Deno.test("-r is the port the connection leaves from", async () => {
  await using broker = await startBroker();
  const port = freePort();
  const { code, stderr } = await run("publisher", [
    ...publisherOf(broker),
    "-r",
    `${port}`,
    "-t",
    "a",
    "-m",
    "x",
    "-v",
  ]);
  assertEquals(code, 0);
  assertStringIncludes(stderr, `from port ${port}, protocol 2\n`);
});

Deno.test("a second SIGINT ends at once with 130", async () => {
  // a broker that never answers holds what was accepted back
  await using broker = startExerciseBroker({
    answer: (request) => request.includes(" pub ") ? "" : "OK",
  });
  await using publisher = start("publisher", ["-i", "p1", "-p", `${broker.pubPort}`, "-t", "a", "-m", "x"]);
  await broker.until((reads) => reads.length > 0);
  // two that come at once may be seen as one
  const again = setInterval(() => publisher.kill("SIGINT"), 50);
  try {
    assertEquals((await publisher.ended).code, 130);
  } finally {
    clearInterval(again);
  }
});

Deno.test("a lost connection is told, tried again, and what was not acknowledged is sent again", async () => {
  await using first = await startBroker(["-s", `${freePort()}`, "-p", `${freePort()}`]);
  const ports = ["-s", `${first.subPort}`, "-p", `${first.pubPort}`];
  await using publisher = start("publisher", [...publisherOf(first), "--json"], { stdin: "open" });
  await publisher.write("pub #a 1\n");
  await publisher.see(/"payload":"1"/);
  await first.stop("SIGKILL");
  await publisher.write("pub #a 2\n");
  await publisher.see(/^publisher: connection lost \(.+\), trying again in \d+ ms$/m, { on: "stderr" });
  await using _second = await startBroker(ports);
  await publisher.see(/"payload":"2"/);
  await publisher.end();
  assertEquals((await publisher.ended).code, 0);
  assertStringIncludes(publisher.stderr, "restored\n");
});

Deno.test("with --no-reconnect a lost connection ends with 1 and one line", async () => {
  await using broker = await startBroker();
  await using publisher = start("publisher", [...publisherOf(broker), "--no-reconnect", "--json"], {
    stdin: "open",
  });
  await publisher.write("pub #a 1\n");
  await publisher.see(/"payload":"1"/);
  await broker.stop();
  assertEquals((await publisher.ended).code, 1);
  assertMatch(publisher.stderr, /^publisher: lost the broker at .*\n$/);
});

Deno.test("it publishes to a broker of the exercise, which answers nothing but OK", async () => {
  await using broker = startExerciseBroker({ ending: "" });
  const args = ["-i", "p1", "-p", `${broker.pubPort}`, "-f", "-", "-v"];
  const { code, stderr } = await run("publisher", args, {
    stdin: "pub #hello first\n0.1 pub #hello second\nquit\n",
  });
  assertEquals(code, 0);
  assertStringIncludes(stderr, "2 published, 0 refused");
  assertEquals(broker.reads.slice(0, 2), ["p1 pub #hello first\n", "p1 pub #hello second\n"]);
});

interface Refusal {
  readonly args: readonly string[];
  readonly code: number;
  readonly says: RegExp;
}

const REFUSALS: readonly Refusal[] = [
  { args: ["-t", "a", "-n", "-i"], code: 2, says: /-i needs a value, ID/ },
  { args: ["-i", "p1", "-t"], code: 2, says: /-t needs a value.*unquoted # starts a comment/ },
  { args: ["-i", "p1", "-t", "hello"], code: 2, says: /-t needs what to publish/ },
  { args: ["-i", "p1", "-m", "x"], code: 2, says: /-m needs -t TOPIC/ },
  { args: ["-i", "p1", "-t", "a", "-m", "x", "-l"], code: 2, says: /-m and -l are different messages/ },
  {
    args: ["-i", "p1", "-t", "a", "-m", "x\ny", "--protocol", "classic"],
    code: 2,
    says: /-m has a line break/,
  },
  {
    args: ["-i", "p1", "-t", "a", "-n", "--protocol", "3"],
    code: 2,
    says: /one of auto, classic, 2, not "3"/,
  },
  {
    args: ["-i", "p1", "-t", "a", "-n", "--header", "x"],
    code: 2,
    says: /--header takes NAME=VALUE.*not "x"/,
  },
  { args: ["-i", "p1", "-t", "a", "-n", "--ttl", "0s"], code: 2, says: /--ttl takes a duration above 0/ },
  {
    args: ["-i", "p1", "-t", "a", "-n", "--delay", "5s", "--at", "@1763900000"],
    code: 2,
    says: /--delay and --at are two ways/,
  },
  {
    args: ["-i", "p1", "-t", "a", "-n", "--delay", "366d"],
    code: 2,
    says: /--delay takes at most 365d, not 366d/,
  },
  { args: ["-i", "p1", "-t", "a", "-n", "--at", "-10m"], code: 2, says: /--at takes a time .*not "-10m"/ },
  {
    args: ["-i", "p1", "-t", "a", "-n", "--at", "@1763900000", "--min-subs", "1"],
    code: 2,
    says: /--min-subs counts who gets a message now, and with --at/,
  },
  { args: ["-i", "p1", "--delay", "5s"], code: 2, says: /--delay needs -t/ },
  { args: ["-i", "p1", "--key", "x"], code: 2, says: /--key needs -t/ },
  {
    args: ["-i", "p1", "-t", "a", "-n", "--ttl", "5s", "--protocol", "classic"],
    code: 2,
    says: /--ttl needs protocol 2/,
  },
  { args: ["-i", "p1", "-t", "a.*", "-m", "x"], code: 2, says: /-t: a topic to publish to has no wildcards/ },
  { args: ["-i", "p1", "-t", "a", "-m", "x", "-f", "y"], code: 2, says: /-t and -f are two ways/ },
  { args: ["-i", "p1", "--repeat", "2"], code: 2, says: /--repeat repeats one message/ },
  { args: ["-i", "p1", "--rate", "2"], code: 2, says: /--rate needs -t/ },
  { args: ["-i", "p 1", "-t", "a", "-n"], code: 2, says: /-i takes one word.*"p 1"/ },
  { args: ["-i", "p1", "-p", "70000"], code: 2, says: /-p takes a port from 1 to 65535, not "70000"/ },
  { args: ["-i", "p1", "--nonsense"], code: 2, says: /unknown option "--nonsense"/ },
  {
    args: ["-i", "p1", "-f", "/no/such.cmd"],
    code: 2,
    says: /cannot read the command file "\/no\/such.cmd": no such/,
  },
  {
    args: ["-i", "p1", "-t", "a", "--payload-file", "/"],
    code: 2,
    says: /payload file "\/": it is a directory/,
  },
  {
    args: ["-i", "p1", "-p", "1", "--connect-timeout", "0", "-t", "a", "-n"],
    code: 1,
    says: /no broker at 127.0.0.1:1/,
  },
];

Deno.test("what is wrong is one line on stderr, without a stack, and an exit code", async () => {
  for (const { args, code, says } of REFUSALS) {
    const ended = await run("publisher", args);
    assertEquals([ended.code, ended.stdout], [code, ""], args.join(" "));
    assertMatch(ended.stderr, /^publisher: [^\n]*\n$/, args.join(" "));
    assertMatch(ended.stderr, says);
  }
});

Deno.test("a message of several lines is refused in the classic protocol with what to do", async () => {
  await using broker = await startBroker();
  const args = [...publisherOf(broker), "--protocol", "classic", "-t", "a", "-s"];
  assertEquals(await run("publisher", args, { stdin: "a\nb\n" }), {
    code: 1,
    stdout: "",
    stderr: "publisher: stdin has several lines, and a message is one line in the classic protocol: " +
      "-l publishes each line of stdin\n",
  });
  const oneLine = await run("publisher", args, { stdin: "one line\n" });
  assertEquals([oneLine.code, oneLine.stdout], [1, ""]);
  assertMatch(oneLine.stderr, /^publisher: stdin ends with a line break, and a message is one line[^\n]*\n$/);
  assertEquals((await run("publisher", args, { stdin: "one line" })).code, 0);
});

Deno.test("--help and --version go to stdout and end with 0", async () => {
  const help = await run("publisher", ["--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  assertStringIncludes(help.stdout, "-t hello and -t '#hello' are the same topic");
  const version = await run("publisher", ["--version"]);
  assertMatch(version.stdout, /^publisher \d+\.\d+\.\d+\n$/);
  assert((await run("publisher", ["-h"])).stdout === help.stdout);
});
