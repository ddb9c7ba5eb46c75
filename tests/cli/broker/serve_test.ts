/** The broker's program in this process: signals, stdout and the end of the process are the test's. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Worker } from "node:worker_threads";
import { RunError } from "../../../lib/errors.ts";
import { HAS_OPENSSL, TestIssuer } from "../../support/certificates.ts";
import { RawClient } from "../../support/raw_client.ts";
import { upgrade } from "../../support/v2.ts";
import { within } from "../../support/within.ts";
import { standIn } from "../stand_in.ts";
import { served } from "./served.ts";

const LOCAL = /^broker ready: subscribers 127\.0\.0\.1:(\d+), publishers 127\.0\.0\.1:(\d+)(.*)\n$/;

Deno.test("it says where it listens, serves until it is told to stop, and says what it did", async () => {
  const { code, log } = await served([], async ({ ready, sub, pub }) => {
    assertMatch(ready, LOCAL);
    using subscriber = await RawClient.connect(sub);
    assertEquals(await subscriber.ask("s1 sub #a"), "OK");
    using publisher = await RawClient.connect(pub);
    assertEquals(await publisher.ask("p1 pub #a one"), "OK");
    assertEquals(await subscriber.line(), "#a one");
  });
  assertEquals(code, 0);
  assertMatch(log[0]!, /^INFO {2}started version=\S+ pid=\d+ slowConsumer=block$/);
  assert(log.some((line) => /^INFO {2}draining connections=\d$/.test(line)), log.join("\n"));
  assertMatch(log.at(-1)!, /^INFO {2}stopped .*published=1 .*delivered=1/);
});

/** Gives it some turns to be over, and less time than it waits for who reads its log. */
async function aWhile(over: () => boolean): Promise<void> {
  const end = performance.now() + 250;
  for (let turns = 0; turns < 50 && !over() && performance.now() < end; turns++) {
    await new Promise((go) => setTimeout(go, 1));
  }
}

Deno.test("all that it logs is written when it is over", async () => {
  const { promise: logWaits, resolve } = Promise.withResolvers<void>();
  const { log } = await served([], async ({ stop, over }) => {
    stop();
    await aWhile(over);
    assert(!over());
    resolve();
  }, { logWaits });
  assertMatch(log.at(-1)!, /^INFO {2}stopped /);
});

Deno.test("how much it says is asked for", async () => {
  const events = async (...words: readonly string[]): Promise<readonly string[]> =>
    (await served(words, async ({ pub }) => {
      using publisher = await RawClient.connect(pub);
      await publisher.ask("p1 pub #a one");
    })).log;
  assertEquals(await events("-q"), [""]);
  assert((await events("-v")).some((line) => line.startsWith("DEBUG connection opened")));
  assert((await events()).every((line) => !line.startsWith("DEBUG")));
  const [first = ""] = await events("--log-format", "json");
  assertEquals((JSON.parse(first) as { readonly event: string }).event, "started");
});

/** So many files may be open, of which none is. */
function withDescriptors(most: number): Disposable {
  const { readTextFileSync, readDirSync } = Deno;
  const stack = new DisposableStack();
  stack.use(standIn(Deno, "readTextFileSync", (path) => {
    return path === "/proc/self/limits"
      ? `Max open files   ${most}   ${most}   files`
      : readTextFileSync(path);
  }));
  stack.use(
    standIn(Deno, "readDirSync", (path) => path === "/proc/self/fd" ? [].values() : readDirSync(path)),
  );
  return stack;
}

Deno.test("where there are descriptors for fewer connections than were asked for, that is told with how many", async () => {
  const words = ["--max-connections", "1000", "-q"];
  const told = async (most: number, ...more: readonly string[]): Promise<readonly string[]> => {
    using _descriptors = withDescriptors(most);
    const { log } = await served([...words, ...more]);
    return log.filter((line) => line.includes("fewer connections"));
  };
  const fewer = "WARN  fewer connections than --max-connections fit the limit of open files";
  const advice = 'advice="raise `ulimit -n`"';
  assertEquals(await told(1064), []);
  assertEquals(await told(1063), [`${fewer} connections=999 asked=1000 ${advice}`]);
  const [line = ""] = await told(1064, "--http", "0");
  const [, connections, http] = /connections=(\d+) asked=1000 http=(\d+) /.exec(line) ?? [];
  assertEquals([Number(connections) + Number(http), Number(http) > 0], [1000, true], line);
});

Deno.test("what is stored is there when it begins again, and the limits are what was asked for", async () => {
  const data = await Deno.makeTempDir();
  try {
    const words = ["--data", data, "--durable", "#d", "--max-payload", "4KiB", "--slow-consumer", "drop"];
    await served(words, async ({ pub, log }) => {
      using publisher = await upgrade(await RawClient.connect(pub));
      assertEquals(await publisher.ask("pub #d 1\nx"), "ok 1 seq=1 level=synced subs=0");
      assertMatch(
        await publisher.ask(`pub #d 5000\n${"x".repeat(5000)}`) ?? "",
        /^err PAYLOAD_TOO_LARGE /,
      );
      assert(log().some((line) => line.includes(`slowConsumer=drop data=${data}`)), log().join("\n"));
    });
    await served(words, async ({ sub, log }) => {
      using subscriber = await upgrade(await RawClient.connect(sub));
      assertMatch(await subscriber.ask("sub #d from=earliest") ?? "", /^ok 1/);
      assertMatch(await subscriber.line() ?? "", /^batch #d 1 /);
      assertMatch(await subscriber.ask("sub #e slow=block") ?? "", /^pub #d 1/);
      const told = async (): Promise<void> => {
        while (!log().some((line) => line.includes("fsync"))) await new Promise((go) => setTimeout(go, 10));
      };
      await within("what an fsync costs there", told());
    });
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("a port that cannot be had is told, and the store is let go of", async () => {
  const data = await Deno.makeTempDir();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    const words = ["--data", data];
    await assertRejects(
      () => served([...words, "-p", String(taken.addr.port)]),
      RunError,
      `127.0.0.1:${taken.addr.port} is in use`,
    );
    await assertRejects(
      () => served([...words, "--http", String(taken.addr.port)]),
      RunError,
      `127.0.0.1:${taken.addr.port} is in use`,
    );
    assertEquals((await served(words)).code, 0, "nobody has it any more");
  } finally {
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("HTTP is one way more, which is named, and ends with it", async () => {
  let address = "";
  await served(["--http", "0"], async ({ ready }) => {
    address = /, http (\S+)\n$/.exec(ready)?.[1] ?? "";
    const answer = await fetch(`http://${address}/healthz`);
    assertEquals([answer.status, (await answer.body?.cancel()) === undefined], [200, true]);
  });
  await assertRejects(() => fetch(`http://${address}/healthz`), TypeError);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await assertRejects(() => served(["--http", String(taken.addr.port)]), RunError, "is in use");
});

Deno.test("one whose messages cannot leave before the time for that is over makes it fail, and is told", async () => {
  const words = ["--slow-consumer", "drop", "--drain-timeout", "1ms"];
  const stalled: RawClient[] = [];
  const { code, log } = await served(words, async ({ sub, pub }) => {
    const subscriber = await RawClient.connect(sub);
    stalled.push(subscriber);
    assertEquals(await subscriber.ask("s1 sub #a"), "OK");
    using publisher = await RawClient.connect(pub);
    // more than fits between the two, and an outbox beside it
    const line = `p1 pub #a ${"x".repeat(60_000)}\n`;
    for (let at = 0; at < 40; at++) {
      await publisher.send(line.repeat(16));
      await publisher.lines(16);
    }
  });
  assertEquals(code, 1);
  const [told] = log.filter((line) => line.startsWith("ERROR"));
  assertEquals(told, "ERROR not everything could be delivered before --drain-timeout connections=1");
  for (const each of stalled) each.close();
});

Deno.test("who has lost its store says so, ends HTTP before its connections are told, and fails", async () => {
  const data = await Deno.makeTempDir();
  const { promise: logWaits, resolve: logIsRead } = Promise.withResolvers<void>();
  const workers: Worker[] = [];
  const { postMessage } = Worker.prototype;
  const posted = function (this: Worker, ...sent: Parameters<typeof postMessage>): void {
    if (!workers.includes(this)) workers.push(this);
    postMessage.apply(this, sent);
  } as typeof postMessage;
  try {
    using _threads = standIn(Worker.prototype, "postMessage", posted);
    const { code, log } = await served(["--data", data, "--http", "0"], async ({ ready, pub, over }) => {
      const [, host = "", port] = /, http (\S+:(\d+))\n$/.exec(ready) ?? [];
      using publisher = await RawClient.connect(pub);
      assertEquals(await publisher.ask("p1 pub #a one"), "OK");
      // a request that is not whole is waited for, and then cut off
      using request = await RawClient.connect(Number(port));
      await request.send(
        `POST /api/topics/%23a/messages HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\n` +
          "Expect: 100-continue\r\n\r\n",
      );
      assertEquals(await request.line(), "HTTP/1.1 100 Continue\r");
      let requestOver = false;
      void request.rest().catch(() => "").finally(() => requestOver = true);
      workers[0]!.emit("error", new Error("no memory"));
      assertEquals(await publisher.rest(), "");
      // what has ended is seen to have, within some turns of the event loop
      for (let turns = 0; turns < 10 && !requestOver; turns++) await new Promise((go) => setTimeout(go, 0));
      assert(requestOver, "HTTP has ended before");
      await assertRejects(() => fetch(`http://${host}/healthz`), TypeError);
      await aWhile(over);
      assert(!over(), "its log is not written");
      logIsRead();
    }, { logWaits });
    assertEquals(code, 1);
    assert(
      log.some((line) => /^ERROR it is not known what is stored.* no memory/.test(line)),
      log.join("\n"),
    );
    assert(!log.some((line) => line.startsWith("INFO  draining")), log.join("\n"));
  } finally {
    for (const worker of workers) await worker.terminate();
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("what is open to more than this machine is told: without accounts, and with them without TLS", async () => {
  const warned = async (...words: readonly string[]): Promise<string | undefined> =>
    (await served(words)).log.find((line) => line.startsWith("WARN"));
  assertEquals(await warned(), undefined);
  assertMatch(
    await warned("-H", "0.0.0.0") ?? "",
    /everybody who reaches this machine may publish.*--users FILE/,
  );
  assertEquals(await warned("-H", "::1"), undefined);
  const folder = await Deno.makeTempDir();
  try {
    const users = `${folder}/users.toml`;
    const secret = "$scrypt$ln=14,r=8,p=1$GbeO8aO+x+MNw3zXeeCmIg$p1wYuv6D+jGyoY8u1y1fEXOe1Ak9be3O7A+wTWGXPc0";
    await Deno.writeTextFile(users, `[[user]]\nname = "a"\nsecret = "${secret}"\n`, { mode: 0o600 });
    assertMatch(
      await warned("-H", "0.0.0.0", "--users", users) ?? "",
      /tokens go over the network as they are/,
    );
    assertEquals(await warned("--users", users), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test(
  "with a certificate it speaks TLS and says so",
  { ignore: !HAS_OPENSSL }, // without openssl there are none
  async () => {
    await using issuer = await TestIssuer.make();
    const { certificate, key } = await issuer.issue();
    const [crt, pem] = [`${issuer.folder}/s.crt`, `${issuer.folder}/s.key`];
    await Deno.writeTextFile(crt, certificate);
    await Deno.writeTextFile(pem, key);
    await served(["--tls-cert", crt, "--tls-key", pem], async ({ ready, pub }) => {
      assertEquals(LOCAL.exec(ready)?.[3], " (TLS)");
      const caCerts = [issuer.certificate];
      const connection = await Deno.connectTls({ hostname: "localhost", port: pub, caCerts });
      using client = new RawClient(connection as unknown as RawClient["transport"]);
      assertEquals(await client.ask("p1 pub #a one"), "OK");
    });
  },
);
