/** Saved connections, as processes find them: in the user's config folder and in HASHBUS_URL. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { run, start } from "../cli/run_program.ts";
import { startBroker } from "../support/broker.ts";

/** A config folder with this file in it, gone at the end. */
async function withFile(
  text: string,
  body: (env: Record<string, string>, path: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/hashbus`);
    const path = `${folder}/hashbus/config.toml`;
    await Deno.writeTextFile(path, text);
    await body({ XDG_CONFIG_HOME: folder }, path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What `--show-config` says about these options: `port 9100 HASHBUS_URL`. */
async function shown(
  program: "publisher" | "subscriber",
  { args = [], env, options }: {
    readonly args?: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly options: readonly string[];
  },
): Promise<string[]> {
  const { code, stdout, stderr } = await run(program, ["--show-config", ...args], { env });
  assertEquals([code, stderr], [0, ""]);
  const rows = stdout.split("\n").map((line) => line.replace(/ {2,}/g, " "));
  return rows.filter((row) => options.includes(row.split(" ")[0] ?? ""));
}

const FILE = `
default = "local"
[context.local]
url = "hashbus://localhost:9100?sub-port=9190"
[context.prod]
host = "broker.example"
connect-timeout = "30s"
no-reconnect = true
id = "me"
[context.half]
pub-port = 9100
`;
const ADDRESS = ["host", "port", "id"];

Deno.test("a context serves publisher and subscriber, each with its port", async () => {
  await using broker = await startBroker();
  const file = `[context.here]\nurl = "hashbus://127.0.0.1:${broker.pubPort}?sub-port=${broker.subPort}"`;
  await withFile(file, async (env) => {
    const here = ["--context", "here", "-t", "a"];
    await using subscriber = start("subscriber", [...here, "-v", "-C", "1"], { env });
    await subscriber.see(/subscribed to/, { on: "stderr" });
    assertEquals(await run("publisher", [...here, "-m", "hi"], { env }), { code: 0, stdout: "", stderr: "" });
    assertEquals((await subscriber.ended).code, 0);
    assertEquals(subscriber.stdout, "#a hi\n");
  });
});

Deno.test("flags win over --context, that over HASHBUS_URL, that over the file's default; one is taken whole", async () => {
  await withFile(FILE, async (env, path) => {
    const options = ["host", "port", "connect-timeout", "no-reconnect"];
    assertEquals(await shown("publisher", { env, options }), [
      `host localhost context local in ${path}`,
      `port 9100 context local in ${path}`,
      "connect-timeout 5s default",
    ]);
    const withUrl = { ...env, HASHBUS_URL: "hashbus://[::1]:9200?sub-port=9290" };
    assertEquals(await shown("subscriber", { env: withUrl, options: ADDRESS.slice(0, 2) }), [
      "host ::1 HASHBUS_URL",
      "port 9290 HASHBUS_URL",
    ]);
    const args = ["--context", "prod", "-h", "elsewhere:1"];
    assertEquals(await shown("subscriber", { args, env: withUrl, options: [...options, "id"] }), [
      `id me context prod in ${path}`,
      "host elsewhere flag -h",
      "port 1 flag -h",
      `connect-timeout 30s context prod in ${path}`,
      `no-reconnect true context prod in ${path}`,
    ]);
    const back = ["--context", "prod", "--no-reconnect=false"];
    assertEquals(await shown("subscriber", { args: back, env: withUrl, options: ["port", "no-reconnect"] }), [
      "port 9090 default",
      "no-reconnect false flag --no-reconnect",
    ]);
  });
});

Deno.test("without a file, or without a home, nothing is saved and everything works", async () => {
  const options = ADDRESS.slice(0, 2);
  for (const folder of ["", "/dev/null", "/nonexistent", "not/absolute"]) {
    const env = { XDG_CONFIG_HOME: folder, HOME: "" };
    assertEquals(await shown("publisher", { env, options }), ["host 127.0.0.1 default", "port 9000 default"]);
  }
});

Deno.test("what is wrong with a saved connection is one line with its place, exit 2", async () => {
  await withFile(FILE, async (env, path) => {
    const wrong = async (
      program: "publisher" | "subscriber",
      args: readonly string[],
      url = "",
    ): Promise<string> => {
      const { code, stdout, stderr } = await run(program, args, { env: { ...env, HASHBUS_URL: url } });
      assertEquals([code, stdout], [2, ""]);
      assertMatch(stderr, /^(?:publisher|subscriber): [^\n]*\n$/);
      return stderr.slice(program.length + 2, -1);
    };
    assertEquals(
      await wrong("publisher", ["--context", "prd"]),
      `--context: there is no context "prd" in ${path}, did you mean prod?; there is local, prod, half`,
    );
    assertEquals(
      await wrong("subscriber", ["--context", "half"]),
      `${path}: context.half: 9100 is the port for publishers, and the one for subscribers is not said: ` +
        "add sub-port = PORT",
    );
    assertStringIncludes(
      await wrong("subscriber", [], "hashbus://h:9100"),
      "HASHBUS_URL: 9100 is the port for publishers",
    );
    assertEquals(
      await wrong("publisher", [], "hashbus://h:9000?sub-port=x"),
      'HASHBUS_URL: sub-port takes a port from 1 to 65535, not "x"; see publisher --help',
    );
    const account = 'one word without white space or control characters, such as shop, not "a b"';
    assertEquals(
      await wrong("publisher", [], "hashbus://h?user=a%20b"),
      `HASHBUS_URL: user takes ${account}; see publisher --help`,
    );
    assertEquals(
      await wrong("subscriber", ["--user", "a b"]),
      `--user takes ${account}; see subscriber --help`,
    );
    await Deno.writeTextFile(path, '[context.a]\nhost = "h"\nurl = "hashbus://h"\n[context.b]\nport = 1');
    assertEquals(
      await wrong("publisher", ["--context", "a"]),
      `${path}: context.a: host is in its url, too: say it once`,
    );
    assertEquals(
      await wrong("publisher", ["--context", "b"]),
      `${path}: context.b: unknown key "port", did you mean "pub-port"?; the keys are url, id, host, ` +
        "pub-port, sub-port, local-port, user, token-file, tls, ca, " +
        "connect-timeout, no-reconnect, protocol",
    );
    await Deno.writeTextFile(path, 'default = "gone"');
    assertEquals(
      await wrong("publisher", []),
      `${path}: default: there is no context "gone"; there is none`,
    );
    await Deno.remove(path);
    assertEquals(
      await wrong("publisher", ["--context", "a"]),
      `--context: there is no context "a": ${path} is not there or may not be read`,
    );
  });
});
