/** What the options of a client come to: where it connects, as whom, and how. */
import { assertEquals, assertThrows } from "@std/assert";
import {
  checkInput,
  CONNECT_OPTIONS,
  type Connection,
  connectionFrom,
  connects,
  SPEED,
} from "../../../lib/cli/client/options.ts";
import { UsageError } from "../../../lib/errors.ts";
import { TIMER_MOST_MS } from "../../../lib/limits.ts";
import { PUBLISHER } from "../../../lib/cli/publisher/options.ts";
import { SUBSCRIBER } from "../../../lib/cli/subscriber/options.ts";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import type { Program, Table } from "../../../lib/cli/options/table.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { standInEnvironment } from "../stand_in.ts";

type Options = Parameters<typeof connectionFrom>[0];

const NOTHING: Options = {
  id: "p1",
  host: "h",
  port: 9000,
  "local-port": undefined,
  "connect-timeout": 5000,
  "no-reconnect": false,
  protocol: "auto",
  user: undefined,
  "token-file": undefined,
  tls: false,
  ca: undefined,
};
const CONNECTED: Connection = {
  id: "p1",
  host: "h",
  port: 9000,
  connectTimeout: 5000,
  reconnect: true,
  protocol: "auto",
};

function refusal(options: Partial<Options>): string {
  return assertThrows(() => connectionFrom({ ...NOTHING, ...options }), UsageError).message;
}

/** The path of a file with a text, and its mode. */
function withFile<T>(text: string, mode: number, work: (path: string) => T): T {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(path, text);
    Deno.chmodSync(path, mode);
    return work(path);
  } finally {
    Deno.removeSync(path);
  }
}

Deno.test("a connection has what was said, and nothing of what was not", () => {
  assertEquals(connectionFrom(NOTHING), CONNECTED);
  assertEquals(
    connectionFrom({ ...NOTHING, "local-port": 5, "no-reconnect": true, protocol: "classic" }),
    { ...CONNECTED, localPort: 5, reconnect: false, protocol: "classic" },
  );
});

Deno.test("a connection is tried for as long as a timer can wait, whatever was asked for", () => {
  const timeout = (ms: number): number =>
    connectionFrom({ ...NOTHING, "connect-timeout": ms }).connectTimeout;
  assertEquals([timeout(TIMER_MOST_MS), timeout(TIMER_MOST_MS + 1), timeout(1)], [
    TIMER_MOST_MS,
    TIMER_MOST_MS,
    1,
  ]);
});

Deno.test("TLS is asked for, or meant where issuers are named, and those are PEM", () => {
  assertEquals(connectionFrom({ ...NOTHING, tls: true }), { ...CONNECTED, tls: { ca: [] } });
  const pem = "root:\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  for (const tls of [true, false]) {
    const connection = withFile(pem, 0o644, (ca) => connectionFrom({ ...NOTHING, tls, ca }));
    assertEquals(connection, { ...CONNECTED, tls: { ca: [pem] } });
  }
  const path = withFile("no certificate", 0o644, (ca) => {
    assertEquals(
      refusal({ ca }),
      `--ca "${ca}": there is no certificate in it: PEM has a line -----BEGIN CERTIFICATE-----`,
    );
    return ca;
  });
  assertEquals(
    refusal({ ca: path }),
    `cannot read the issuers' certificates (--ca) "${path}": no such file or directory`,
  );
});

Deno.test("who has an account shows it in protocol 2, and is told where others may read the token", () => {
  using _environment = standInEnvironment({ HASHBUS_TOKEN: "t" });
  const user = { ...NOTHING, user: "a" };
  assertEquals(connectionFrom(user), { ...CONNECTED, credentials: { user: "a", token: "t" } });
  assertEquals(
    refusal({ user: "a", protocol: "classic" }),
    "--user needs protocol 2: the classic protocol has no place for it",
  );
  const exposed = (mode: number): string | undefined =>
    withFile("s\n", mode, (path) => {
      const connection = connectionFrom({ ...user, protocol: "2", "token-file": path });
      assertEquals(connection.credentials, { user: "a", token: "s" });
      return connection.tokenExposure?.replace(path, "FILE");
    });
  const is = 'the token in "FILE" is exposed: ';
  assertEquals([exposed(0o600), exposed(0o644), exposed(0o620)], [
    undefined,
    `${is}everybody on this machine may read it (mode 0644: chmod 600)`,
    `${is}others than its owner may write it, and so whose token is shown (mode 0620: chmod 600)`,
  ]);
  assertEquals(
    "tokenExposure" in withFile("s", 0o600, (path) => connectionFrom({ ...user, "token-file": path })),
    false,
  );
});

Deno.test("stdin is read for commands or it is not", () => {
  const error = assertThrows(() => checkInput({ file: "-", "no-input": true }), UsageError);
  assertEquals(error.message, "-f - reads commands from stdin, and --no-input does not: take one");
  checkInput({ file: "-", "no-input": false });
  checkInput({ file: "a.cmd", "no-input": true });
  checkInput({ file: undefined, "no-input": true });
});

Deno.test("a client's port is that of its kind, and what is saved has those of both", () => {
  assertEquals([connects("publisher").port, connects("subscriber").port], ["pub-port", "sub-port"]);
  for (const program of ["publisher", "subscriber"] as const) {
    const { saved } = connects(program);
    assertEquals(Object.keys(saved), [
      ...["id", "host", "pub-port", "sub-port", "local-port"],
      ...Object.keys(CONNECT_OPTIONS),
    ]);
    assertEquals([saved["pub-port"]?.show([]), saved["sub-port"]?.show([])], [["9000"], ["9090"]]);
    assertEquals([saved["pub-port"]?.letters, saved["sub-port"]?.letters], ["", ""]);
  }
});

Deno.test("a client that is given no id makes one of what it is, and says in its help how that looks", () => {
  const idOf = (program: Program<Table>): unknown => readValues(program, [])["id"];
  assertEquals(/^pub-(?:.*-)?\d+$/.test(`${idOf(PUBLISHER)}`), true);
  assertEquals(/^sub-(?:.*-)?\d+$/.test(`${idOf(SUBSCRIBER)}`), true);
  assertEquals([PUBLISHER, SUBSCRIBER].map(({ options: { id } }) => /\((\S+)\)/.exec(id.help)?.[1]), [
    "pub-<host>-<pid>",
    "sub-<host>-<pid>",
  ]);
});

Deno.test("a speed is a number from nothing up", () => {
  assertEquals([SPEED.read("0"), SPEED.read("2.5")], [{ value: 0 }, { value: 2.5 }]);
  assertEquals(SPEED.read("-1"), { expected: "a number from 0 up, such as 2 or 0.5" });
});

Deno.test("the letters of a connection are the same for both clients", () => {
  for (const program of [PUBLISHER, SUBSCRIBER] as readonly Program<Table>[]) {
    const line = readArguments(program, ["-i", "me", "-r", "7", "-h", "a", "-p", "8"]);
    if ("print" in line) throw new TypeError(`asked to print its ${line.print}`);
    const values = readValues(program, [line.given]);
    assertEquals([values["id"], values["local-port"], values["host"], values["port"]], ["me", 7, "a", 8]);
  }
});
