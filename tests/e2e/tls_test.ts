/** TLS as the programs speak it. F35 and F36 are told in one line. */
import { assertEquals, assertMatch } from "@std/assert";
import { type Ended, run, start } from "../cli/run_program.ts";
import { Program } from "../../scripts/program.ts";
import { startBroker } from "../support/broker.ts";
import { HAS_OPENSSL, type TestCertificate, TestIssuer } from "../support/certificates.ts";
import { freePort } from "../support/ports.ts";

const options = { ignore: !HAS_OPENSSL }; // without openssl there are no certificates

/** Writes a pair where a broker reads it; gives the broker's options for it. */
async function served(folder: string, { certificate, key }: TestCertificate): Promise<string[]> {
  const [certificatePath, keyPath] = [`${folder}/broker.crt`, `${folder}/broker.key`];
  await Deno.writeTextFile(certificatePath, certificate);
  await Deno.writeTextFile(keyPath, key);
  return ["--tls-cert", certificatePath, "--tls-key", keyPath];
}

Deno.test("programs talk inside TLS, and go on when the certificate is another one", options, async () => {
  await using issuer = await TestIssuer.make();
  await using other = await TestIssuer.make();
  await using broker = await startBroker(await served(issuer.folder, await issuer.issue()));
  assertMatch(broker.stdout, /^broker ready: .* \(TLS\)\n$/);
  const publish = (text: string, ca: string, more: readonly string[] = []): Promise<Ended> =>
    run("publisher", ["-p", `${broker.pubPort}`, "-t", "a", "-m", text, "--ca", ca, ...more]);
  const HASHBUS_URL = `hashbuss://localhost:${broker.pubPort}?sub-port=${broker.subPort}&ca=${issuer.path}`;
  const watch = ["-v", "-t", "a", "-C", "2"];
  await using subscriber = start("subscriber", watch, { env: { HASHBUS_URL } });
  await subscriber.see(/subscribed to/, { on: "stderr" });
  assertEquals((await publish("before", issuer.path)).code, 0);
  await served(issuer.folder, await other.issue());
  broker.kill("SIGHUP");
  await broker.see(/certificate loaded/, { on: "stderr" });
  const { code, stderr } = await publish("in vain", issuer.path);
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^publisher: cannot connect to 127.0.0.1:\d+: the broker's certificate is .*--ca FILE\)\n$/,
  );
  assertEquals((await publish("behind", other.path, ["-h", "localhost"])).code, 0);
  assertEquals((await subscriber.ended).code, 0);
  assertEquals(subscriber.stdout, "#a before\n#a behind\n");
});

Deno.test("a broker that cannot speak TLS says why in one line (F36)", options, async () => {
  await using issuer = await TestIssuer.make();
  const good = await issuer.issue();
  const cases: ReadonlyArray<readonly [args: readonly string[], code: number, said: RegExp]> = [
    [await served(issuer.folder, { ...good, key: (await issuer.issue()).key }), 1, /the key is not that of/],
    [["--tls-cert", `${issuer.folder}/broker.crt`], 2, /--tls-cert needs --tls-key FILE, too/],
    [["--tls-cert", "/nonexistent", "--tls-key", "/nonexistent"], 2, /cannot read the certificate/],
  ];
  for (const [args, code, said] of cases) {
    const ended = await run("broker", ["-s", "0", "-p", "0", ...args]);
    assertEquals([ended.code, ended.stdout], [code, ""]);
    assertMatch(ended.stderr, said);
    assertMatch(ended.stderr, /^broker: [^\n]*\n$/);
  }
});

Deno.test("a program that speaks the wrong language says so in one line (F35)", options, async () => {
  await using issuer = await TestIssuer.make();
  await using tls = await startBroker(await served(issuer.folder, await issuer.issue()));
  await using plain = await startBroker();
  const cases: ReadonlyArray<readonly [args: readonly string[], said: RegExp]> = [
    [["-p", `${tls.pubPort}`], /: the port speaks TLS: connect with it \(--tls\)\n$/],
    [["-p", `${plain.pubPort}`, "--tls"], /: the port speaks plain text: connect without TLS\n$/],
  ];
  for (const [args, said] of cases) {
    const { code, stderr } = await run("publisher", [...args, "-t", "a", "-m", "hi"]);
    assertEquals(code, 1);
    assertMatch(stderr, said);
  }
  await tls.see(/WARN {2}plain text on a port with TLS.* address=127.0.0.1:\d+ times=1/, { on: "stderr" });
  await plain.see(/WARN {2}TLS on a port without.* address=127.0.0.1:\d+ times=1/, { on: "stderr" });
});

Deno.test("programs speak TLS with the rights that deno.json gives them, and no more", options, async () => {
  await using issuer = await TestIssuer.make();
  const pair = await served(issuer.folder, await issuer.issue());
  const script = (name: string): string => new URL(`../../${name}.ts`, import.meta.url).pathname;
  const limited = (
    name: string,
  ): string[] => [Deno.execPath(), "run", "--no-prompt", `-P=${name}`, script(name)];
  await using broker = await startBroker(pair, { command: limited("broker") });
  for (const from of [[], ["-r", `${freePort()}`]]) {
    const to = ["-p", `${broker.pubPort}`, "-t", "a", "-m", "hi", "--ca", issuer.path, ...from];
    const publisher = Program.start([...limited("publisher"), ...to]);
    const { code } = await publisher.ended;
    assertEquals([code, publisher.stderr.replace(/^.*Warning.*\n/, "")], [0, ""]);
  }
});

Deno.test("--ca that is no certificate, or not there, ends with 2 before anything is connected", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/empty`, "");
  const cases: ReadonlyArray<readonly [file: string, said: RegExp]> = [
    [`${folder}/empty`, /--ca ".*empty": there is no certificate in it/],
    [`${folder}/missing`, /cannot read the issuers' certificates \(--ca\) ".*missing": no such file/],
  ];
  for (const [file, said] of cases) {
    const { code, stderr } = await run("publisher", ["-p", "1", "-t", "a", "-m", "hi", "--ca", file]);
    assertEquals(code, 2);
    assertMatch(stderr, said);
  }
  await Deno.remove(folder, { recursive: true });
});
