/** What the publisher's options do to messages, and what it shows of their answers, at a real broker. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startExerciseBroker } from "../client/exercise_broker.ts";
import { publisherOf, run, startSubscribed } from "../cli/run_program.ts";
import { startBroker } from "../support/broker.ts";
import { Place } from "./place.ts";

/** A broker that stores, in a place of its own. */
async function startDurable(place: Place): ReturnType<typeof startBroker> {
  return await startBroker(["--data", place.data]);
}

Deno.test("several -t publish each message to each of them: -m, --repeat, -l, -s, --json", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#>" });
  const two = [...publisherOf(broker), "-t", "a", "-t", "b"];
  assertEquals((await run("publisher", [...two, "-t", "a", "-m", "once"])).code, 0);
  assertEquals((await run("publisher", [...two, "-m", "twice", "--repeat", "2"])).code, 0);
  assertEquals((await run("publisher", [...two, "-l"], { stdin: "1\n2\n" })).code, 0);
  assertEquals((await run("publisher", [...two, "-s"], { stdin: "all" })).code, 0);
  const json = await run("publisher", [...two, "-m", "end", "--json"]);
  assertEquals(json.stdout.trimEnd().split("\n").map((line) => JSON.parse(line).topic), ["#a", "#b"]);
  await subscriber.see(/^#b end$/m);
  const expected = ["once", "twice", "twice", "1", "2", "all", "end"].flatMap((
    text,
  ) => [`#a ${text}`, `#b ${text}`]);
  assertEquals(subscriber.stdout, `${expected.join("\n")}\n`);
});

Deno.test("with several -t, --rate counts messages in all, and a refused line is told by its own number", async () => {
  await using broker = await startBroker(["--max-payload", "1KiB"]);
  const two = [...publisherOf(broker), "-t", "a", "-t", "b"];
  const start = performance.now();
  const paced = await run("publisher", [...two, "-m", "x", "--repeat", "6", "--rate", "20", "-v"]);
  assertStringIncludes(paced.stderr, "12 published");
  assertEquals(performance.now() - start >= 11 * 50, true);
  const refused = await run("publisher", [...two, "-l", "--keep-going"], {
    stdin: `one\ntwo\n${"x".repeat(2000)}\nfour\n`,
  });
  assertEquals(refused.stderr.split("\n").map((line) => line.slice(0, 61)), [
    'publisher: stdin:3: the broker refused to publish to "#a" (PA',
    'publisher: stdin:3: the broker refused to publish to "#b" (PA',
    "",
  ]);
});

Deno.test("-v shows what the answer says: level, number, subscribers; of many messages in one line", async () => {
  using place = new Place();
  await using broker = await startDurable(place);
  await using _subscriber = await startSubscribed(broker, { pattern: "#d" });
  const to = [...publisherOf(broker), "-t", "d"];
  const one = await run("publisher", [...to, "-m", "x", "-v"]);
  assertStringIncludes(one.stderr, "publisher: #d: acknowledged, level synced, seq 1, 1 subscriber\n");
  const many = await run("publisher", [...to, "-l", "-v"], { stdin: "1\n2\n3\n" });
  assertStringIncludes(
    many.stderr,
    "publisher: they were acknowledged with level synced, seq 2-4 of #d, at least 1 subscriber each\n",
  );
  const quiet = await run("publisher", [...to, "-m", "x", "-v", "-q"]);
  assertEquals([quiet.code, quiet.stderr], [0, ""]);
});

Deno.test("--json shows seq, level and subs of each message, and --json-in takes its lines back", async () => {
  using place = new Place();
  await using broker = await startDurable(place);
  const to = [...publisherOf(broker), "-t", "d"];
  const { stdout } = await run("publisher", [...to, "-l", "--json"], { stdin: "one\ntwo\n" });
  const told = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(told.map(({ seq, level, subs, payload }) => [seq, level, subs, payload]), [
    [1, "synced", 0, "one"],
    [2, "synced", 0, "two"],
  ]);
  const again = await run("publisher", [...publisherOf(broker), "--json-in", "--json"], { stdin: stdout });
  assertEquals(again.code, 0);
  assertEquals(again.stdout.trimEnd().split("\n").map((line) => JSON.parse(line).seq), [3, 4]);
});

Deno.test("--min-subs refuses what reaches fewer, with how many there were", async () => {
  await using broker = await startBroker();
  const args = [...publisherOf(broker), "-t", "a", "--min-subs", "1"];
  for (const extra of [["-m", "x"], ["-m", "x", "--json"], ["-l"]]) {
    const nobody = await run("publisher", [...args, ...extra], { stdin: "x\n" });
    assertEquals([nobody.code, nobody.stdout], [1, ""]);
    assertMatch(nobody.stderr, /^publisher: (stdin:1: )?[^\n]*0[^\n]*1[^\n]*\n$/);
  }
  await using _subscriber = await startSubscribed(broker, { pattern: "#a" });
  assertEquals((await run("publisher", [...args, "-m", "x"])).code, 0);
});

Deno.test("--message-id: a durable topic stores the same id once; --reply arrives with the message", async () => {
  using place = new Place();
  await using broker = await startDurable(place);
  await using subscriber = await startSubscribed(broker, { pattern: "#d", args: ["-J"] });
  for (let n = 0; n < 2; n++) {
    const args = [
      ...publisherOf(broker),
      "-t",
      "d",
      "-m",
      "x",
      "--message-id",
      "order 7",
      "--reply",
      "answers",
    ];
    assertEquals((await run("publisher", args)).code, 0);
  }
  assertEquals((await run("publisher", [...publisherOf(broker), "-t", "d", "-m", "end"])).code, 0);
  await subscriber.see(/"end"/);
  const came = subscriber.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(came.map(({ id, reply, payload }) => [payload, payload === "x" ? id : "", reply]), [
    ["x", "order 7", "#answers"],
    ["end", "", undefined],
  ]);
});

Deno.test("-K takes what stands before the first delimiter for the key, and a line without one has none", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#a", args: ["-F", "%k|%p"] });
  const args = [...publisherOf(broker), "-t", "a", "-l", "-K", "::"];
  const { code, stderr } = await run("publisher", args, { stdin: "k 1::one::two\nno: key\n::empty\n" });
  assertEquals([code, stderr], [0, ""]);
  await subscriber.see(/empty/);
  assertEquals(subscriber.stdout, "k 1|one::two\n|no: key\n|empty\n");
  const bad = await run("publisher", args, { stdin: new Uint8Array([0xff, 0x3a, 0x3a, 0x61, 0x0a]) });
  assertEquals([bad.code, bad.stderr], [2, "publisher: stdin:1: the key is not UTF-8\n"]);
});

Deno.test("-D ends the messages of -l: NUL as find -print0 has it, several bytes, and line ends are theirs then", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#a", args: ["-F", "[%x]"] });
  const args = [...publisherOf(broker), "-t", "a", "-l"];
  assertEquals((await run("publisher", [...args, "-D", "\\0"], { stdin: "a\r\n\0\0b" })).code, 0);
  assertEquals((await run("publisher", [...args, "-D", "\\x2d\\n"], { stdin: "c-\nd-d\n-\n" })).code, 0);
  await subscriber.see(/642d640a/);
  assertEquals(subscriber.stdout, "[610d0a]\n[]\n[62]\n[63]\n[642d640a]\n");
});

Deno.test("--json-in publishes headers, key, ttl and reply by line, to the line's topic or to those of -t", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#>", args: ["-J"] });
  const lines = [
    { topic: "a", payload: "1", headers: { k: "v" }, key: "x", ttl: 5, reply: "r" },
    { topic: "b", payload_base64: "/w==" },
  ];
  const stdin = `${lines.map((line) => JSON.stringify(line)).join("\n\n")}\n`;
  const args = [...publisherOf(broker), "--json-in", "--header", "all=1"];
  assertEquals((await run("publisher", args, { stdin })).code, 0);
  assertEquals((await run("publisher", [...args, "-t", "c"], { stdin: '{"payload":"2"}\n' })).code, 0);
  await subscriber.see(/"2"/);
  const came = subscriber.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(came.map(({ time: _, ...rest }) => rest), [
    { topic: "#a", payload: "1", headers: { all: "1", k: "v" }, key: "x", ttl: 5, reply: "#r" },
    { topic: "#b", payload_base64: "/w==", headers: { all: "1" } },
    { topic: "#c", payload: "2", headers: { all: "1" } },
  ]);
});

Deno.test("a bad line of --json-in is told with its number: the end with 2, or on with --keep-going", async () => {
  await using broker = await startBroker();
  await using subscriber = await startSubscribed(broker, { pattern: "#a" });
  const stdin = '{"topic":"a","payload":"1"}\nhello\n{"payload":"2"}\n{"topic":"a","payload":"end"}\n';
  const args = [...publisherOf(broker), "--json-in"];
  const ended = await run("publisher", args, { stdin });
  assertEquals([ended.code, ended.stderr], [2, 'publisher: stdin:2: not JSON: "hello"\n']);
  const going = await run("publisher", [...args, "--keep-going"], { stdin });
  assertEquals(going.code, 1);
  assertMatch(going.stderr, /^publisher: stdin:2: [^\n]+\npublisher: stdin:3: "topic" is missing[^\n]+\n$/);
  await subscriber.see(/^#a 1\n#a 1\n#a end$/m);
});

const REFUSALS: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [["-t", "a", "-l", "--message-id", "7"], /--message-id and -l: of messages with one id/],
  [["-t", "a", "-m", "x", "--repeat", "2", "--message-id", "7"], /--message-id and --repeat/],
  [["--json-in", "--message-id", "7"], /--message-id and --json-in/],
  [["--message-id", "7"], /--message-id needs -t/],
  [["-t", "a", "-m", "x", "-K", ":"], /-K says where the key of a line of -l ends/],
  [["-t", "a", "-l", "-K", ":", "--key", "k"], /-K and --key are two ways/],
  [["--json-in", "-K", ":"], /-K and --json-in/],
  [["-t", "a", "-s", "-D", ";"], /-D says what ends a message of -l/],
  [["-t", "a", "-l", "-D", ""], /-D takes a text that is not empty/],
  [["-t", "a", "-l", "-D", "\\q"], /-D: "\\q" is none of/],
  [["--json-in", "-t", "a", "-m", "x"], /-m and --json-in are different messages/],
  [["--json-in", "-f", "x.cmd"], /--json-in and -f are two ways/],
  [["-t", "a", "-m", "x", "--timeout", "0"], /--timeout takes a duration above 0/],
  [["-t", "a", "-m", "x", "--min-subs", "0"], /--min-subs takes a whole number from 1/],
  [["-t", "a", "-m", "x", "--min-subs", "1", "--protocol", "classic"], /--min-subs needs protocol 2/],
  [["-t", "a", "-l", "-K", ":", "--protocol", "classic"], /-K needs protocol 2/],
  [["-t", "a", "-m", "x", "--reply", "a.*"], /--reply: a topic to publish to has no wildcards/],
  [["-t", "a", "-m", "x", "--drain-timeout", "soon"], /--drain-timeout takes a duration/],
];

Deno.test("options that cannot be meant together are one line and exit 2, before anything is connected", async () => {
  for (const [args, says] of REFUSALS) {
    const ended = await run("publisher", ["-i", "p1", "-p", "1", ...args]);
    assertEquals([ended.code, ended.stdout], [2, ""], args.join(" "));
    assertMatch(ended.stderr, /^publisher: [^\n]*\n$/, args.join(" "));
    assertMatch(ended.stderr, says);
  }
});

Deno.test("where there is no broker, the programs say how to start one and which options name another", async () => {
  for (const [name, rest] of [["publisher", ["-t", "a", "-n"]], ["subscriber", ["-t", "a"]]] as const) {
    const ended = await run(name, ["-i", "c1", "-p", "1", "--connect-timeout", "0", ...rest]);
    assertEquals([ended.code, ended.stdout], [1, ""]);
    assertEquals(
      ended.stderr,
      `${name}: no broker at 127.0.0.1:1 (connection refused): start one with "deno run -A broker.ts", ` +
        "or name another host or port (-h, -p)\n",
    );
  }
});

Deno.test("in the classic protocol an answer says nothing, and -v shows that much", async () => {
  await using broker = startExerciseBroker({ ending: "" });
  const args = ["-i", "p1", "-p", `${broker.pubPort}`, "--protocol", "classic", "-t", "a", "-m", "x", "-v"];
  const { code, stderr } = await run("publisher", args);
  assertEquals(code, 0);
  assertStringIncludes(stderr, "publisher: #a: acknowledged\n");
});
