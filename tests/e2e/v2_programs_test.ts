/** What protocol 2 gives the programs, at a real broker. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startExerciseBroker } from "../client/exercise_broker.ts";
import { publisherOf, run, start, startSubscribed, subscriberOf } from "../cli/run_program.ts";
import { Terminal, testOnTerminal } from "../cli/terminal.ts";
import { startBroker } from "../support/broker.ts";

Deno.test("a message may hold any bytes: -s, -m and --payload-file send them as they are", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#b", args: ["-F", "[%x]"] });
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeFile(file, Uint8Array.of(0xff, 0x00, 0x0a, 0x0d, 0x0a));
    const sent = [
      await run("publisher", [...publisherOf(broker), "-t", "b", "-s"], { stdin: "a\nb\n" }),
      await run("publisher", [...publisherOf(broker), "-t", "b", "-m", "c\n"]),
      await run("publisher", [...publisherOf(broker), "-t", "b", "--payload-file", file]),
      await run("publisher", [...publisherOf(broker), "-t", "b", "-s"], { stdin: "one line\n" }),
    ];
    for (const ended of sent) assertEquals(ended, { code: 0, stdout: "", stderr: "" });
    await subscriber.see(/6f6e65206c696e650a/);
    assertEquals(subscriber.stdout, "[610a620a]\n[630a]\n[ff000a0d0a]\n[6f6e65206c696e650a]\n");
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("--header, --key and --ttl arrive with the message, for -F and -J", async () => {
  await using broker = await startBroker();
  await using formatted = await startSubscribed(broker, { pattern: "#h", args: ["-F", "%p|%h|%k"] });
  await using json = await startSubscribed(broker, { pattern: "#h", args: ["-J"] });
  const about = ["--header", "lang=en", "--header", "trace=a b=c", "--key", "k 1", "--ttl", "2m"];
  const sent = await run("publisher", [...publisherOf(broker), "-t", "h", "-m", "x", ...about, "--json"]);
  assertEquals([sent.code, sent.stderr], [0, ""]);
  await formatted.see(/^x\|lang=en,trace=a b=c\|k 1$/m);
  await json.see(/\n/);
  for (const text of [sent.stdout, json.stdout]) {
    const { headers, key, ttl, payload } = JSON.parse(text);
    assertEquals({ headers, key, ttl, payload }, {
      headers: { lang: "en", trace: "a b=c" },
      key: "k 1",
      ttl: 120,
      payload: "x",
    });
  }
});

Deno.test("a classic broker refuses what it cannot carry, in words", async () => {
  await using broker = startExerciseBroker();
  const to = ["-i", "p1", "-p", `${broker.pubPort}`, "-t", "a"];
  const header = await run("publisher", [...to, "-m", "x", "--header", "a=b"]);
  assertEquals(header.code, 1);
  assertMatch(
    header.stderr,
    /^publisher: this broker speaks only the classic protocol, which has no headers[^\n]*\n$/,
  );
  const slow = await run("subscriber", [
    "-i",
    "s1",
    "-p",
    `${broker.subPort}`,
    "-t",
    "a",
    "--slow",
    "latest",
  ]);
  assertEquals(slow.code, 1);
  assertMatch(slow.stderr, /^subscriber: this broker speaks only the classic protocol[^\n]*\n$/);
  const insisted = await run("publisher", [...to, "-m", "x", "--protocol", "2"]);
  assertEquals(insisted.code, 1);
  assertMatch(insisted.stderr, /^publisher: the broker at \S+ does not speak protocol 2[^\n]*\n$/);
});

Deno.test("200,000 lines go through -l and --json in order, each acknowledged", async () => {
  const total = 200_000;
  await using broker = await startBroker();
  const lines = Array.from({ length: total }, (_, n) => `line ${n}`).join("\n");
  const counted = ["-t", "n", "-C", `${total}`, "-F", "%p"];
  const subscriber = start("subscriber", [...subscriberOf(broker), "-v", ...counted]);
  await subscriber.see(/subscribed to/, { on: "stderr" });
  const { code, stderr } = await run("publisher", [...publisherOf(broker), "-t", "n", "-l", "-v"], {
    stdin: lines,
  });
  assertEquals(code, 0);
  assertStringIncludes(stderr, `${total} published, 0 refused`);
  assertEquals((await subscriber.ended).code, 0);
  assert(subscriber.stdout === `${lines}\n`, "every line, in order");
  const json = await run("publisher", [...publisherOf(broker), "-t", "n", "-l", "--json"], { stdin: lines });
  const payloads = json.stdout.trimEnd().split("\n").map((line) => JSON.parse(line).payload);
  assert(payloads.join("\n") === lines, "every line was told, in order");
});

Deno.test("lines that are refused are told with their place, and --keep-going publishes the rest", async () => {
  await using broker = await startBroker(["--max-payload", "1KiB"]);
  await using subscriber = await startSubscribed(broker, { pattern: "#n" });
  const stdin = `one\n${"x".repeat(2000)}\nthree\n${"y".repeat(2000)}\nfive\n`;
  for (const extra of [[], ["--json"]]) {
    const args = [...publisherOf(broker), "-t", "n", "-l", "--keep-going", ...extra];
    const { code, stderr } = await run("publisher", args, { stdin });
    const refused = (line: number): string =>
      `publisher: stdin:${line}: the broker refused to publish to "#n" (PAYLOAD_TOO_LARGE): a payload has at most 1024 bytes, this one 2000\n`;
    assertEquals([code, stderr], [1, refused(2) + refused(4)]);
  }
  const stops = await run("publisher", [...publisherOf(broker), "-t", "n", "-l"], { stdin });
  assertEquals(stops.code, 1);
  assertMatch(stops.stderr, /^publisher: stdin:2: the broker refused[^\n]*\n$/);
  await subscriber.see(/(#n five\n[^]*){2}/);
});

Deno.test("--rate keeps its schedule: the last of N messages leaves N-1 intervals after the first, not before", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#r", args: ["-F", "%h"] });
  const args = [
    ...publisherOf(broker),
    "-t",
    "r",
    "-m",
    "x",
    "--repeat",
    "3001",
    "--rate",
    "2000",
    "--stamp",
    "-v",
  ];
  const { stderr } = await run("publisher", args);
  assertStringIncludes(stderr, "3001 published");
  await subscriber.see(/(sent=\d+\.\d+\n){3001}/);
  // when they left: when they came depends on how busy the machine is
  const times = subscriber.stdout.trimEnd().split("\n").map((line) => Number(line.slice("sent=".length)));
  const took = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000;
  assert(took >= 1.45, `1.5 s are asked for, ${took} s it took`);
});

Deno.test("what a slow subscriber missed is told on stderr, and the sum is exact", async () => {
  const total = 60_000;
  await using broker = await startBroker(["--max-outbox", "1MiB"]);
  await using subscriber = await startSubscribed(broker, {
    pattern: "#n",
    args: ["--slow", "drop-old", "-F", "%l"],
  });
  subscriber.kill("SIGSTOP");
  const message = "x".repeat(1000);
  const args = [...publisherOf(broker), "-t", "n", "-m", message, "--repeat", `${total}`];
  assertEquals((await run("publisher", args)).code, 0);
  subscriber.kill("SIGCONT");
  await run("publisher", [...publisherOf(broker), "-t", "n", "-m", "end"]);
  await subscriber.see(/^3$/m);
  const gaps = [
    ...subscriber.stderr.matchAll(/^subscriber: ([\d,]+) messages? of #n (?:was|were) left out/gm),
  ];
  const missed = gaps.reduce((sum, [, count]) => sum + Number(count!.replaceAll(",", "")), 0);
  assert(missed > 0);
  assertEquals(subscriber.stdout.split("\n").length - 2 + missed, total);
});

testOnTerminal(
  "long work shows how far it is on the terminal, and the line is gone at the end",
  async (broker) => {
    const args = [...publisherOf(broker), "-t", "n", "-m", "x", "--repeat", "4000", "--rate", "1000"];
    await using terminal = await Terminal.start("publisher", args);
    await terminal.see(/^\[#+\.+\] \d+% [\d,]+ of 4,000 published/);
    assertMatch(await terminal.see(/code 0/), /^code 0$/);
  },
);
