import { assertEquals, assertThrows } from "@std/assert";
import { connects } from "../../../lib/cli/client/options.ts";
import { savedGiven } from "../../../lib/cli/contexts/saved.ts";
import { contextNames } from "../../../lib/cli/contexts/file.ts";
import type { Given } from "../../../lib/cli/options/table.ts";
import { UsageError } from "../../../lib/errors.ts";
import { standInEnvironment } from "../stand_in.ts";

/** What is saved, and what the command line says beside it. */
interface Place {
  readonly file?: string;
  readonly url?: string;
  readonly flags?: Readonly<Record<string, string>>;
}

type Client = "publisher" | "subscriber";

function taken(client: Client, { file, url, flags = {} }: Place): Record<string, string> {
  const home = Deno.makeTempDirSync();
  try {
    const path = `${home}/hashbus/config.toml`;
    if (file !== undefined) {
      Deno.mkdirSync(`${home}/hashbus`);
      Deno.writeTextFileSync(path, file);
    }
    using _environment = standInEnvironment({
      XDG_CONFIG_HOME: home,
      ...(url === undefined ? {} : { HASHBUS_URL: url }),
    });
    const given = new Map<string, Given>(
      Object.entries(flags).map(([name, text]) => [name, {
        source: `--${name}`,
        from: `flag --${name}`,
        texts: [text],
      }]),
    );
    const saved = savedGiven({ name: client, connects: connects(client), given });
    return Object.fromEntries([...saved].map(([key, { texts }]) => [key, texts.join()]));
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(error.message.replaceAll(path(home), "FILE"));
    throw error;
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
}

function path(home: string): string {
  return `${home}/hashbus/config.toml`;
}

function refusal(client: Client, place: Place): string {
  return assertThrows(() => taken(client, place), UsageError).message;
}

const FILE = `default = "local"
[context.local]
host = "one.example"
pub-port = 9100
sub-port = 9190
[context.prod]
url = "hashbus://two.example:9200?sub-port=9290"
connect-timeout = "30s"
`;

Deno.test("the context that is named goes before the URL of the environment, that before the default, and each is whole", () => {
  const url = "hashbus://three.example";
  const local = { host: "one.example", "pub-port": "9100", "sub-port": "9190" };
  assertEquals(taken("publisher", {}), {});
  assertEquals(taken("publisher", { file: FILE }), { ...local, port: "9100" });
  assertEquals(taken("subscriber", { file: FILE }), { ...local, port: "9190" });
  assertEquals(taken("publisher", { file: FILE, url }), { host: "three.example" });
  assertEquals(taken("subscriber", { file: FILE, url, flags: { context: "prod" } }), {
    host: "two.example",
    "pub-port": "9200",
    "sub-port": "9290",
    "connect-timeout": "30s",
    port: "9290",
  });
  assertEquals(taken("publisher", { file: FILE.replace(/default.*\n/, "") }), {}, "none is said to be it");
});

Deno.test("a context that is not there is told with those that are, and with one that may be meant", () => {
  assertEquals(
    refusal("publisher", { file: FILE, flags: { context: "prot" } }),
    '--context: there is no context "prot" in FILE, did you mean prod?; there is local, prod',
  );
  assertEquals(
    refusal("publisher", { file: 'default = "here"\n' }),
    'FILE: default: there is no context "here"; there is none',
  );
  assertEquals(
    refusal("publisher", { flags: { context: "x" } }),
    '--context: there is no context "x": FILE is not there or may not be read',
  );
  using _nowhere = standInEnvironment({});
  const given = new Map([["context", { source: "--context", from: "flag", texts: ["x"] }]]);
  assertEquals(
    assertThrows(() => savedGiven({ name: "publisher", connects: connects("publisher"), given }), UsageError)
      .message,
    '--context: there is no context "x": nothing says where your saved connections are (HOME is not set)',
  );
  assertEquals(contextNames(), []);
});

Deno.test("a saved connection is looked at as a whole, whoever takes it, and says each thing once", () => {
  const context = (text: string): Place => ({ file: `[context.x]\n${text}\n`, flags: { context: "x" } });
  assertEquals(
    refusal("publisher", context('url = "hashbus://h:9000"\nhost = "g"')),
    "FILE: context.x: host is in its url, too: say it once",
  );
  const unknown = refusal("publisher", context('hots = "h"'));
  assertEquals(unknown.startsWith("FILE: context.x: "), true, unknown);
  assertEquals(/the keys are url, .*host, pub-port, sub-port/.test(unknown), true, unknown);
  const port = refusal("publisher", context("sub-port = 70000"));
  assertEquals(/sub-port/.test(port), true, port);
  const bad = refusal("publisher", context('url = "http://h"'));
  assertEquals(bad.startsWith("FILE: context.x: url"), true, bad);
});

Deno.test("a subscriber does not guess the port beside one that is not the usual", () => {
  const context = (text: string, flags = {}): Place => ({
    file: `[context.x]\n${text}\n`,
    flags: { context: "x", ...flags },
  });
  assertEquals(
    refusal("subscriber", context("pub-port = 9100")),
    "FILE: context.x: 9100 is the port for publishers, and the one for subscribers is not said: " +
      "add sub-port = PORT",
  );
  assertEquals(
    refusal("subscriber", { url: "hashbus://h:9100" }),
    "HASHBUS_URL: 9100 is the port for publishers, and the one for subscribers is not said: " +
      "add sub-port=PORT to its query",
  );
  assertEquals(taken("subscriber", context("pub-port = 9000")), { "pub-port": "9000" });
  assertEquals(taken("subscriber", context("pub-port = 9100", { port: "5" })), { "pub-port": "9100" });
  assertEquals(taken("publisher", context("pub-port = 9100")), { "pub-port": "9100", port: "9100" });
});

Deno.test("what is taken of a saved connection says where it stands", () => {
  const home = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${home}/hashbus`);
    Deno.writeTextFileSync(path(home), FILE);
    using _environment = standInEnvironment({ XDG_CONFIG_HOME: home });
    const given = new Map([["context", { source: "--context", from: "flag", texts: ["prod"] }]]);
    const saved = savedGiven({ name: "publisher", connects: connects("publisher"), given });
    const place = `${path(home)}: context.prod`;
    const from = `context prod in ${path(home)}`;
    assertEquals([...saved], [
      ["host", { source: `${place}: url: host`, from, texts: ["two.example"] }],
      ["pub-port", { source: `${place}: url: port`, from, texts: ["9200"] }],
      ["sub-port", { source: `${place}: url: sub-port`, from, texts: ["9290"] }],
      ["connect-timeout", { source: `${place}: connect-timeout`, from, texts: ["30s"] }],
      ["port", { source: `${place}: url: port`, from, texts: ["9200"] }],
    ]);
  } finally {
    Deno.removeSync(home, { recursive: true });
  }
});

Deno.test("a context that is asked for by the file itself, or by an option, is told with its place once", () => {
  assertEquals(
    refusal("publisher", { file: 'default = "prot"\n[context.prod]\n' }),
    'FILE: default: there is no context "prot", did you mean prod?; there is prod',
  );
  assertEquals(
    refusal("publisher", { file: "[context.prod]\n", flags: { context: "zzzzzz" } }),
    '--context: there is no context "zzzzzz" in FILE; there is prod',
  );
});

Deno.test("an empty URL, or none, in the environment is as if it were not set", () => {
  assertEquals(taken("publisher", { url: "" }), {});
  const empty = refusal("publisher", { file: '[context.x]\nurl = ""\n', flags: { context: "x" } });
  assertEquals(empty.startsWith("FILE: context.x: url: a URL is written "), true, empty);
});
