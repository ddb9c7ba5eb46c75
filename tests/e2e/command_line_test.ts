/** What the three programs have in common on the command line, as processes. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { commandOf, endOf, run, start } from "../cli/run_program.ts";
import { Program } from "../../scripts/program.ts";
import { startBroker } from "../support/broker.ts";
import { Place } from "./place.ts";

Deno.test("publisher and subscriber make themselves an id", async () => {
  await using broker = await startBroker();
  await using subscriber = start("subscriber", ["-p", `${broker.subPort}`, "-t", "a", "-v"]);
  await subscriber.see(/subscribed to/, { on: "stderr" });
  const published = await run("publisher", ["-p", `${broker.pubPort}`, "-t", "a", "-m", "x"]);
  assertEquals(published, { code: 0, stdout: "", stderr: "" });
  const { stdout } = await run("publisher", ["--show-config"]);
  assertMatch(stdout, /^id +pub-\S*\d+ +default$/m);
});

Deno.test("a machine whose name may not be read gives an id without it, and asks nobody", async () => {
  const rights = ["--allow-env=HASHBUS_URL,HOME", "--allow-net", "--no-prompt"];
  const [deno = "", , , , script = ""] = commandOf("publisher");
  const program = Program.start([deno, "run", "--quiet", ...rights, script, "--show-config"]);
  const { code, stdout, stderr } = await endOf(program);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^id +pub-\d+ +default$/m);
});

Deno.test("the permissions of deno.json are enough for an id, a saved connection and the machine's name", async () => {
  for (const name of ["publisher", "subscriber"] as const) {
    const [deno = "", , , , script = ""] = commandOf(name);
    const command = [deno, "run", "--quiet", "--no-prompt", `-P=${name}`, script, "--show-config"];
    const env = { HASHBUS_URL: "hashbus://here" };
    const { code, stdout } = await endOf(Program.start(command, { env }));
    assertEquals(code, 0);
    assertMatch(stdout, /^id +(?:pub|sub)-.+-\d+ +default$/m);
    assertMatch(stdout, /^host +here +HASHBUS_URL$/m);
  }
});

/** Runs a program with its stdout on a disk that is full. */
function onFullDisk(name: "broker" | "publisher" | "subscriber", args: readonly string[]): Program {
  return Program.start(["sh", "-c", 'exec "$@" >/dev/full', "sh", ...commandOf(name), ...args], { name });
}

const noFullDisk = Deno.build.os !== "linux";

Deno.test({
  name: `a full disk under stdout is one line and exit 1${noFullDisk ? " (skipped: no /dev/full here)" : ""}`,
  ignore: noFullDisk,
  fn: async () => {
    await using broker = await startBroker();
    const pub = ["-p", `${broker.pubPort}`, "-t", "a"];
    const data = await Deno.makeTempDir();
    await using _ = { [Symbol.asyncDispose]: () => Deno.remove(data, { recursive: true }) };
    const stdin = '{"topic":"#a","payload":"x"}\n';
    assertEquals((await run("broker", ["--data", data, "--import"], { stdin })).code, 0);
    for (
      const [name, args] of [
        ["broker", ["-s", "0", "-p", "0"]],
        ["broker", ["--version"]],
        ["broker", ["completions", "bash"]],
        ["broker", ["--data", data, "--export", "#>"]],
        ["broker", ["--data", data, "--data-check"]],
        ["publisher", ["--help"]],
        ["subscriber", ["--show-config"]],
        ["publisher", [...pub, "-m", "x", "--json"]],
      ] as const
    ) {
      await using program = onFullDisk(name, args);
      const told = `${name}: cannot write to stdout: no space left on device\n`;
      assertEquals(await endOf(program), { code: 1, stdout: "", stderr: told }, args.join(" "));
    }
    await using subscriber = onFullDisk("subscriber", ["-p", `${broker.subPort}`, "-t", "a", "-v"]);
    await subscriber.see(/subscribed to/, { on: "stderr" });
    assertEquals((await run("publisher", [...pub, "-m", "x"])).code, 0);
    const { code, stderr } = await endOf(subscriber);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "subscriber: cannot write to stdout: no space left on device\n");
    await using recording = start("subscriber", [
      "-p",
      `${broker.subPort}`,
      "-t",
      "a",
      "-v",
      "--record",
      "/dev/full",
    ]);
    await recording.see(/subscribed to/, { on: "stderr" });
    assertEquals((await run("publisher", [...pub, "-m", "x"])).code, 0);
    const ended = await endOf(recording);
    assertEquals(ended.code, 1);
    assertStringIncludes(ended.stderr, 'cannot write the recording "/dev/full": no space left on device\n');
  },
});

Deno.test("an argument that is not UTF-8 is one line, and nothing is sent; U+FFFD itself is a character", async () => {
  await using broker = await startBroker();
  const command = [...commandOf("publisher"), "-p", `${broker.pubPort}`, "-t", "a"];
  const program = Program.start(["sh", "-c", `exec "$@" -m "$(printf 'a\\377')"`, "sh", ...command]);
  const { code, stderr } = await endOf(program);
  assertEquals(code, 2);
  assertEquals(
    stderr,
    'publisher: the argument "a\ufffd" is not UTF-8: what is no text comes from a file or from stdin\n',
  );
  const [deno = "", , , , ...rest] = command;
  const rights = ["--no-prompt", "--allow-net", "--allow-read", "--allow-env"];
  const less = await endOf(Program.start([deno, "run", "--quiet", ...rights, ...rest, "-m", "\ufffd"]));
  assertEquals(less.code, 2);
  assertStringIncludes(less.stderr, "is not UTF-8, or has U+FFFD in it, which looks the same");
  const linux = Deno.build.os === "linux";
  const honest = await run("publisher", ["-p", `${broker.pubPort}`, "-t", "a", "-m", "\ufffd"]);
  assertEquals(honest.code, linux ? 0 : 2);
});

Deno.test("an environment variable that is not UTF-8 is one line; of NO_COLOR it does not matter what it says", async () => {
  for (
    const [name, code, told] of [
      ["HASHBUS_URL", 2, "publisher: HASHBUS_URL is not UTF-8\n"],
      ["NO_COLOR", 2, 'publisher: unknown option "-x"; see publisher --help\n'],
    ] as const
  ) {
    const line = `${name}="$(printf '\\377')" exec "$@"`;
    const program = Program.start([
      "sh",
      "-c",
      line,
      "sh",
      ...commandOf("publisher"),
      ...name === "NO_COLOR" ? ["-x"] : [],
    ]);
    assertEquals(await endOf(program), { code, stdout: "", stderr: told });
  }
});

Deno.test("bare words are told as the options they were meant as", async () => {
  const published = await run("publisher", ["hello", "hi"]);
  assertEquals(published, {
    code: 2,
    stdout: "",
    stderr: 'publisher: unexpected argument "hello": to publish, write -t hello -m hi\n',
  });
  const { stderr } = await run("subscriber", ["-p", "9090", "#hello"]);
  assertEquals(stderr, "subscriber: unexpected argument \"#hello\": to subscribe, write -t '#hello'\n");
});

Deno.test("topics as MQTT writes them are told on stderr and taken as they are", async () => {
  await using broker = await startBroker();
  const hint = '"#sensors/#" is taken literally';
  const args = ["-p", `${broker.subPort}`, "-t", "sensors/#", "-E"];
  const loud = await run("subscriber", args);
  assertEquals([loud.code, loud.stdout], [0, ""]);
  assertStringIncludes(loud.stderr, hint);
  assertEquals(await run("subscriber", [...args, "-q"]), { code: 0, stdout: "", stderr: "" });
  const published = await run("publisher", ["-p", `${broker.pubPort}`, "-t", "a/b", "-m", "x"]);
  assertEquals(published.code, 0);
  assertStringIncludes(published.stderr, "was a.b meant?");
});

Deno.test("topics as MQTT writes them are told once in a command file and in a pipe, too", async () => {
  await using broker = await startBroker();
  using place = new Place();
  const to = ["-p", `${broker.pubPort}`];
  const told = (stderr: string): string[] => stderr.match(/was \S+ meant\?/g) ?? [];
  const commands = 'pub #a/b 1\npub #a/b 2\njson {"topic":"#c/d","payload":"3"}\npub #e 4\n';
  const once = ["was a.b meant?", "was c.d meant?"];
  for (const args of [["-f", place.file("x.cmd", commands), "--no-input"], []]) {
    const ended = await run("publisher", [...to, ...args], { stdin: commands });
    assertEquals([ended.code, told(ended.stderr)], [0, once], args.join(" "));
  }
  const many = Array.from({ length: 20_000 }, (_, n) => `pub #a/${n} x\n`).join("");
  const ended = await run("publisher", to, { stdin: many });
  assertEquals([ended.code, told(ended.stderr).length], [0, 10]);
  const file = place.file("y.cmd", "sub #a/+\nunsub #a/+\nsub #b.c\nquit\n");
  const subscriber = await run("subscriber", ["-p", `${broker.subPort}`, "-f", file]);
  assertEquals([subscriber.code, told(subscriber.stderr)], [0, ["was 'a.*' meant?"]]);
});

Deno.test("a mistyped option is told the one that is near, and none where none is", async () => {
  for (
    const [word, says] of [
      ["--mesage", 'unknown option "--mesage", did you mean --message?'],
      ["--reconnect", 'unknown option "--reconnect", did you mean --no-reconnect?'],
      ["--foo", 'unknown option "--foo"'],
      ["--ack", 'unknown option "--ack"'],
      ["--di", 'unknown option "--di", did you mean --id?'],
    ] as const
  ) {
    const { code, stderr } = await run("publisher", [word]);
    assertEquals([code, stderr], [2, `publisher: ${says}; see publisher --help\n`]);
  }
});

Deno.test("host:port is understood, with brackets and without", async () => {
  await using broker = await startBroker(["-H", "[::1]"]);
  for (const args of [["-h", `[::1]:${broker.pubPort}`], ["-h", "[::1]", "-p", `${broker.pubPort}`]]) {
    assertEquals((await run("publisher", [...args, "-t", "a", "-m", "x"])).code, 0, args.join(" "));
  }
});
