/** The subscriber as a process, at a real broker. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startExerciseBroker } from "../client/exercise_broker.ts";
import { Program } from "../../scripts/program.ts";
import { commandOf, publisherOf, run, start, startSubscribed, subscriberOf } from "../cli/run_program.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { freePort } from "../support/ports.ts";

/** Publishes these lines, commands of a publisher. */
async function publish(broker: RunningBroker, ...lines: readonly string[]): Promise<void> {
  const ended = await run("publisher", [...publisherOf(broker), "-f", "-"], {
    stdin: `${lines.join("\n")}\n`,
  });
  assertEquals(ended, { code: 0, stdout: "", stderr: "" });
}

const TRIES = 100;

/** Tries until it is done; fails after so many times. */
async function within(tries: number, done: () => Promise<boolean>): Promise<void> {
  for (let left = tries; !await done(); left--) {
    if (left === 0) throw new Error(`not done after ${tries} tries`);
  }
}

Deno.test("it prints TOPIC MESSAGE, and -C ends it with 0 after so many", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#hello", args: ["-C", "2"] });
  await publish(broker, "pub #hello one", "pub #other no", "pub #hello  two ", "pub #hello three");
  assertEquals((await subscriber.ended).code, 0);
  assertEquals(subscriber.stdout, "#hello one\n#hello  two \n");
  assertStringIncludes(subscriber.stderr, "subscriber: 2 received\n");
});

Deno.test("each message of a quiet connection is there at once", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#hello" });
  for (const word of ["one", "two", "three"]) {
    await publish(broker, `pub #hello ${word}`);
    await subscriber.see(new RegExp(`^#hello ${word}$`, "m"));
  }
});

Deno.test("several -t, some twice, give each message once; -T leaves some out", async () => {
  await using broker = await startBroker();
  const args = ["-t", "#a.b", "-t", "a.*", "-t", "a.*", "-T", "#*.secret", "-T", "#a.x.>", "-C", "3"];
  await using subscriber = start("subscriber", [...subscriberOf(broker), "-v", ...args]);
  await subscriber.see(/(subscribed to .*\n.*){2}/, { on: "stderr" });
  await publish(broker, "pub #a.b 1", "pub #a.secret 2", "pub #a.x 3", "pub #b 4", "pub #a.c 5");
  assertEquals((await subscriber.ended).code, 0);
  assertEquals(subscriber.stdout, "#a.b 1\n#a.x 3\n#a.c 5\n");
});

Deno.test("-W ends with 27, also while it is still connecting; -C that is reached first ends with 0", async () => {
  await using broker = await startBroker();
  assertEquals((await run("subscriber", [...subscriberOf(broker), "-t", "a", "-W", "300ms"])).code, 27);
  await using subscriber = await startSubscribed(broker, { pattern: "#a", args: ["-C", "1", "-W", "60s"] });
  await publish(broker, "pub #a x");
  assertEquals((await subscriber.ended).code, 0);
  const waiting = await run("subscriber", [
    "-i",
    "s1",
    "-p",
    "1",
    "-t",
    "a",
    "-W",
    "500ms",
    "--connect-timeout",
    "60s",
  ]);
  assertEquals([waiting.code, waiting.stderr], [27, ""]);
});

Deno.test("-E ends with 0 once everything is subscribed, and with 1 when it cannot be", async () => {
  await using broker = await startBroker(["--max-patterns", "2"]);
  assertEquals(await run("subscriber", [...subscriberOf(broker), "-t", "a", "-t", "b.>", "-E"]), {
    code: 0,
    stdout: "",
    stderr: "",
  });
  const refused = await run("subscriber", [...subscriberOf(broker), "-t", "a", "-t", "b", "-t", "c", "-E"]);
  assertEquals(refused.code, 1);
  assertMatch(
    refused.stderr,
    /^subscriber: the broker refused to subscribe to "#c".*TOO_MANY_PATTERNS[^\n]*\n$/,
  );
});

Deno.test("-J, -F and -N print as they say, and bytes go through a pipe untouched", async () => {
  await using broker = await startBroker();
  await using asJson = await startSubscribed(broker, { pattern: "#a", args: ["-J", "-C", "1"] });
  await using asFormat = await startSubscribed(broker, {
    pattern: "#a",
    args: ["-F", "%t=%p\\t%l", "-C", "1"],
  });
  await using joined = await startSubscribed(broker, {
    pattern: "#a",
    args: ["-N", "-F", "<%p>", "-C", "2"],
  });
  const stdin = "\x1b[31mred\nsecond\n";
  await run("publisher", [...publisherOf(broker), "-t", "a", "-l"], { stdin });
  await Promise.all([asJson.ended, asFormat.ended, joined.ended]);
  const { topic, payload } = JSON.parse(asJson.stdout);
  assertEquals([topic, payload], ["#a", "\x1b[31mred"]);
  assertEquals(asFormat.stdout, "#a=\x1b[31mred\t8\n");
  assertEquals(joined.stdout, "<\x1b[31mred><second>");
});

Deno.test("a command file subscribes and unsubscribes as it says, quit ends with 0", async () => {
  await using broker = await startBroker();
  const file = await Deno.makeTempFile({ suffix: ".cmd" });
  try {
    await Deno.writeTextFile(file, "sub #a\nsub #b\nunsub #a\n");
    await using subscriber = start("subscriber", [...subscriberOf(broker), "-f", file], { stdin: "open" });
    await subscriber.write("sub #c\n");
    // #c is subscribed after everything in the file was done
    await within(TRIES, async () => {
      await publish(broker, "pub #c try");
      return await subscriber.see(/^#c try$/m, { timeout: 200 }).then(() => true, () => false);
    });
    await publish(broker, "pub #a no", "pub #b yes", "pub #c last");
    await subscriber.see(/^#c last$/m);
    await subscriber.write("0.1 quit\n");
    assertEquals((await subscriber.ended).code, 0);
    assertEquals(subscriber.stdout.replaceAll("#c try\n", ""), "#b yes\n#c last\n");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("bad lines of a command file are told before anything is connected", async () => {
  const file = await Deno.makeTempFile({ suffix: ".cmd" });
  try {
    await Deno.writeTextFile(file, "sub #a\npub #a x\nsub #\n");
    const { code, stderr } = await run("subscriber", ["-i", "s1", "-p", "1", "-f", file]);
    assertEquals(code, 2);
    const lines = stderr.trimEnd().split("\n");
    assertEquals(lines.map((line) => line.slice(0, `subscriber: ${file}:2:`.length)), [
      `subscriber: ${file}:2:`,
      `subscriber: ${file}:3:`,
    ]);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a bad line in a pipe of commands ends with 2 and its place", async () => {
  await using broker = await startBroker();
  const { code, stderr } = await run("subscriber", subscriberOf(broker), { stdin: "sub #a\nnonsense\n" });
  assertEquals([code, stderr], [
    2,
    'subscriber: stdin:2: unknown command "nonsense", expected sub, unsub, quit\n',
  ]);
});

Deno.test("with nothing on stdin it stays until it is stopped, and SIGINT and SIGTERM end it with 0", async () => {
  await using broker = await startBroker();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    await using subscriber = await startSubscribed(broker, { pattern: "#a" });
    await publish(broker, `pub #a ${signal}`);
    await subscriber.see(new RegExp(signal));
    subscriber.kill(signal);
    assertEquals((await subscriber.ended).code, 0);
  }
});

Deno.test("what arrived before the stop is printed", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#a" });
  const lines = Array.from({ length: 5000 }, (_, at) => `pub #a ${at}`);
  await publish(broker, ...lines);
  await subscriber.see(/^#a 4999$/m);
  subscriber.kill("SIGTERM");
  await subscriber.ended;
  assertEquals(subscriber.stdout, lines.map((line) => `${line.slice(4)}\n`).join(""));
});

Deno.test("when its reader goes away it ends quietly with 0", async () => {
  await using broker = await startBroker();
  const piped = '{ "$@"; echo "code $?" >&2; } | head -n 1';
  const command = [...commandOf("subscriber"), ...subscriberOf(broker), "-t", "a"];
  await using child = Program.start(["sh", "-c", piped, "sh", ...command]);
  let over = false;
  child.ended.then(() => over = true);
  await within(TRIES, async () => {
    await publish(broker, "pub #a x");
    return over;
  });
  assertEquals([child.stdout, child.stderr], ["#a x\n", "code 0\n"]);
});

Deno.test("a recording played back gives the same messages in the same order", async () => {
  await using broker = await startBroker();
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/take.cmd`;
    const lines = ["pub #r.a one", "3 pub #r.b  two ", "pub #r.a ", "3 pub #r.c ü 3 pub #x"];
    await using first = await startSubscribed(broker, {
      pattern: "#r.>",
      args: ["--record", file, "-C", "4"],
    });
    await publish(broker, ...lines);
    assertEquals((await first.ended).code, 0);
    const recorded = await Deno.readTextFile(file);
    const seconds = recorded.trimEnd().split("\n").map((line) => Number(line.split(" ")[0]));
    // how long a message is on its way differs on a busy machine, so the pauses are near those of the publisher
    const paused = seconds.map((second) => second > 0.1);
    assertEquals([seconds[0], paused[1], paused[3]], [0, true, true]);

    await using second = await startSubscribed(broker, { pattern: "#r.>", args: ["-C", "4"] });
    const playback = await run("publisher", [...publisherOf(broker), "-f", file, "--speed", "0"]);
    assertEquals(playback, { code: 0, stdout: "", stderr: "" });
    assertEquals((await second.ended).code, 0);
    assertEquals(second.stdout, first.stdout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a recording that is cut short is good up to there", async () => {
  await using broker = await startBroker();
  const file = await Deno.makeTempFile({ suffix: ".cmd" });
  try {
    await using subscriber = await startSubscribed(broker, { pattern: "#a", args: ["--record", file] });
    await publish(broker, "pub #a one");
    await subscriber.see(/^#a one$/m);
    await within(1000 * TRIES, async () => await Deno.readTextFile(file) !== "");
    subscriber.kill("SIGKILL");
    await subscriber.ended;
    assertEquals(await Deno.readTextFile(file), "0 pub #a one\n");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a lost connection is told, and everything is subscribed again when it is back", async () => {
  await using first = await startBroker(["-s", `${freePort()}`]);
  await using subscriber = await startSubscribed(first, { pattern: "#a.>" });
  await publish(first, "pub #a.b 1");
  await subscriber.see(/^#a\.b 1$/m);
  await first.stop("SIGKILL");
  await subscriber.see(/^subscriber: connection lost \(.+\), trying again in \d+ ms$/m, { on: "stderr" });
  await using second = await startBroker(["-s", `${first.subPort}`]);
  await subscriber.see(/^subscriber: connection to .* restored$/m, { on: "stderr" });
  await publish(second, "pub #a.c 2");
  await subscriber.see(/^#a\.c 2$/m);
});

Deno.test("with --no-reconnect a lost connection ends with 1 after what had arrived was printed", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#a", args: ["--no-reconnect"] });
  await publish(broker, "pub #a 1");
  await broker.stop();
  assertEquals((await subscriber.ended).code, 1);
  assertEquals(subscriber.stdout, "#a 1\n");
  assertMatch(subscriber.stderr, /^subscriber: lost the broker at .*$/m);
});

Deno.test("it subscribes at a broker of the exercise, which answers nothing but OK", async () => {
  await using broker = startExerciseBroker({ ending: "" });
  const args = ["-i", "s1", "-p", `${broker.subPort}`, "-C", "2"];
  await using subscriber = start("subscriber", args, { stdin: "sub #hello\n" });
  await broker.until((reads) => reads.includes("s1 sub #hello\n"));
  const publisher = ["-i", "p1", "-p", `${broker.pubPort}`, "-t", "hello", "-m"];
  // one at a time: two deliveries without an ending that arrive together cannot be told apart by anybody
  assertEquals((await run("publisher", [...publisher, "first"])).code, 0);
  await subscriber.see(/^#hello first\n/);
  assertEquals((await run("publisher", [...publisher, "second one"])).code, 0);
  assertEquals((await subscriber.ended).code, 0);
  assertEquals(subscriber.stdout, "#hello first\n#hello second one\n");
});

interface Refusal {
  readonly args: readonly string[];
  readonly code: number;
  readonly says: RegExp;
}

const REFUSALS: readonly Refusal[] = [
  { args: ["-t", "a", "-i"], code: 2, says: /-i needs a value, ID/ },
  { args: ["-i", "s1", "-t"], code: 2, says: /-t needs a value.*unquoted # starts a comment/ },
  { args: ["-i", "s1", "-t", "#"], code: 2, says: /-t: "#" alone is no pattern/ },
  {
    args: ["-i", "s1", "-t", "a", "-F", "%q"],
    code: 2,
    says: /-F: the format has "%q", which is none of %t/,
  },
  { args: ["-i", "s1", "-t", "a", "-F", "%t", "-J"], code: 2, says: /-F and -J are two ways/ },
  { args: ["-i", "s1", "-E"], code: 2, says: /-E needs -t/ },
  { args: ["-i", "s1", "-C", "0"], code: 2, says: /-C takes a whole number from 1/ },
  { args: ["-i", "s1", "-W", "soon"], code: 2, says: /-W takes a duration such as 500ms.*not "soon"/ },
  { args: ["-i", "s1", "--record", "/no/such/dir/x"], code: 2, says: /cannot write the recording/ },
  {
    args: ["-i", "s1", "-p", "1", "--connect-timeout", "0", "-t", "a"],
    code: 1,
    says: /no broker at 127.0.0.1:1/,
  },
];

Deno.test("what is wrong is one line on stderr, without a stack, and an exit code", async () => {
  for (const { args, code, says } of REFUSALS) {
    const ended = await run("subscriber", args);
    assertEquals([ended.code, ended.stdout], [code, ""], args.join(" "));
    assertMatch(ended.stderr, /^subscriber: [^\n]*\n$/, args.join(" "));
    assertMatch(ended.stderr, says);
  }
});
