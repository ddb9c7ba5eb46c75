/** What options make of the broker's program: with a store, with accounts, with HTTP, at its end. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { hashSecret } from "../../../lib/auth/secrets.ts";
import { Broker } from "../../../lib/broker/mod.ts";
import { ask } from "../../../lib/cli/broker/groups/control.ts";
import { BROKER } from "../../../lib/cli/broker/options.ts";
import { serve } from "../../../lib/cli/broker/serve.ts";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { DESCRIPTORS_KEPT } from "../../../lib/limits.ts";
import { HAS_OPENSSL, TestIssuer } from "../../support/certificates.ts";
import { NEEDS_NATS, startNats } from "../../support/nats_server.ts";
import { freePort } from "../../support/ports.ts";
import { RawClient } from "../../support/raw_client.ts";
import { upgrade } from "../../support/v2.ts";
import { within } from "../../support/within.ts";
import { standIn, StandInStream } from "../stand_in.ts";
import { served } from "./served.ts";

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("how it stores is as the options say: how safe, how often, for how long", async () => {
  await withFolder(async (data) => {
    const words = ["--data", data, "--sync", "interval", "--dedup-window", "1ms", "--max-attempts", "1"];
    await served([...words, "--ack-timeout", "250ms"], async ({ sub, pub, log }) => {
      using publisher = await upgrade(await RawClient.connect(pub));
      using worker = await upgrade(await RawClient.connect(sub));
      assertEquals(await worker.ask("sub #jobs group=g ack=explicit"), "ok 1");
      assertEquals(await publisher.ask("pub #jobs 1 id=x\nx"), "ok 1 seq=1 level=memory subs=1");
      assertMatch(await worker.line() ?? "", /^batch #jobs 1 \d+ group=g seq=1 /);
      // it is remembered for a millisecond, which has passed when the broker looks at its clock
      const again = async (): Promise<void> => {
        while (!(await publisher.ask("pub #jobs 1 id=x\ny"))?.startsWith("ok 1 seq=2 level=memory ")) {
          await new Promise((go) => setTimeout(go, 20));
        }
      };
      await within("that its id is forgotten", again(), 10_000);
      // nobody settles it: after its time it is a dead letter
      using reader = await upgrade(await RawClient.connect(sub));
      assertEquals(await reader.ask("sub #dead.g.jobs from=earliest"), "ok 1");
      const dead = async (): Promise<void> => {
        for (let line = ""; !line.startsWith("batch #dead.g.jobs 1 ");) {
          const next = await reader.line();
          assert(next !== undefined, "the broker ends");
          line = next;
        }
      };
      await within("a dead letter", dead(), 10_000);
      // who looks after groups reaches it
      const groups = await ask(data, { do: "list" });
      assert(groups !== undefined && "groups" in groups && groups.groups.some(({ name }) => name === "g"));
      const told = async (): Promise<void> => {
        while (!log().some((line) => line.includes("fsync"))) await new Promise((go) => setTimeout(go, 10));
      };
      await within("what an fsync costs", told());
      assertEquals(log().find((line) => line.includes("fsync"))?.endsWith(" sync=interval"), true);
    });
    assertEquals(await ask(data, { do: "list" }), undefined, "nobody is there any more");
    assertEquals([...Deno.readDirSync(data)].filter(({ name }) => name.endsWith(".sock")), []);
  });
});

Deno.test("what nothing is said about is as usual: an id is remembered, and what is stored is on disk", async () => {
  await withFolder(async (data) => {
    await served(["--data", data], async ({ pub }) => {
      using publisher = await upgrade(await RawClient.connect(pub));
      assertEquals(await publisher.ask("pub #a 1 id=x\nx"), "ok 1 seq=1 level=synced subs=0");
      await new Promise((resolve) => setTimeout(resolve, 5));
      assertEquals(await publisher.ask("pub #a 1 id=x\nx"), "ok 1 level=synced");
    });
  });
});

Deno.test("accounts are read again on SIGHUP, and hold at once for who is in, until it is told to stop", async () => {
  await withFolder(async (folder) => {
    const users = `${folder}/users.toml`;
    const secret = await hashSecret("s");
    const account = (rights: string): Promise<void> =>
      Deno.writeTextFile(users, `[[user]]\nname = "a"\n${rights}secret = "${secret}"\n`, { mode: 0o600 });
    await account('publish = ["#a"]\nsubscribe = ["#a", "#b"]\n');
    let waiting = (_: string): number => 0;
    const { log } = await served(["--users", users], async (running) => {
      waiting = running.waiting;
      using subscriber = await RawClient.connect(running.sub);
      assertEquals(await subscriber.ask("s hello 2 user=a token=s"), "OK_2");
      await subscriber.line();
      assertEquals(await subscriber.ask("sub #b"), "ok 1");
      await account('publish = ["#a"]\nsubscribe = ["#a"]\n');
      running.hangUp();
      assertMatch(await subscriber.line() ?? "", /#b/);
      assertEquals(running.waiting("SIGHUP"), 1);
    });
    assertEquals(waiting("SIGHUP"), 0);
    assertEquals(log.filter((line) => line.startsWith("INFO  accounts reloaded")).length, 1);
  });
});

Deno.test("who says nothing is let go of after the time for logins", async () => {
  await withFolder(async (folder) => {
    const users = `${folder}/users.toml`;
    const text = `[[user]]\nname = "a"\nsecret = "${await hashSecret("s")}"\n`;
    await Deno.writeTextFile(users, text, { mode: 0o600 });
    await served(["--users", users, "--login-timeout", "100ms"], async ({ sub }) => {
      using silent = await RawClient.connect(sub);
      // by itself that is ten seconds
      await within("its end", silent.rest(), 5000);
    });
  });
});

Deno.test("how long things take is measured where there is HTTP to tell it", async () => {
  await served(["--http", "0"], async ({ ready, pub }) => {
    using publisher = await RawClient.connect(pub);
    assertEquals(await publisher.ask("p1 pub #a one"), "OK");
    const [, address] = /, http (\S+)\n$/.exec(ready) ?? [];
    const metrics = await (await fetch(`http://${address}/metrics`)).text();
    assertMatch(metrics, /^hashbus_\w+_seconds_bucket/m);
    assertMatch(metrics, /hashbus_topic_\w+\{topic="#a"\} 1$/m);
  });
});

Deno.test("names that requests over HTTP may be for are taken besides its addresses", async () => {
  const words = ["--http", "0", "--http-host", "broker.example"];
  await served(words, async ({ ready }) => {
    const [, port] = /, http \S+:(\d+)\n$/.exec(ready) ?? [];
    const status = async (host: string): Promise<string | undefined> => {
      using client = await RawClient.connect(Number(port));
      await client.send(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      return (await client.line())?.split(" ")[1];
    };
    assertEquals(await status(`broker.example:${port}`), "200");
    assert(await status("other.example") !== "200");
  });
});

Deno.test("room is made in the table of descriptors for all connections there may be", async () => {
  const asked: unknown[] = [];
  const library = {
    symbols: { fcntl: (...words: unknown[]) => (asked.push(words), Promise.resolve(-1)), close: () => 0 },
    close: () => {},
  };
  using _library = standIn(Deno, "dlopen", (() => library) as unknown as typeof Deno.dlopen);
  await served(["--max-connections", "100"]);
  assertEquals(asked.map((words) => (words as number[])[2]), [100 + DESCRIPTORS_KEPT - 1]);
});

Deno.test("only addresses of this machine are not open to others", async () => {
  const warned = async (...words: readonly string[]): Promise<readonly string[]> =>
    (await served(words)).log.filter((line) => line.startsWith("WARN"));
  for (const address of ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"]) {
    assertEquals(await warned("-H", address), [], address);
  }
  const [line = "", ...more] = await warned("-H", "::", "--http", "0");
  assertEquals(more, []);
  assertMatch(line, /ports="subscribers \[::\]:\d+, publishers \[::\]:\d+, http \[::\]:\d+"/);
});

Deno.test(
  "tokens that go over the network inside TLS are nothing to be warned of",
  { ignore: !HAS_OPENSSL }, // without openssl there are no certificates
  async () => {
    await using issuer = await TestIssuer.make();
    const { certificate, key } = await issuer.issue();
    const [crt, pem, users] = ["s.crt", "s.key", "u.toml"].map((name) => `${issuer.folder}/${name}`);
    await Deno.writeTextFile(crt!, certificate);
    await Deno.writeTextFile(pem!, key);
    const text = `[[user]]\nname = "a"\nsecret = "${await hashSecret("s")}"\n`;
    await Deno.writeTextFile(users!, text, { mode: 0o600 });
    let waiting = (_: string): number => 0;
    const words = ["-H", "0.0.0.0", "--tls-cert", crt!, "--tls-key", pem!, "--users", users!];
    const { log } = await served(words, (running) => {
      waiting = running.waiting;
      assertEquals(running.waiting("SIGHUP"), 2, "the accounts' and the certificate's");
      return Promise.resolve();
    });
    assertEquals([log.filter((line) => line.startsWith("WARN")), waiting("SIGHUP")], [[], 0]);
  },
);

Deno.test("what does not come to its end is ended in time, with what is not known", async () => {
  const { promise: logWaits, resolve } = Promise.withResolvers<void>();
  const codes: (number | undefined)[] = [];
  using _exit = standIn(Deno, "exit", ((code) => void codes.push(code)) as typeof Deno.exit);
  const { setTimeout: later } = globalThis;
  let ends = 0;
  const noting = (call: () => void, ms?: number): unknown => {
    // what --drain-timeout gives it: it is over at once
    if (ms !== 6800) return later(call, ms);
    ends++;
    call();
    return 0;
  };
  using _later = standIn(globalThis, "setTimeout", noting as unknown as typeof setTimeout);
  const { log } = await served(["--drain-timeout", "7s"], async ({ stop, over }) => {
    assertEquals(ends, 0);
    stop();
    const ended = async (): Promise<void> => {
      while (codes.length === 0) await new Promise((go) => later(go, 1));
    };
    await within("the end", ended());
    assert(!over(), "its log is not written");
    resolve();
  }, { logWaits });
  assertEquals([codes, ends], [[1], 1]);
  const doubt = log.filter((line) => line.startsWith("ERROR the disk did not answer"));
  assertEquals(doubt.map((line) => line.split(" ").at(-1)), ["messages=0"]);
});

Deno.test("what is queued has the time to leave that HTTP has left it", async () => {
  const given: number[] = [];
  const { drain } = Broker.prototype;
  const noting = function (this: Broker, timeout: number): Promise<number> {
    given.push(timeout);
    return drain.call(this, timeout);
  };
  using _drain = standIn(Broker.prototype, "drain", noting);
  await served(["--http", "0", "--drain-timeout", "10s"]);
  await served(["--drain-timeout", "0"]);
  const [some = NaN, none] = given;
  assert(some > 0 && some < 9000, `${some}`);
  assertEquals(none, 0);
});

/** Serves with these words and stops it at once; its exit code, and what it said on stdout. */
async function stoppedAtOnce(...words: readonly string[]): Promise<readonly [code: number, out: string]> {
  const signals: (() => void)[] = [];
  using stdout = new StandInStream("stdout");
  using _stderr = new StandInStream("stderr");
  const add = (signal: string, listener: () => void): void => {
    if (signal === "SIGTERM") signals.push(listener);
  };
  using _signals = standIn(Deno, "addSignalListener", add as typeof Deno.addSignalListener);
  using _timers = standIn(Deno, "unrefTimer", (timer) => clearTimeout(timer));
  const line = readArguments(BROKER, ["-s", "0", "-p", "0", ...words]);
  if ("print" in line) throw new TypeError(`asked to print its ${line.print}`);
  const serving = serve(readValues(BROKER, [line.given]));
  signals[0]!();
  const code = await within("the end of the broker", serving);
  return [code, stdout.text];
}

Deno.test("who is stopped before there is a NATS has done nothing, and not failed", async () => {
  const engine = ["--engine", `nats://127.0.0.1:${freePort()}`, "--connect-timeout", "300ms"];
  assertEquals(await stoppedAtOnce(...engine), [0, ""]);
});

Deno.test({
  name: "an engine is named where it is ready, and what is stored there is no business of a store here",
  ...NEEDS_NATS,
  fn: async () => {
    await using nats = await startNats();
    const { code, log } = await served(["--engine", `nats://${nats.server}`], async ({ ready, sub, pub }) => {
      assert(ready.endsWith(`, engine nats://${nats.server}\n`), ready);
      using subscriber = await RawClient.connect(sub);
      assertEquals(await subscriber.ask("s1 sub #a"), "OK");
      using publisher = await RawClient.connect(pub);
      assertEquals(await publisher.ask("p1 pub #a one"), "OK");
      assertEquals(await subscriber.line(), "#a one");
    });
    assertEquals(code, 0);
    assert(log.some((line) => line.startsWith("INFO  connected to NATS ")), log.join("\n"));
    assert(!log.some((line) => line.startsWith("ERROR")), log.join("\n"));
  },
});
