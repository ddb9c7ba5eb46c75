/**
 * The executables, built and run where there is no environment at all.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { compileAll, RuntimeMissing } from "../../scripts/compile.ts";
import { Program } from "../../scripts/program.ts";
import { ASSETS } from "../../lib/http/mod.ts";
import { ask, httpOf } from "../support/browser.ts";
import { connectPublisher, connectSubscriber } from "../../lib/mod.ts";
import { HONEST, usersFile } from "../hostile/accounts.ts";
import { startBroker } from "../support/broker.ts";
import { HAS_OPENSSL, TestIssuer } from "../support/certificates.ts";

/** No PATH, no HOME, nothing. */
const BARE = { clearEnv: true, env: {} } as const;

const folder = await Deno.makeTempDir({ prefix: "hashbus-compile-" });
const extension = Deno.build.os === "windows" ? ".exe" : "";
const [missing, problem] = await build();

/** Compiles; why that cannot be done here, or what went wrong. */
async function build(): Promise<readonly [missing: string | null, problem: unknown]> {
  try {
    await compileAll({ out: folder, passOn: ["--no-check"] });
    return [null, null];
  } catch (error) {
    return error instanceof RuntimeMissing ? [error.message, null] : [null, error];
  }
}

function executable(name: string): string {
  return `${folder}/${name}${extension}`;
}

/** A test that is skipped does not pass silently: its name says why it did not run. */
function named(claim: string): string {
  return missing === null ? claim : `${claim} (skipped: ${missing})`;
}

Deno.test({
  name: named("The compiled programs pass a message on with an empty environment"),
  ignore: missing !== null,
  fn: async () => {
    if (problem !== null) throw problem;
    await using broker = await startBroker([], { command: [executable("broker")], ...BARE });
    await using subscriber = Program.start(
      [executable("subscriber"), "-i", "s1", "-p", `${broker.subPort}`, "-t", "#hello", "-C", "1", "-v"],
      BARE,
    );
    await subscriber.line(/subscribed to #hello/);
    const message = "from one executable to another, übers Netz";
    await using publisher = Program.start(
      [executable("publisher"), "-t", "#hello", "-m", message],
      { clearEnv: true, env: { HASHBUS_URL: `hashbus://127.0.0.1:${broker.pubPort}` } },
    );
    assertEquals((await publisher.ended).code, 0, publisher.lines.join("\n"));
    assertEquals((await subscriber.ended).code, 0, subscriber.lines.join("\n"));
    assertStringIncludes(subscriber.lines.join("\n"), `#hello ${message}`);
    assertEquals((await broker.stop()).code, 0, broker.lines.join("\n"));
  },
});

Deno.test({
  name: named(
    "A compiled subscriber runs commands as a worker, answers with what they print, and ends when it is told",
  ),
  ignore: missing !== null || Deno.build.os === "windows",
  fn: async () => {
    if (problem !== null) throw problem;
    await using broker = await startBroker();
    const ports = ["-p", `${broker.subPort}`, "--pub-port", `${broker.pubPort}`];
    await using worker = Program.start(
      [
        ...[executable("subscriber"), "-i", "w1", ...ports, "-t", "upper", "-G", "g", "-v"],
        ...["--ack", "exec", "--jobs", "4", "--reply", "--", "/bin/sh", "-c", "tr a-z A-Z"],
      ],
      BARE,
    );
    await worker.line(/subscribed to #upper/);
    await using asking = Program.start(
      [
        ...[
          executable("publisher"),
          "-i",
          "p1",
          "-p",
          `${broker.pubPort}`,
          "--sub-port",
          `${broker.subPort}`,
        ],
        ...["-t", "upper", "-m", "hi", "--request"],
      ],
      BARE,
    );
    assertEquals((await asking.ended).code, 0, asking.lines.join("\n"));
    assertStringIncludes(asking.lines.join("\n"), "HI");
    worker.kill("SIGINT");
    assertEquals((await worker.ended).code, 0, worker.lines.join("\n"));
  },
});

Deno.test({
  name: named("The compiled broker has the dashboard with it, and an API"),
  ignore: missing !== null,
  fn: async () => {
    if (problem !== null) throw problem;
    await using broker = await startBroker(["--http", "0"], { command: [executable("broker")], ...BARE });
    for (const [path, { bytes, type }] of ASSETS) {
      const answer = await fetch(`${httpOf(broker)}${path}`);
      assertEquals([path, answer.status, answer.headers.get("content-type")], [path, 200, type]);
      assertEquals(await answer.bytes(), bytes, path);
    }
    assertEquals((await ask(broker, "/api/broker"))["ready"], true);
  },
});

const withoutOpenssl = HAS_OPENSSL ? "" : " (skipped: openssl is not installed)";

Deno.test({
  name: named(`The compiled broker stores, has accounts and speaks TLS, all at once${withoutOpenssl}`),
  ignore: missing !== null || !HAS_OPENSSL,
  fn: async () => {
    if (problem !== null) throw problem;
    await using issuer = await TestIssuer.make();
    const { certificate, key } = await issuer.issue();
    const fileOf = (name: string): string => `${issuer.folder}/${name}`;
    await Deno.writeTextFile(fileOf("broker.crt"), certificate);
    await Deno.writeTextFile(fileOf("broker.key"), key, { mode: 0o600 });
    await Deno.rename(await usersFile(), fileOf("users.toml"));
    const tls = ["--tls-cert", fileOf("broker.crt"), "--tls-key", fileOf("broker.key")];
    const args = ["--http", "0", "--data", fileOf("data"), "--users", fileOf("users.toml"), ...tls];
    await using broker = await startBroker(args, { command: [executable("broker")], ...BARE });
    const common = { host: "localhost", tls: { ca: [issuer.certificate] }, credentials: HONEST };
    await using publisher = await connectPublisher({ ...common, id: "p1", port: broker.pubPort });
    assertEquals((await publisher.publish("#hello", "one")).level, "synced");
    await using subscriber = await connectSubscriber({ ...common, id: "s1", port: broker.subPort });
    await subscriber.subscribe("#hello", { from: "earliest" });
    for await (const { topic, text } of subscriber) {
      assertEquals([topic, text], ["#hello", "one"]);
      break;
    }
    using client = Deno.createHttpClient({ caCerts: [issuer.certificate] });
    const port = /, http \S+?:(\d+)/.exec(broker.stdout)![1];
    const answer = await fetch(`https://localhost:${port}/api/topics`, {
      client,
      headers: { authorization: `Basic ${btoa(`${HONEST.user}:${HONEST.token}`)}` },
    });
    assertStringIncludes(await answer.text(), "#hello");
  },
});

Deno.test({
  name: named("A compiled publisher makes its id with the machine's name, and finds saved connections"),
  ignore: missing !== null,
  fn: async () => {
    if (problem !== null) throw problem;
    await Deno.mkdir(`${folder}/.config/hashbus`, { recursive: true });
    const file = `${folder}/.config/hashbus/config.toml`;
    await Deno.writeTextFile(file, '[context.prod]\nurl = "hashbus://broker.example:9100"\n');
    const command = [executable("publisher"), "--context", "prod", "--show-config", "--json"];
    await using publisher = Program.start(command, { clearEnv: true, env: { HOME: folder } });
    assertEquals((await publisher.ended).code, 0, publisher.stderr);
    const rows = publisher.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    const { value: id } = rows.find(({ option }) => option === "id");
    const [label = ""] = Deno.hostname().split(".");
    assertStringIncludes(id, label.replace(/[^\w-]+/g, "-"));
    assertStringIncludes(
      JSON.stringify(rows),
      JSON.stringify({
        option: "port",
        value: "9100",
        from: `context prod in ${file}`,
      }),
    );
  },
});

Deno.test({
  name: named("A compiled subscriber records what a compiled publisher plays"),
  ignore: missing !== null,
  fn: async () => {
    if (problem !== null) throw problem;
    const file = `${folder}/recorded.cmd`;
    await using broker = await startBroker([], { command: [executable("broker")], ...BARE });
    for (const record of [file, `${folder}/recorded_again.cmd`]) {
      await using subscriber = Program.start(
        [
          executable("subscriber"),
          "-i",
          "s1",
          "-p",
          `${broker.subPort}`,
          "-t",
          ">",
          "-C",
          "2",
          "-v",
          "--record",
          record,
        ],
        BARE,
      );
      await subscriber.line(/subscribed to #>/);
      const source = record === file ? `${import.meta.dirname}/fixtures/two_messages.cmd` : file;
      await using publisher = Program.start(
        [executable("publisher"), "-i", "p1", "-p", `${broker.pubPort}`, "-f", source, "--speed", "0"],
        BARE,
      );
      assertEquals((await publisher.ended).code, 0, publisher.lines.join("\n"));
      assertEquals((await subscriber.ended).code, 0, subscriber.lines.join("\n"));
      const played = (await Deno.readTextFile(record)).split("\n").filter((line) => line.includes("pub"));
      assertEquals(played.map((line) => line.slice(line.indexOf("pub"))), [
        "pub #a one",
        "pub #b.c two  blanks",
      ]);
    }
  },
});

Deno.test({
  name: named("A compiled publisher and subscriber that find no broker advise the compiled one"),
  ignore: missing !== null,
  fn: async () => {
    if (problem !== null) throw problem;
    for (const name of ["publisher", "subscriber"]) {
      const command = [executable(name), "-p", "1", "-t", "a", "--connect-timeout", "0.1"];
      await using program = Program.start(name === "publisher" ? [...command, "-n"] : command, BARE);
      assertEquals((await program.ended).code, 1);
      assertEquals(
        program.stderr,
        `${name}: no broker at 127.0.0.1:1 (connection refused): start one with "broker", ` +
          "or name another host or port (-h, -p)\n",
      );
    }
  },
});

globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
