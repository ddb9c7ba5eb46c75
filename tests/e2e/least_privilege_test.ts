/**
 * The broker with no more rights than the documents give it.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { hashSecret } from "../../lib/auth/secrets.ts";
import { HAS_OPENSSL, TestIssuer } from "../support/certificates.ts";
import { connectTls } from "../support/tls_client.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { RawClient } from "../support/raw_client.ts";
import { readBatches } from "../support/v2.ts";

const ROOT = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");
/** Where the runtime keeps what it has fetched. */
const FETCHED = Deno.env.get("DENO_DIR") ??
  `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`}/deno`;
const UNIT = await Deno.readTextFile(`${ROOT}/docs/examples/hashbus.service`);

/** What a unit starts: its lines that go on are one. */
function startedBy(unit: string): string[] {
  const line = unit.replace(/\\\n\s*/g, "").split("\n").find((each) => each.startsWith("ExecStart="));
  return line?.slice("ExecStart=".length).split(/ +/) ?? [];
}

/** A folder with the files of a broker, and the command of the unit as it is here. */
async function installed(): Promise<{ readonly folder: string; readonly command: readonly string[] }> {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/data`, { mode: 0o700 });
  await Deno.mkdir(`${folder}/etc`);
  const secret = await hashSecret("correct-horse");
  const all = 'publish = ["#>"]\nsubscribe = ["#>"]';
  await Deno.writeTextFile(
    `${folder}/etc/users.toml`,
    `[[user]]\nname = "shop"\n${all}\nsecret = "${secret}"\n`,
    { mode: 0o600 },
  );
  const places: readonly [string, string][] = [
    ["/usr/local/bin/deno", Deno.execPath()],
    ["/opt/hashbus", ROOT],
    ["/var/lib/hashbus", `${folder}/data`],
    ["/etc/hashbus", `${folder}/etc`],
    ["0.0.0.0:9090,0.0.0.0:9000", "0.0.0.0"],
    ["-s 9090 -p 9000", "-s 0 -p 0"],
  ];
  const command = places.reduce(
    (text, [there, here]) => text.replaceAll(there, here),
    startedBy(UNIT).join(" "),
  );
  return { folder, command: command.split(" ") };
}

async function logIn(broker: RunningBroker, port: number): Promise<RawClient> {
  const client = await RawClient.connect(port);
  assertEquals(await client.ask("c hello 2 user=shop token=correct-horse"), "OK_2", broker.stderr);
  await client.line();
  return client;
}

Deno.test({
  name: "the broker of the systemd unit does all it is there for with the rights it has, and has no more",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const { folder, command } = await installed();
    for (const right of ["-A", "--allow-all", "--allow-run", "--allow-ffi", "--allow-sys"]) {
      assert(!command.some((word) => word === right || word.startsWith(`${right}=`)), right);
    }
    for (const right of ["--allow-net", "--allow-read", "--allow-write", "--allow-env"]) {
      assert(command.some((word) => word.startsWith(`${right}=`)), `${right} is for some`);
    }
    const after = (): Promise<void> => Deno.remove(folder, { recursive: true });
    await using broker = await startBroker(["-s", "0", "-p", "0"], { command, after });
    using publisher = await logIn(broker, broker.pubPort);
    assertMatch(await publisher.ask("pub #a 2\nhi") ?? "", /^ok 1 seq=1 level=synced/);
    using subscriber = await logIn(broker, broker.subPort);
    assertMatch(await subscriber.ask("sub #a from=earliest") ?? "", /^ok 1/);
    assertEquals((await readBatches(subscriber, 1)).filter((line) => line.startsWith("#")), ["#a 1 hi"]);
    assert((await Deno.stat(`${folder}/data/hashbus.sock`)).isSocket, "groups can be looked at");
    await Deno.writeTextFile(`${folder}/etc/users.toml`, "[[user]]\n");
    Deno.kill(broker.pid, "SIGHUP");
    await broker.see(/users\.toml/, { on: "stderr" });
    const { code } = await broker.stop();
    assertEquals(code, 0, broker.stderr);
    assertEquals(/NotCapable|not given the permission/.test(broker.stderr), false, broker.stderr);
  },
});

Deno.test({
  name: "with a certificate and HTTP it has all it needs, too, when the port is among its rights",
  ignore: Deno.build.os !== "linux" || !HAS_OPENSSL,
  fn: async () => {
    await using issuer = await TestIssuer.make();
    const { certificate, key } = await issuer.issue();
    const { folder, command } = await installed();
    await Deno.writeTextFile(`${folder}/etc/broker.crt`, certificate);
    await Deno.writeTextFile(`${folder}/etc/broker.key`, key, { mode: 0o600 });
    const pair = ["--tls-cert", `${folder}/etc/broker.crt`, "--tls-key", `${folder}/etc/broker.key`];
    const after = (): Promise<void> => Deno.remove(folder, { recursive: true });
    // in the unit what was fetched lies with the sources
    const readable = command.map((word) => word.startsWith("--allow-read=") ? `${word},${FETCHED}` : word);
    const args = ["-s", "0", "-p", "0", ...pair, "--http", "0"];
    await using broker = await startBroker(args, { command: readable, after });
    const [, port] = /http \S+:(\d+)/.exec(broker.stdout) ?? [];
    for (const path of ["/healthz", "/", "/api/broker", "/metrics"]) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        headers: { authorization: `Basic ${btoa("shop:correct-horse")}` },
      });
      const text = await response.text();
      assert(response.status < 500 && text.length > 0, `${path}: ${response.status} ${broker.stderr}`);
    }
    using tls = await connectTls(broker.pubPort, issuer.certificate);
    assertEquals(await tls.ask("c hello 2 user=shop token=correct-horse"), "OK_2", broker.stderr);
    assertEquals((await broker.stop()).code, 0, broker.stderr);
    assertEquals(/NotCapable|not given the permission/.test(broker.stderr), false, broker.stderr);
  },
});

Deno.test("every option of the unit's broker is one, and its secrets are in files", () => {
  const words = startedBy(UNIT);
  assert(words.length > 10);
  assertEquals(words.filter((word) => /token|secret|password/i.test(word)), []);
});
