import { assertEquals, assertMatch, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { report, runMain } from "../../lib/cli/main.ts";
import { helpText } from "../../lib/cli/options/help.ts";
import { flag } from "../../lib/cli/options/table.ts";
import { OutputClosed } from "../../lib/cli/output/output.ts";
import { PUBLISHER } from "../../lib/cli/publisher/options.ts";
import { RefusedError, RunError, UsageError } from "../../lib/errors.ts";
import { SAMPLE } from "./options/sample_program.ts";
import { standIn, standInEnvironment, StandInStream } from "./stand_in.ts";

/** What is said of an error, and the exit code. */
function said(error: unknown, variables: Readonly<Record<string, string>> = {}): readonly [number, string] {
  using _environment = standInEnvironment(variables);
  using stderr = new StandInStream("stderr");
  const code = report("publisher", error);
  return [code, stderr.text];
}

Deno.test("every failure is one line, and the exit code says whose it is", () => {
  assertEquals(said(new OutputClosed()), [0, ""]);
  assertEquals(said(new UsageError("-x is none")), [2, "publisher: -x is none\n"]);
  assertEquals(said(new UsageError("one\ntwo")), [2, "publisher: one\npublisher: two\n"]);
  assertEquals(said(new RunError("it\x1b failed")), [1, "publisher: it\\x1b failed\n"]);
  assertEquals(said(new RefusedError("DENIED", "not for you")), [1, "publisher: not for you\n"]);
});

Deno.test("what nobody expected says so, and where it was for who asks", () => {
  const line = "publisher: unexpected: TypeError: a bug (HASHBUS_DEBUG=1 shows where)\n";
  const bug = new TypeError("a\nbug");
  assertEquals(said(bug), [1, line]);
  assertEquals(said(bug, { HASHBUS_DEBUG: "" }), [1, line]);
  const [code, text] = said(bug, { HASHBUS_DEBUG: "1" });
  assertEquals([code, text.startsWith(line)], [1, true]);
  assertMatch(text.slice(line.length), /^TypeError: a\nbug\n +at /);
  assertEquals(said("odd")[1], "publisher: unexpected: odd (HASHBUS_DEBUG=1 shows where)\n");
});

Deno.test("on a terminal it is red, unless colours are not wanted", () => {
  const on = (variables: Readonly<Record<string, string>>): string => {
    using _environment = standInEnvironment(variables);
    using stderr = new StandInStream("stderr", { terminal: true });
    report("broker", new RunError("no"));
    return stderr.text;
  };
  assertEquals(on({}), "\x1b[31mbroker: no\x1b[0m\n");
  assertEquals(on({ NO_COLOR: "1" }), "broker: no\n");
});

/** How the program ends with these words. */
async function ended(
  words: readonly string[],
  { terminal = false, columns = 120, body = () => Promise.resolve(0) }: {
    readonly terminal?: boolean;
    readonly columns?: number;
    readonly body?: () => Promise<number>;
  } = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string; readonly heard: string[] }> {
  const codes: number[] = [];
  const heard: string[] = [];
  const over = new Error("the process is over");
  const exit = (code = 0): never => {
    codes.push(code);
    throw over;
  };
  using out = new StandInStream("stdout", { terminal });
  using err = new StandInStream("stderr");
  using _environment = standInEnvironment({});
  using _exit = standIn(Deno, "exit", exit);
  using _words = standIn(Deno, "args", [...words]);
  using _size = standIn(Deno, "consoleSize", () => ({ columns, rows: 24 }));
  using _listeners = standIn(
    globalThis,
    "addEventListener",
    ((event: string, listener: (event: unknown) => void) => {
      heard.push(event);
      const failed = { preventDefault: () => heard.push("prevented"), reason: new RunError("late") };
      assertThrows(() => listener({ ...failed, error: failed.reason }), Error, over.message);
    }) as typeof addEventListener,
  );
  const error = await assertRejects(() => runMain(SAMPLE, body), Error);
  assertStrictEquals(error, over);
  return { code: codes.at(-1)!, out: out.text, err: err.text, heard };
}

Deno.test("the exit code is the body's, or that of what failed, wherever it failed", async () => {
  const late = "sample: late\nsample: late\n";
  assertEquals(await ended([], { body: () => Promise.resolve(27) }), {
    code: 27,
    out: "",
    err: late,
    heard: ["unhandledrejection", "prevented", "error", "prevented"],
  });
  const { code, err } = await ended([], { body: () => Promise.reject(new RunError("no")) });
  assertEquals([code, err], [1, `${late}sample: no\n`]);
  assertEquals((await ended(["--nonsense"])).code, 2);
  const { out, code: fine } = await ended(["--version"], { body: () => Promise.reject(new Error("it ran")) });
  assertEquals([out, fine], ["sample 1.2.3\n", 0]);
  assertMatch((await ended(["completions", "bash"])).out, /complete .*sample/);
});

Deno.test("what is printed is as wide as the terminal, and as what is usual where there is none or it does not say", async () => {
  const widest = async (...of: Parameters<typeof ended>): Promise<number> => {
    const { out, code } = await ended(...of);
    assertEquals(code, 0);
    return Math.max(...out.split("\n").map((line) => line.length));
  };
  const help = [60, 80, 120].map((width) =>
    Math.max(...helpText(SAMPLE, width).split("\n").map(({ length }) => length))
  );
  assertEquals(new Set(help).size, 3);
  const of = async (terminal: boolean, columns: number): Promise<number> =>
    await widest(["--help"], { terminal, columns });
  const narrowest = Math.max(...helpText(SAMPLE, 1).split("\n").map(({ length }) => length));
  assertEquals(await of(true, 1), narrowest);
  assertEquals([await of(true, 60), await of(true, 120), await of(true, 0), await of(false, 120)], [
    help[0]!,
    help[2]!,
    help[1]!,
    help[1]!,
  ]);
  const options = ["--show-config", "--host", "a.host.whose.name.is.long"];
  assertMatch((await ended(options, { columns: 30 })).out, /^host +a\.host\.whose\.name\.is\.long +\S/m);
  assertMatch(
    (await ended(options, { terminal: true, columns: 30 })).out,
    /^host +a\.host\.whose\.name\.is\.long\n {2}\S/m,
  );
});

/** What the program that prints its options is given, for these words and this config file. */
async function shownWith(words: readonly string[], config: string): Promise<readonly string[]> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, config);
    const { out, err, code } = await ended([...words, "--config", path, "--show-config"]);
    return [
      `${code}`,
      ...err.trimEnd().split("\n").slice(2),
      ...out.replaceAll(path, "FILE").trimEnd().split("\n"),
    ];
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("what the command line leaves out the config file says, and what it says wrong is told by its name", async () => {
  const shown = await shownWith(["-h", "box"], 'host = "other"\nwait = "9s"\n');
  const lines = shown.map((line) => line.split(/ {2,}/));
  assertEquals(lines.find(([name]) => name === "host"), ["host", "box", "flag -h"]);
  assertEquals(lines.find(([name]) => name === "wait"), ["wait", "9s", "FILE"]);
  const [code, problem] = await shownWith([], "hots = 1\n");
  assertEquals(code, "2");
  assertMatch(problem!, /^sample: \S+: unknown key "hots", did you mean "host"\?/);
});

Deno.test("the options in force are printed as JSON where that is asked for", async () => {
  const json = { ...SAMPLE, options: { ...SAMPLE.options, json: flag({ help: "as JSON" }) } };
  const lines = async (...words: readonly string[]): Promise<string[]> => {
    using out = new StandInStream("stdout");
    using _exit = standIn(Deno, "exit", () => {
      throw new Error("it is over");
    });
    using _words = standIn(Deno, "args", [...words]);
    using _listeners = standIn(globalThis, "addEventListener", () => {});
    await assertRejects(() => runMain(json, () => Promise.resolve(0)), Error, "it is over");
    return out.text.trimEnd().split("\n");
  };
  const [first = ""] = await lines("--show-config", "--json");
  assertEquals(JSON.parse(first), { option: "sub-port", value: "9090", from: "default" });
  assertEquals((await lines("--show-config"))[0]?.startsWith("sub-port  9090 "), true);
});

Deno.test("a client has what is saved for it, and the port that stands behind its host", async () => {
  const home = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${home}/hashbus`);
    await Deno.writeTextFile(`${home}/hashbus/config.toml`, '[context.x]\nhost = "saved"\npub-port = 7\n');
    const shown = async (...words: readonly string[]): Promise<Map<string, string>> => {
      using out = new StandInStream("stdout");
      using _environment = standInEnvironment({ XDG_CONFIG_HOME: home });
      using _exit = standIn(Deno, "exit", () => {
        throw new Error("it is over");
      });
      using _words = standIn(Deno, "args", [...words, "--show-config"]);
      using _listeners = standIn(globalThis, "addEventListener", () => {});
      await assertRejects(() => runMain(PUBLISHER, () => Promise.resolve(0)), Error, "it is over");
      const rows = out.text.trimEnd().split("\n").map((line) => line.split(/ {2,}/));
      return new Map(rows.map(([name = "", value = "", from = ""]) => [name, `${value} by ${from}`]));
    };
    const saved = await shown("--context", "x");
    const by = `context x in ${home}/hashbus/config.toml`;
    assertEquals([saved.get("host"), saved.get("port")], [`saved by ${by}`, `7 by ${by}`]);
    const behind = await shown("-h", "box:8");
    assertEquals([behind.get("host"), behind.get("port")], ["box by flag -h", "8 by flag -h"]);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
