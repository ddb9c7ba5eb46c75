/** The publisher under SIGTERM and Ctrl-C: it always ends, and with 0 only where all of its input is published. */
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { Program } from "../../scripts/program.ts";
import { commandOf, endOf, publisherOf, start, startSubscribed, subscriberOf } from "../cli/run_program.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { Terminal, testOnTerminal } from "../cli/terminal.ts";
import { freePort } from "../support/ports.ts";
import { Place } from "./place.ts";
import { startHesitant, startSilent } from "./late_brokers.ts";

/** When all of it is written, the program has read most of it. */
const MORE_THAN_A_PIPE_HOLDS = "x\n".repeat(200_000);

/** A v2 broker that stands still from when the publisher is connected. */
async function stopped(broker: RunningBroker, args: readonly string[], stdin?: "open"): Promise<Program> {
  const publisher = start(
    "publisher",
    [...publisherOf(broker), "-v", ...args],
    stdin === undefined ? {} : { stdin },
  );
  await publisher.see(/connected to/, { on: "stderr" });
  broker.kill("SIGSTOP");
  return publisher;
}

Deno.test("SIGTERM ends a publisher whose broker never answers: what it waits for, how many were not acknowledged, 1", async () => {
  await using silent = startSilent();
  const args = ["-i", "p1", "-p", `${silent.port}`, "--protocol", "classic", "-t", "a", "-m", "x"];
  await using publisher = start("publisher", [...args, "--drain-timeout", "1s"]);
  await silent.until;
  const asked = performance.now();
  publisher.kill("SIGTERM");
  assertEquals((await publisher.ended).code, 1);
  assertLess(performance.now() - asked, 5000);
  assertEquals(publisher.stderr.split("\n"), [
    "publisher: waiting up to 1s for 1 message to be acknowledged (Ctrl-C again ends at once)",
    `publisher: 1 message not acknowledged by 127.0.0.1:${silent.port} within 1 s`,
    "",
  ]);
});

Deno.test("SIGTERM ends both programs although the broker has not even answered their hello", async () => {
  await using silent = startSilent();
  for (
    const [name, args] of [
      ["publisher", ["-t", "a", "-m", "x", "--drain-timeout", "1s"]],
      ["subscriber", ["-t", "a"]],
    ] as const
  ) {
    await using program = start(name, ["-i", "c1", "-p", `${silent.port}`, ...args]);
    await program.see(/did not answer hello/, { on: "stderr" });
    const asked = performance.now();
    program.kill("SIGTERM");
    const { code } = await program.ended;
    assertLess(performance.now() - asked, 5000);
    if (name === "publisher") assertEquals(code, 1, program.stderr);
  }
});

Deno.test("Ctrl-C ends a publisher whose v2 broker was stopped, blocked for room or with its pipe still open", async () => {
  for (
    const [args, input] of [
      [["-t", "a", "-m", "x".repeat(1000), "--repeat", "100000"], undefined],
      [["-t", "a", "-l"], MORE_THAN_A_PIPE_HOLDS],
      [[], MORE_THAN_A_PIPE_HOLDS.replaceAll("x", "pub #a x")],
      [["-t", "a", "-m", "x", "--repeat", "100000", "--rate", "50"], undefined],
    ] as const
  ) {
    await using broker = await startBroker();
    try {
      await using publisher = await stopped(
        broker,
        [...args, "--drain-timeout", "700ms"],
        input === undefined ? undefined : "open",
      );
      if (input !== undefined) await publisher.write(input);
      else await new Promise((resolve) => setTimeout(resolve, 500));
      publisher.kill("SIGINT");
      assertEquals((await publisher.ended).code, 1, args.join(" "));
      assertMatch(
        publisher.stderr,
        /^publisher: waiting up to 700ms for [\d,]+ messages? to be acknowledged/m,
      );
      assertMatch(
        publisher.stderr,
        /\npublisher: [\d,]+ messages? not acknowledged by [^\n]+ within 700 ms\n$/,
      );
    } finally {
      broker.kill("SIGKILL");
    }
  }
});

Deno.test("a signal while what was sent is being acknowledged ends with 0 when it is", async () => {
  await using broker = startHesitant(2);
  const args = ["-i", "p1", "-p", `${broker.port}`, "-v", "-t", "a", "-m", "x", "--repeat", "2"];
  await using publisher = start("publisher", args);
  await broker.asked;
  publisher.kill("SIGTERM");
  await publisher.see(/waiting up to 10s for 2 messages/, { on: "stderr" });
  broker.answer();
  assertEquals((await publisher.ended).code, 0);
  assertStringIncludes(publisher.stderr, "publisher: 2 published, 0 refused\n");
});

Deno.test("a second Ctrl-C ends at once with 130 and a second SIGTERM with 143, with how many were not acknowledged", async () => {
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    await using silent = startSilent();
    const args = ["-i", "p1", "-p", `${silent.port}`, "--protocol", "classic", "-t", "a", "-m", "x"];
    await using publisher = start("publisher", args);
    await silent.until;
    publisher.kill(signal);
    await publisher.see(/waiting up to 10s/, { on: "stderr" });
    publisher.kill(signal);
    assertEquals((await publisher.ended).code, code);
    assertMatch(publisher.stderr, /\npublisher: 1 message not acknowledged\n$/);
  }
});

Deno.test("signals that come together are one request: timeout and npm run send theirs twice", async () => {
  await using broker = startHesitant(1);
  await using publisher = start("publisher", ["-i", "p1", "-p", `${broker.port}`, "-t", "a", "-m", "x"]);
  await broker.asked;
  publisher.kill("SIGTERM");
  publisher.kill("SIGINT");
  await publisher.see(/waiting up to 10s for 1 message/, { on: "stderr" });
  broker.answer();
  assertEquals((await publisher.ended).code, 0);
});

Deno.test("when nobody reads --json any more and input is left, it ends with 1", async () => {
  await using broker = await startBroker();
  const words = [...commandOf("publisher"), ...publisherOf(broker), "-t", "a", "-l", "--json"];
  // of several that failed, the last one's code is the pipeline's
  const script = 'set -o pipefail; yes | "$@" | head -n 1';
  await using pipeline = Program.start(["bash", "-c", script, "bash", ...words]);
  assertEquals((await pipeline.ended).code, 1);
  assertEquals(
    pipeline.stderr,
    "publisher: stopped, stdin was not at its end: nobody reads the output any more\n",
  );
});

Deno.test("stopped or not, a publisher does not wait for ever for who reads --json, nor is it done for them", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#a" });
  using place = new Place();
  for (const reader of ["is gone", "never reads"] as const) {
    const path = `${place.path}/${reader}`;
    await new Deno.Command("mkfifo", { args: [path] }).output();
    const pipe = Deno.openSync(path, { read: true, write: true });
    const under = ["sh", "-c", 'to=$1; shift; exec "$@" > "$to"', "sh", path];
    const args = [...publisherOf(broker), "-v", "-t", "a", "-l", "--json"];
    await using publisher = start("publisher", args, { under, stdin: "open" });
    await publisher.see(/connected to/, { on: "stderr" });
    if (reader === "is gone") pipe.close();
    await publisher.write(`${reader}\n`);
    await subscriber.see(new RegExp(`^#a ${reader}$`, "m"));
    if (reader === "never reads") {
      // it reads no more when its output is full, so who writes may wait until it ends
      publisher.write(MORE_THAN_A_PIPE_HOLDS).catch(() => {});
      // as JSON they are more than the pipe holds
      await subscriber.see(/(?:#a x\n){1500}/);
    }
    publisher.kill("SIGTERM");
    assertEquals((await publisher.ended).code, 1);
    assertMatch(publisher.stderr, /^publisher: stopped after [\d,]+ messages?, stdin was not at its end$/m);
    if (reader === "is gone") continue;
    pipe.close();
    assertMatch(publisher.stderr, /^publisher: waiting for who reads the output \(Ctrl-C ends at once\)$/m);
    assertMatch(publisher.stderr, /\npublisher: nobody read the output for 5 s after the stop.*\n$/);
  }
});

Deno.test("killed while connecting, both programs end with 1 and say that nothing was done", async () => {
  for (
    const [name, port, came] of [
      ["publisher", freePort(), "nothing was published"],
      ["subscriber", freePort(), "nothing was subscribed to"],
    ] as const
  ) {
    const args = ["-i", "c1", "-p", `${port}`, "-t", "a", ...(name === "publisher" ? ["-m", "x"] : [])];
    await using program = start(name, [...args, "-v", "--connect-timeout", "60s"]);
    await program.see(/no connection \(connection refused\)/, { on: "stderr" });
    program.kill("SIGTERM");
    assertEquals((await program.ended).code, 1);
    assertMatch(program.stderr, new RegExp(`\\n${name}: stopped before it was connected: ${came}\\n$`));
  }
});

Deno.test("who waits for a connection is told after a second where it goes, why it is not there, and for how long", async () => {
  for (const name of ["publisher", "subscriber"] as const) {
    const port = freePort();
    await using program = start(name, ["-i", "c1", "-p", `${port}`, "-v", "--connect-timeout", "60s"]);
    await program.see(
      new RegExp(`${name}: connecting to 127.0.0.1:${port} \\(connection refused\\), for up to 1m\n`),
      { on: "stderr" },
    );
    program.kill("SIGKILL");
  }
});

Deno.test("a command file that a signal cuts short ends with 1 and how far it came", async () => {
  await using broker = await startBroker();
  using place = new Place();
  const file = place.file("x.cmd", "pub #a 1\npub #a 2\n1000 pub #a 3\nquit\npub #a 4\n");
  await using subscriber = await startSubscribed(broker, { pattern: "#a" });
  await using publisher = start("publisher", [...publisherOf(broker), "-f", file]);
  await subscriber.see(/^#a 2$/m);
  publisher.kill("SIGINT");
  assertEquals((await publisher.ended).code, 1);
  assertEquals(publisher.stderr, "publisher: stopped after 2 of 3 commands\n");
});

Deno.test("a pipe that is not at its end when a signal comes ends with 1, of lines as of commands", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#a" });
  for (
    const [args, input, said] of [
      [["-t", "a", "-l"], "one\ntwo\n", "stopped after 2 messages, stdin was not at its end"],
      [[], "pub #a one\npub #a two\n", "stopped after 2 commands, stdin was not at its end"],
      [[], "pub #a two\n1000 pub #a three\n", "stopped after 1 command, stdin was not at its end"],
      [
        ["-t", "a", "-s"],
        MORE_THAN_A_PIPE_HOLDS,
        "stopped before all of its input was read: nothing was published",
      ],
    ] as const
  ) {
    const before = subscriber.stdout.length;
    await using publisher = start("publisher", [...publisherOf(broker), ...args, "-v"], { stdin: "open" });
    await publisher.write(input);
    if (args.at(-1) !== "-s") await subscriber.see(new RegExp(`^[^]{${before}}(#a one\n)?#a two\n`));
    publisher.kill("SIGTERM");
    assertEquals((await publisher.ended).code, 1, said);
    assertStringIncludes(publisher.stderr, `publisher: ${said}\n`);
  }
});

Deno.test("what is refused or not acknowledged in time is told at once, however long the pipe says nothing more", async () => {
  await using broker = await startBroker();
  for (
    const [args, input] of [
      [["-t", "a", "-l"], "one\ntwo\n"],
      [["--json-in"], '{"topic":"a","payload":"one"}\n'],
      [[], "pub #a one\n"],
      [["-t", "a", "-m", "one", "--repeat", "2", "--rate", "0.001"], ""],
    ] as const
  ) {
    await using publisher = start("publisher", [...publisherOf(broker), ...args, "--min-subs", "1"], {
      stdin: "open",
    });
    await publisher.write(input);
    assertEquals((await endOf(publisher)).code, 1, args.join(" "));
    assertMatch(publisher.stderr, /^publisher: [^\n]*reached 0 subscribers[^\n]*\n$/);
  }
  try {
    await using late = await stopped(broker, ["-t", "a", "-l", "--timeout", "500ms"], "open");
    await late.write("one\n");
    assertEquals((await endOf(late)).code, 1);
    assertMatch(late.stderr, /^publisher: stdin:1: [^\n]*not acknowledged within 500 ms/m);
  } finally {
    broker.kill("SIGKILL");
  }
});

Deno.test("--repeat that is not through when a signal comes ends with 1", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#a" });
  const args = ["-t", "a", "-m", "x", "--repeat", "1000", "--rate", "5"];
  await using publisher = start("publisher", [...publisherOf(broker), ...args]);
  await subscriber.see(/^#a x$/m);
  publisher.kill("SIGINT");
  assertEquals((await publisher.ended).code, 1);
  assertMatch(publisher.stderr, /^publisher: stopped after \d+ of 1,000 messages\n$/);
});

Deno.test("a subscriber that is stopped ends with 0 although its broker stands still", async () => {
  await using broker = await startBroker();
  try {
    await using subscriber = start("subscriber", [...subscriberOf(broker), "-t", "a", "-v"]);
    await subscriber.see(/subscribed to/, { on: "stderr" });
    broker.kill("SIGSTOP");
    const asked = performance.now();
    subscriber.kill("SIGTERM");
    assertEquals((await subscriber.ended).code, 0);
    assert(performance.now() - asked < 5000);
  } finally {
    broker.kill("SIGKILL");
  }
});

Deno.test("--timeout: a message that is not acknowledged within it fails with that reason, and the program ends", async () => {
  await using broker = await startBroker();
  try {
    for (const extra of [[], ["--json"]]) {
      await using publisher = start(
        "publisher",
        [...publisherOf(broker), "-v", "-t", "a", "-l", "--timeout", "500ms", ...extra],
        { stdin: "open" },
      );
      await publisher.see(/connected to/, { on: "stderr" });
      broker.kill("SIGSTOP");
      await publisher.write("one\n");
      await publisher.end();
      assertEquals((await publisher.ended).code, 1);
      assertMatch(publisher.stderr, /^publisher: stdin:1: [^\n]*not acknowledged within 500 ms[^\n]*$/m);
      broker.kill("SIGCONT");
    }
  } finally {
    broker.kill("SIGKILL");
  }
});

testOnTerminal(
  "Ctrl-C at an idle prompt ends with 0, and in the wait of a command with 1",
  async (broker) => {
    for (
      const [line, said, code] of [
        ["pub a x", "", 0],
        ["1000 pub a x", "publisher: stopped before the last command was published\n", 1],
      ] as const
    ) {
      const verbose = code === 0 ? ["-v"] : [];
      await using terminal = await Terminal.start("publisher", [...publisherOf(broker), ...verbose]);
      await terminal.see(/p1>$/);
      await terminal.type(line);
      await terminal.press("Enter");
      if (code === 0) await terminal.see(/#a: acknowledged, level memory, 0 subscribers\np1>$/);
      else await terminal.seeCursor(0, 1);
      await terminal.press("C-c");
      const screen = await terminal.see(/code \d+/);
      assertStringIncludes(screen, said);
      assertMatch(screen, new RegExp(`code ${code}$`));
    }
  },
);

testOnTerminal(
  "at a prompt that waits for an answer the first Ctrl-C says what for, the second ends",
  async (broker) => {
    await using terminal = await Terminal.start("publisher", publisherOf(broker), { columns: 120 });
    await terminal.see(/p1>$/);
    broker.kill("SIGSTOP");
    try {
      await terminal.type("pub a x");
      await terminal.press("Enter");
      await terminal.see(/no answer yet/);
      await terminal.press("C-c");
      await terminal.see(/waiting up to 10s for 1 message to be acknowledged/);
      await terminal.press("C-c");
      await terminal.see(/1 message not acknowledged\ncode 130$/);
    } finally {
      broker.kill("SIGCONT");
    }
  },
);

testOnTerminal("who connects at a terminal is told after a second what it waits for", async () => {
  for (const name of ["publisher", "subscriber"] as const) {
    const port = freePort();
    const args = ["-i", "c1", "-p", `${port}`, "-t", "a", ...(name === "publisher" ? ["-n"] : [])];
    await using terminal = await Terminal.start(name, args, { columns: 120 });
    await terminal.see(
      new RegExp(`${name}: connecting to 127\\.0\\.0\\.1:${port} \\(connection refused\\), for up to 5s`),
    );
  }
});
