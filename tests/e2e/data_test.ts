/** The broker's command line around stored messages: what is checked, exported, imported, and what is refused untouched. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { type Ended, publisherOf, run, start, type StartOptions, subscriberOf } from "../cli/run_program.ts";
import { startBroker } from "../support/broker.ts";

/** A folder of a test's own, gone with it. */
class Place implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "hashbus-data-" });
  readonly data = `${this.path}/data`;

  /** A file in it. */
  file(name: string, text = ""): string {
    const path = `${this.path}/${name}`;
    if (text !== "") Deno.writeTextFileSync(path, text);
    return path;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** Runs a broker that does one thing with the data. */
async function broker(data: string, args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  return await run("broker", ["--data", data, ...args], options);
}

/** Every file below a directory with its bytes and rights. */
async function contents(path: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const { mode, isDirectory } = Deno.statSync(path);
  files.set(path, `${mode}`);
  if (!isDirectory) {
    const hash = await crypto.subtle.digest("SHA-256", Deno.readFileSync(path));
    return files.set(path, `${mode} ${new Uint8Array(hash).toHex()}`);
  }
  for (const { name } of Deno.readDirSync(path)) {
    for (const [file, hash] of await contents(`${path}/${name}`)) files.set(file, hash);
  }
  return files;
}

function lines(...messages: readonly Record<string, unknown>[]): string {
  return messages.map((message) => `${JSON.stringify(message)}\n`).join("");
}

const SOME = lines(
  { topic: "#a", payload: "one", time: "2026-01-31T09:00:00Z" },
  {
    topic: "#b.c",
    payload: "two\nlines",
    time: "2026-01-31T09:00:00.500Z",
    headers: { trace: "a b" },
    key: "k",
  },
  { topic: "#a", payload_base64: "/wA=", time: "2026-01-31T09:00:01+00:00", id: "7", reply: "#r", ttl: 60 },
);

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
  const script = new URL("../../broker.ts", import.meta.url).pathname;
  await exporting.ended;
  assertEquals(exporting.stdout.split("\n").length, many.length + 1);
  const piped = await new Deno.Command("bash", {
    args: [
      "-c",
      '"$0" run -A --quiet "$1" --data "$2" --export a | head -n 1; echo "${PIPESTATUS[0]}"',
      Deno.execPath(),
      script,
      place.data,
    ],
  }).output();
  const [first = "", code] = new TextDecoder().decode(piped.stdout).split("\n");
  assertEquals([JSON.parse(first).seq, code, new TextDecoder().decode(piped.stderr)], [1, "0", ""]);
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

/** What is no data directory, how it comes to be, and what is said. */
const FOREIGN: readonly (readonly [string, (place: Place) => void, RegExp])[] = [
  [
    "a file",
    ({ data }) => Deno.writeTextFileSync(data, "my notes"),
    /the data needs (a directory|one) of its own/,
  ],
  ["below a file", (place) => Deno.writeTextFileSync(place.path + "/x", "x"), /directory/],
  ["another program's database", ({ data }) => {
    Deno.mkdirSync(data);
    const db = new DatabaseSync(`${data}/hashbus.db`);
    db.exec("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
    db.close();
  }, /belongs to another program: take another directory/],
  ["a text file of that name", ({ data }) => {
    Deno.mkdirSync(data);
    Deno.writeTextFileSync(`${data}/hashbus.db`, "dear diary\n".repeat(100));
  }, /is no store of hashbus/],
  ["an empty file of that name", ({ data }) => {
    Deno.mkdirSync(data);
    Deno.writeTextFileSync(`${data}/hashbus.db`, "");
  }, /is empty: restore it/],
];

for (const [name, make, says] of FOREIGN) {
  Deno.test(`a data directory that is ${name} is refused in one line, and stays as it is`, async () => {
    using place = new Place();
    make(place);
    const data = name === "below a file" ? `${place.path}/x/data` : place.data;
    await refused(place, { data, says });
  });
}

Deno.test("a store of a newer version is refused in one line, and stays as it is", async () => {
  using place = new Place();
  await broker(place.data, ["--import"], { stdin: SOME });
  const db = new DatabaseSync(`${place.data}/hashbus.db`);
  db.exec("PRAGMA journal_mode = DELETE; PRAGMA user_version = 99; PRAGMA journal_mode = WAL");
  db.close();
  await refused(place, {
    data: place.data,
    says: /was written by a newer version \(format 99, .*run that version/,
  });
});

Deno.test("a data directory that cannot be written to is refused in one line, and stays as it is", async () => {
  using place = new Place();
  Deno.mkdirSync(place.data, { mode: 0o500 });
  // who is root may write everywhere, unless told to do without
  const under = Deno.uid() === 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : [];
  try {
    await refused(place, {
      data: place.data,
      says: /cannot be used: Permission denied/,
      under,
      jobs: [SERVE],
    });
    await refused(place, {
      data: `${place.data}/deeper`,
      says: /cannot be used: Permission denied/,
      under,
      jobs: [SERVE],
    });
  } finally {
    Deno.chmodSync(place.data, 0o700);
  }
});

const SERVE = ["-s", "0", "-p", "0"];

/** Starts a broker in every way with data that none may touch. */
async function refused(
  place: Place,
  { data, says, under = [], jobs = [SERVE, ["--export", "#>"], ["--import"]] }: {
    readonly data: string;
    readonly says: RegExp;
    readonly under?: readonly string[];
    readonly jobs?: readonly (readonly string[])[];
  },
): Promise<void> {
  const before = await contents(place.path);
  for (const job of jobs) {
    const { code, stdout, stderr } = await broker(data, job, { under });
    assertEquals([code, stdout], [1, ""], job.join(" "));
    assertMatch(stderr, says);
    assertMatch(stderr, /^broker: [^\n]*\n$/);
    const after = await contents(place.path);
    // the lock says who looks, and holds nothing
    after.delete(`${data}/hashbus.lock`);
    before.delete(`${data}/hashbus.lock`);
    assertEquals(after, before, job.join(" "));
  }
}

Deno.test("a subscriber's unreadable position is told before anything is connected", async () => {
  using place = new Place();
  const file = place.file("s.cmd", "sub a from=earliest\nsub b from=soon\n2 sub c to=never slow=x\n");
  const nobody = ["-i", "s1", "-p", "1"];
  const command = await run("subscriber", [...nobody, "-f", file]);
  assertEquals(command.code, 2);
  const [first = "", second = "", ...more] = command.stderr.trimEnd().split("\n");
  assertStringIncludes(first, `${file}:2: from= takes now, earliest, latest, a sequence number`);
  assertStringIncludes(second, `${file}:3: to= takes a sequence number`);
  assertEquals(more, []);
  const flag = await run("subscriber", [...nobody, "-t", "a", "--from", "soon"]);
  assertEquals(flag.code, 2);
  assertMatch(flag.stderr, /^subscriber: --from takes now, .* not "soon"; see subscriber --help\n$/);
});

Deno.test("each sub of a command file has its own place in the past", async () => {
  using place = new Place();
  await using live = await startBroker(["--data", place.data]);
  await run("publisher", publisherOf(live), {
    stdin: "pub a 1\npub a 2\npub a 3\npub b 1\npub c 1\npub c 2\n",
  });
  const file = place.file("s.cmd", "sub a from=2\nsub b\nsub c to=1 slow=block\n");
  const ended = await run("subscriber", [...subscriberOf(live), "-f", file, "-C", "3"]);
  assertEquals([ended.code, ended.stderr], [0, ""]);
  assertEquals(ended.stdout.trimEnd().split("\n").sort(), ["#a 2", "#a 3", "#c 1"]);
  const all = await run("subscriber", [...subscriberOf(live), "-f", file, "-e"]);
  assertEquals(all.stdout.trimEnd().split("\n").sort(), ["#a 2", "#a 3", "#b 1", "#c 1"]);
});

Deno.test("a pattern's own retention comes from the config file, and a bad one is named with file and key", async () => {
  using place = new Place();
  const config = place.file("b.toml", '[[retain]]\npattern = "#short.>"\nage = "1ms"\n');
  await broker(place.data, ["--import"], {
    stdin: lines({ topic: "#short.a", payload: "x" }, { topic: "#long", payload: "y" }),
  });
  {
    await using live = await startBroker(["--data", place.data, "--config", config]);
    for (;;) {
      const { stdout } = await run("subscriber", [...subscriberOf(live), "-t", "#>", "-e"]);
      if (stdout === "#long y\n") break;
      assertEquals(stdout, "#short.a x\n#long y\n", "only what the rule takes in goes");
    }
  }
  const bad = place.file("bad.toml", '[[retain]]\npattern = "#a"\nage = "soon"\n');
  const { code, stderr } = await run("broker", ["--config", bad, ...SERVE]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, `broker: ${bad}: retain: age of "#a" is a duration such as`);
});

Deno.test("a broker that stores says what an fsync costs here, after it is ready, and leaves nothing", async () => {
  using place = new Place();
  for (const sync of ["commit", "interval"]) {
    await using live = await startBroker(["--data", place.data, "--sync", sync]);
    const see = async (): Promise<void> => {
      while (!/an fsync takes/.test(live.stderr)) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await see();
    assertMatch(
      live.stderr,
      new RegExp(`INFO +an fsync takes [\\d.]+ ms here .* at most about [\\d,]+/s, .* sync=${sync}\n`),
    );
    assertEquals((await live.stop()).code, 0);
    const left = [...Deno.readDirSync(place.data)].map(({ name }) => name).sort();
    assertEquals(left, ["hashbus.db", "hashbus.lock"]);
  }
  const stopped = await startBroker(["--data", place.data]);
  assertEquals((await stopped.stop()).code, 0, "also when it is stopped meanwhile");
  assertEquals([...Deno.readDirSync(place.data)].map(({ name }) => name).sort(), [
    "hashbus.db",
    "hashbus.lock",
  ]);
  await using memory = await startBroker();
  await memory.stop();
  assert(!memory.stderr.includes("fsync"), "and one that stores nothing says nothing");
});
