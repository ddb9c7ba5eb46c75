/** The broker's command line around stored messages: what is checked, exported and imported. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { Program } from "../../scripts/program.ts";
import { commandOf, endOf, publisherOf, run, start, subscriberOf } from "../cli/run_program.ts";
import { startBroker } from "../support/broker.ts";
import { broker, lines, Place, SOME } from "./place.ts";

Deno.test("what is imported is exported again, and that is the same the next time", async () => {
  using place = new Place();
  const first = await broker(place.data, ["--import"], { stdin: SOME });
  assertEquals(first, { code: 0, stdout: `${place.data}: 3 messages imported\n`, stderr: "" });
  const { code, stdout, stderr } = await broker(place.data, ["--export", ">"]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.trimEnd().split("\n").map((line) => JSON.parse(line)), [
    { time: "2026-01-31T09:00:00.000Z", topic: "#a", seq: 1, payload: "one" },
    {
      time: "2026-01-31T09:00:00.500Z",
      topic: "#b.c",
      seq: 1,
      key: "k",
      headers: { trace: "a b" },
      payload: "two\nlines",
    },
    {
      time: "2026-01-31T09:00:01.000Z",
      topic: "#a",
      seq: 2,
      id: "7",
      ttl: 60,
      reply: "#r",
      payload_base64: "/wA=",
    },
  ]);
  const copy = `${place.path}/copy`;
  await broker(copy, ["--import", place.file("all.jsonl", stdout)]);
  assertEquals((await broker(copy, ["--export", "#>"])).stdout, stdout);
  assertEquals((await broker(copy, ["--export", "#b.*"])).stdout, `${stdout.split("\n")[1]}\n`);
  const checked = await broker(copy, ["--data-check"]);
  assertEquals([checked.code, checked.stderr], [0, ""]);
  assertMatch(checked.stdout, /: 3 messages of 2 topics, \d+ bytes, all whole\n$/);
});

Deno.test("what a subscriber prints with --json can be imported, and a broker gives it to others", async () => {
  using place = new Place();
  await using live = await startBroker(["--data", place.data]);
  const options = ["-t", "a", "-l", "--header", "h=1", "--key", "k"];
  await run("publisher", [...publisherOf(live), ...options], { stdin: "one\ntwo é\n" });
  const { stdout } = await run("subscriber", [...subscriberOf(live), "-t", "#>", "-e", "--json"]);
  assertEquals(stdout.split("\n").length, 3);
  const copy = `${place.path}/copy`;
  assertEquals((await broker(copy, ["--import", "-"], { stdin: stdout })).code, 0);
  await using other = await startBroker(["--data", copy]);
  const again = await run("subscriber", [...subscriberOf(other), "-t", "#>", "-e", "--json"]);
  assertEquals(again.stdout, stdout);
});

Deno.test("export works while a broker has the store open; import and check name its process", async () => {
  using place = new Place();
  await using live = await startBroker(["--data", place.data]);
  await run("publisher", [...publisherOf(live), "-t", "a", "-m", "one"]);
  const { code, stdout } = await broker(place.data, ["--export", "#a"]);
  assertEquals([code, JSON.parse(stdout).payload], [0, "one"]);
  for (const job of [["--import"], ["--data-check"], ["-s", "0", "-p", "0"]]) {
    const began = performance.now();
    const refused = await broker(place.data, job);
    assertEquals([refused.code, refused.stdout], [1, ""], job.join(" "));
    assertMatch(refused.stderr, new RegExp(`^broker: .* is in use by process ${live.pid}: [^\n]*\n$`));
    assert(performance.now() - began < 15_000, "at once, as fast as a process starts here");
  }
  await run("publisher", [...publisherOf(live), "-t", "a", "-m", "two"]);
  assertEquals((await broker(place.data, ["--export", "#a"])).stdout.split("\n").length, 3);
});

Deno.test("export ends quietly when nobody reads on", async () => {
  using place = new Place();
  const many = Array.from(
    { length: 20_000 },
    (_, n) => ({ topic: "#a", payload: `${n} ${"x".repeat(100)}` }),
  );
  await broker(place.data, ["--import"], { stdin: lines(...many) });
  const exporting = start("broker", ["--data", place.data, "--export", "#a"]);
  await exporting.ended;
  assertEquals(exporting.stdout.split("\n").length, many.length + 1);
  const piped = '"$@" | head -n 1; echo "${PIPESTATUS[0]}"';
  const command = [...commandOf("broker"), "--data", place.data, "--export", "a"];
  const { stdout, stderr } = await endOf(Program.start(["bash", "-c", piped, "bash", ...command]));
  const [first = "", code] = stdout.split("\n");
  assertEquals([JSON.parse(first).seq, code, stderr], [1, "0", ""]);
});

Deno.test("a bad line of a pipe ends with 2 and its number; what stands before it is stored", async () => {
  const good = '{"topic":"a","payload":"x"}';
  const cases: [string, string, number][] = [
    [`${good}\n{"payload":"x"}\n${good}\n`, 'stdin:2: "topic" is missing; the first message is stored', 1],
    [`${good}\n\n${good}\nnonsense`, 'stdin:4: not JSON: "nonsense"; the first 2 messages are stored', 2],
    ['{"topic":"a","payload":5}\r\n', 'stdin:1: "payload" is a string, not 5; nothing was stored', 0],
    ['{"topic":"a..b","payload":""}', 'no empty segment, "#a..b" has one; nothing was stored', 0],
    [
      `{"topic":"a","payload":"x","headers":{"h":"${" ".repeat(30_000)}"}}`,
      "(--max-line); nothing was stored",
      0,
    ],
  ];
  for (const [stdin, reason, stored] of cases) {
    using place = new Place();
    const { code, stdout, stderr } = await broker(place.data, ["--import"], { stdin });
    assertEquals([code, stdout], [2, ""], stdin.slice(0, 80));
    assertStringIncludes(stderr, reason);
    assertMatch(stderr, /^broker: [^\n]*\n$/);
    assertEquals((await broker(place.data, ["--export", "#>"])).stdout.split("\n").length - 1, stored);
  }
  using place = new Place();
  const latin1 = new Uint8Array([...new TextEncoder().encode('{"topic":"a","payload":"'), 0xe9, 0x22, 0x7d]);
  const { code, stderr } = await broker(place.data, ["--import"], { stdin: latin1 });
  assertEquals([code, stderr], [2, "broker: stdin:1: not UTF-8; nothing was stored\n"]);
});

Deno.test("a file with a bad line changes nothing at all", async () => {
  using place = new Place();
  const file = place.file("bad.jsonl", `${SOME}{"topic":"#a"}\n`);
  const missing = await broker(place.data, ["--import", file]);
  assertEquals([missing.code, missing.stdout], [2, ""]);
  assertEquals(missing.stderr, `broker: ${file}:4: "payload" is missing (or "payload_base64")\n`);
  assertEquals([...Deno.readDirSync(place.path)].map(({ name }) => name), ["bad.jsonl"]);
});

Deno.test("an empty file, a last line without an end, CRLF and blank lines and a byte order mark are fine", async () => {
  for (
    const [stdin, wanted] of [
      ["", 0],
      ["\n\r\n", 0],
      ['\ufeff{"topic":"a","payload":"x"}\r\n  \r\n{"topic":"a","payload":"y"}', 2],
    ] as const
  ) {
    using place = new Place();
    const { code, stdout } = await broker(place.data, ["--import"], { stdin });
    assertEquals([code, stdout], [0, `${place.data}: ${wanted} messages imported\n`]);
    const exported = (await broker(place.data, ["--export", "a"])).stdout;
    assertEquals(exported.split("\n").length - 1, wanted);
  }
});

Deno.test("an import that waits for more input ends when it is told to, and says what it has stored", async () => {
  using place = new Place();
  await using importing = start("broker", ["--data", place.data, "--import"], { stdin: "open" });
  await importing.write(SOME);
  // it opens the store when it starts to read
  while (true) {
    const there = await Deno.stat(`${place.data}/hashbus.db`).then(() => true, () => false);
    if (there) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  importing.kill("SIGTERM");
  assertEquals((await importing.ended).code, 1);
  assertMatch(
    importing.stderr,
    /^broker: stopped at line \d of stdin; (nothing was|the first 3 messages are) stored\n$/,
  );
});

Deno.test("--data-check tells each problem on stderr and ends with 1", async () => {
  using place = new Place();
  await broker(place.data, ["--import"], { stdin: SOME });
  const db = new DatabaseSync(`${place.data}/hashbus.db`);
  db.exec("UPDATE batch SET bytes = CAST(replace(CAST(bytes AS TEXT), 'one', 'ONE') AS BLOB) WHERE id = 1");
  db.close();
  const { code, stdout, stderr } = await broker(place.data, ["--data-check"]);
  assertEquals(code, 1);
  assertMatch(stderr, /^broker: batch 1 is damaged: [^\n]*checksum\n/);
  assertMatch(stdout, /, \d+ problems?\n$/);
  const exported = await broker(place.data, ["--export", "#>"]);
  assertEquals([exported.code, exported.stdout], [1, ""]);
  assertMatch(
    exported.stderr,
    /^broker: the store .* is damaged: of #a the messages 1 to 1, [^\n]*--data-check[^\n]*\n$/,
  );
});

Deno.test("options that do not go together end with 2", async () => {
  const cases: [string[], RegExp][] = [
    [["--data-check"], /--data-check needs --data DIR/],
    [["--export", "a"], /--export needs --data DIR/],
    [["--import"], /--import needs --data DIR/],
    [["--data", "x", "--export", "a", "--import"], /--export and --import do not go together: take one/],
    [["--data", "x", "--data-check", "--import", "f"], /--data-check and --import do not go together/],
    [["--data", "x", "--export"], /--export needs a value, PATTERN/],
    [["--data", "x", "--export", "a*"], /--export: a wildcard is a segment of its own/],
    [
      ["--data", "x", "--import", "/no/such/file"],
      /cannot read the file to import "\/no\/such\/file": no such file/,
    ],
    [["--data", "x", "--import", "/"], /cannot read the file to import "\/": it is a directory/],
  ];
  for (const [args, reason] of cases) {
    const { code, stdout, stderr } = await run("broker", args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, reason);
    assertMatch(stderr, /^broker: [^\n]*\n$/);
  }
});

Deno.test("what is said about stored messages where none is stored is refused, naming what was said", async () => {
  using place = new Place();
  const config = place.file("b.toml", '[[retain]]\npattern = "#a"\nage = "1h"\n');
  const kinds: readonly (readonly [readonly string[], string])[] = [
    [["--durable", "#a"], "--durable is"],
    [["--sync", "commit"], "--sync is"],
    [["--retain-age", "1h", "--retain-bytes", "1GiB"], "--retain-age and --retain-bytes are"],
    [["--retain", "#a age=1h"], "--retain is"],
    [["--config", config], "--retain is"],
    [["--ack-timeout", "5s"], "--ack-timeout is"],
    [
      ["--dedup-window", "2m", "--sync", "interval", "--durable", "a"],
      "--durable, --sync and --dedup-window are",
    ],
  ];
  await Promise.all(kinds.map(async ([words, said]) => {
    const { code, stdout, stderr } = await run("broker", ["-s", "0", "-p", "0", ...words]);
    assertEquals([code, stdout], [2, ""], words.join(" "));
    assertMatch(
      stderr,
      new RegExp(`^broker: ${said} about messages that are stored, and without --data DIR none is: .*\n$`),
    );
  }));
});

Deno.test("a full disk under an export's stdout is one line, and exit code 1", async () => {
  using place = new Place();
  await broker(place.data, ["--import"], { stdin: SOME });
  const words = ["sh", "-c", 'exec "$@" > /dev/full', "sh", ...commandOf("broker")];
  const full = Program.start([...words, "--data", place.data, "--export", "#>"], { name: "broker" });
  const { code, stderr } = await endOf(full);
  assertEquals(code, 1);
  assertMatch(stderr, /^broker: cannot write to stdout: no space left on device[^\n]*\n$/i);
});
