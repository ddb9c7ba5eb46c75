/** A broker with accounts, as processes see it. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { COST_LEAST, hashSecret } from "../../lib/auth/secrets.ts";
import { connectPublisher, connectSubscriber } from "../../lib/mod.ts";
import { run, start } from "../cli/run_program.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { RawClient } from "../support/raw_client.ts";

const OPENS = await hashSecret("opens", COST_LEAST);
const OTHER = await hashSecret("other", COST_LEAST);

function user(name: string, lines: string, secret = OPENS): string {
  return `[[user]]\nname = "${name}"\n${lines}\nsecret = "${secret}"\n\n`;
}

const ALICE = `publish = ["#a.>"]\nsubscribe = { allow = ["#a.>"], deny = ["#a.secret"] }`;

/** A file of accounts, gone at the end. */
async function withUsers(
  text: string,
  body: (path: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/users.toml`;
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    await body(path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Puts another file in the place of it, as editors do. */
async function replace(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, text, { mode: 0o600 });
  await Deno.rename(`${path}.new`, path);
}

function to(broker: RunningBroker, port: "pub" | "sub", name = "alice"): string[] {
  const number = port === "pub" ? broker.pubPort : broker.subPort;
  // a hash takes a second on a busy machine, which is told to who is not quiet
  return ["-p", `${number}`, "--user", name, ...(port === "pub" ? ["-q"] : [])];
}

const TOKEN = { HASHBUS_TOKEN: "opens" };

Deno.test("who has an account is let in, and may do what it may; everybody else is told once", async () => {
  await withUsers(user("alice", ALICE), async (path) => {
    await using broker = await startBroker(["--users", path]);
    await using subscriber = start("subscriber", [...to(broker, "sub"), "-v", "-t", "a.*", "-C", "2"], {
      env: TOKEN,
    });
    await subscriber.see(/subscribed to/, { on: "stderr" });
    for (const [topic, message] of [["a.b", "one"], ["a.secret", "denied"], ["a.c", "two"]]) {
      const sent = await run("publisher", [...to(broker, "pub"), "-t", topic!, "-m", message!], {
        env: TOKEN,
      });
      assertEquals(sent, { code: 0, stdout: "", stderr: "" });
    }
    assertEquals((await subscriber.ended).code, 0);
    assertEquals(subscriber.stdout, "#a.b one\n#a.c two\n");

    const where = `the broker at 127.0.0.1:${broker.pubPort}`;
    const publish = (args: readonly string[], token = ""): ReturnType<typeof run> =>
      run("publisher", ["-q", "-p", `${broker.pubPort}`, ...args, "-t", "a.b", "-m", "x"], {
        env: { HASHBUS_TOKEN: token },
      });
    for (const [name, token] of [["alice", "open"], ["bob", "opens"]]) {
      assertEquals(await publish(["--user", name!], token), {
        code: 1,
        stdout: "",
        stderr: `publisher: ${where} does not let "${name}" in: the name or the token is wrong, ` +
          "or the account has expired\n",
      });
    }
    assertEquals(
      (await publish([])).stderr,
      `publisher: ${where} lets in only who shows the name and the ` +
        "token of an account: give --user NAME, and its token in HASHBUS_TOKEN or --token-file\n",
    );
    assertEquals(await publish(["--user", "alice"]), {
      code: 2,
      stdout: "",
      stderr:
        `publisher: there is no token for --user "alice": set HASHBUS_TOKEN, or give --token-file FILE\n`,
    });
    const beyond = await run("publisher", [...to(broker, "pub"), "-t", "b", "-m", "x"], { env: TOKEN });
    assertEquals([beyond.code, beyond.stderr.includes("DENIED")], [1, true], beyond.stderr);
    for (const secret of ["opens", "open "]) {
      assertEquals(broker.stderr.includes(secret), false, broker.stderr);
    }
    assertMatch(broker.stderr, /login refused user=alice .*address=127\.0\.0\.1 why="wrong secret" times=1/);
  });
});

Deno.test("a token is read from a file, and a saved connection has its name", async () => {
  await withUsers(user("alice", ALICE), async (path) => {
    await using broker = await startBroker(["--users", path]);
    const token = `${path}.token`;
    await Deno.writeTextFile(token, "opens\r\nnot this\n", { mode: 0o600 });
    const url = `hashbus://127.0.0.1:${broker.pubPort}?user=alice&token-file=${encodeURIComponent(token)}`;
    const env = { HASHBUS_URL: `${url}&sub-port=${broker.subPort}` };
    assertEquals(await run("publisher", ["-t", "a.b", "-m", "x"], { env }), {
      code: 0,
      stdout: "",
      stderr: "",
    });
    await Deno.chmod(token, 0o644);
    const exposed = await run("publisher", ["-t", "a.b", "-m", "x"], { env });
    assertEquals([exposed.code, exposed.stderr], [
      0,
      `publisher: the token in "${token}" is exposed: everybody on this machine may read it ` +
      "(mode 0644: chmod 600)\n",
    ]);
    await Deno.writeTextFile(token, "\n");
    const empty = await run("publisher", ["-t", "a.b", "-m", "x"], { env });
    assertEquals([empty.code, empty.stderr], [
      2,
      `publisher: ${token}: the first line is to be a token, and it is empty\n`,
    ]);
    const gone = await run("publisher", ["--token-file", `${path}.gone`, "-t", "a.b", "-m", "x"], { env });
    assertEquals(gone.code, 2);
    assertStringIncludes(gone.stderr, "cannot read the token in");
  });
});

Deno.test("a client that means to be somebody ends at a broker that asks nobody (A5)", async () => {
  await using broker = await startBroker();
  const { code, stderr } = await run("publisher", [...to(broker, "pub"), "-t", "a", "-m", "x"], {
    env: TOKEN,
  });
  assertEquals([code, stderr], [
    1,
    `publisher: the broker at 127.0.0.1:${broker.pubPort} has no accounts, and lets everybody do everything: ` +
    `leave "alice" and its token out if that is meant\n`,
  ]);
  const classic = await run("publisher", [
    ...to(broker, "pub"),
    "--protocol",
    "classic",
    "-t",
    "a",
    "-m",
    "x",
  ], {
    env: TOKEN,
  });
  assertEquals([classic.code, classic.stderr], [
    2,
    "publisher: --user needs protocol 2: the classic protocol has no place for it\n",
  ]);
});

Deno.test("accounts that change are in force at once, by SIGHUP or by themselves, and a bad file keeps them", async () => {
  await withUsers(user("alice", ALICE) + user("bob", ""), async (path) => {
    await using broker = await startBroker(["--users", path]);
    const credentials = { user: "alice", token: "opens" };
    const ended: string[] = [];
    await using subscriber = await connectSubscriber({
      id: "s1",
      port: broker.subPort,
      credentials,
      onEvent: (event) => {
        if (event.type === "ended") ended.push(event.pattern);
      },
    });
    const messages = await subscriber.subscribe("#a.>");
    const received: string[] = [];
    const reading = (async () => {
      for await (const { topic } of messages) received.push(topic);
    })().catch((error) => error);
    await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort, credentials });
    await publisher.publish("#a.b", "x");

    await Deno.writeTextFile(path, `${user("alice", ALICE)}[[user]]\nname = "eve"\nsecret = ""\n`);
    broker.kill("SIGHUP");
    await broker.line(
      /ERROR the accounts stay as they were reason=.*users\.toml:7: user .*"eve.*its secret is empty/,
    );
    await publisher.publish("#a.b", "x");

    await replace(path, user("alice", `publish = ["#b.>"]\nsubscribe = ["#b.>"]`));
    broker.kill("SIGHUP");
    await broker.line(/accounts reloaded .*users=1/);
    await publisher.publish("#b.b", "x");
    assertEquals((await publisher.publish("#a.b", "x").catch((error) => error)).code, "DENIED");
    await subscriber.subscribe("#b.>");
    assertEquals((await reading).code, "DENIED");
    assertEquals(received, ["#a.b", "#a.b"]);
    assertEquals(ended, ["#a.>"]);

    await replace(path, user("alice", `publish = ["#b.>"]`, OTHER));
    await broker.line(/accounts reloaded .*why=changed/);
    const why = await subscriber.closed.catch((error) => error);
    assertEquals([why.code, why.message], [
      "DENIED",
      `the broker at 127.0.0.1:${broker.subPort} lets this client in no longer ` +
      "(this account has no place here any more)",
    ]);
    await assertEnds(publisher.closed);
    const again = await connectPublisher({
      id: "p1",
      port: broker.pubPort,
      credentials: { user: "alice", token: "other" },
    });
    await again.close();
  });
});

async function assertEnds(closed: Promise<void>): Promise<void> {
  const why = await closed.catch((error) => error);
  assertEquals(why?.code, "DENIED");
}

Deno.test("an account that expires ends what it has open, and opens nothing", async () => {
  const expires = new Date(Date.now() + 12_000).toISOString();
  await withUsers(user("alice", `${ALICE}\nexpires = ${expires}`), async (path) => {
    await using broker = await startBroker(["--users", path]);
    const options = { id: "p1", port: broker.pubPort, credentials: { user: "alice", token: "opens" } };
    await using publisher = await connectPublisher(options);
    await publisher.publish("#a.b", "x");
    await assertEnds(publisher.closed);
    assert(Date.now() >= Date.parse(expires));
    const refused = await connectPublisher(options).catch((error) => error);
    assertEquals(refused.code, "DENIED");
    await broker.line(/login refused user=alice .*why=expired/);
  });
});

Deno.test("who shows nothing comes in from a listed address, and from no other (A3)", async () => {
  const classic = `[classic_as]\nuser = "sensors"\nfrom = ["127.0.0.1"]\n\n`;
  await withUsers(classic + user("sensors", `publish = ["#s.>"]`), async (path) => {
    await using broker = await startBroker(["--users", path, "-H", "0.0.0.0"]);
    await broker.line(/WARN {2}tokens go over the network as they are: .*ports="subscribers 0\.0\.0\.0:/);
    using listed = await RawClient.connect(broker.pubPort);
    assertEquals(await listed.ask("p1 pub #s.a hi"), "OK");
    assertEquals(await listed.ask("p1 pub #a hi"), "ERR_DENIED");
    const sent = await run("publisher", ["-q", "-p", `${broker.pubPort}`, "-t", "s.a", "-m", "x"]);
    assertEquals(sent, { code: 0, stdout: "", stderr: "" });
    await replace(path, classic.replace("127.0.0.1", "10.0.0.0/8") + user("sensors", `publish = ["#s.>"]`));
    broker.kill("SIGHUP");
    await broker.line(/accounts reloaded/);
    assertEquals(await listed.rest(), "", "a classic client has no words for why");
    using other = await RawClient.connect(broker.pubPort);
    assertEquals(await other.ask("p1 pub #s.a hi"), "ERR_DENIED");
  });
});

Deno.test("over HTTP it is the same accounts, and nobody else", async () => {
  await withUsers(user("alice", ALICE), async (path) => {
    await using broker = await startBroker(["--users", path, "--http", "0"]);
    const [, port] = await broker.line(/http \S+:(\d+)/);
    const asked = async (authorization?: string): Promise<number> => {
      const headers = authorization === undefined ? undefined : { authorization };
      const response = await fetch(
        `http://127.0.0.1:${port}/api/broker`,
        headers === undefined ? {} : { headers },
      );
      await response.body?.cancel();
      return response.status;
    };
    assertEquals(await asked(), 401);
    assertEquals(await asked(`Basic ${btoa("alice:open")}`), 401);
    assertEquals(await asked("Basic"), 401);
    assertEquals(await asked(`Basic ${btoa("alice:opens")}`), 200);
    await replace(path, user("bob", ALICE));
    broker.kill("SIGHUP");
    await broker.line(/accounts reloaded/);
    assertEquals(await asked(`Basic ${btoa("alice:opens")}`), 401);
    assertEquals(await asked(`Basic ${btoa("bob:opens")}`), 200);
  });
});

Deno.test("a broker starts with no file of accounts that is not sound", async () => {
  const refused: readonly (readonly [text: string, code: number, said: RegExp])[] = [
    ["", 2, /^broker: \S+users\.toml: there is no \[\[user\]\] in it, so nobody could come in\n$/],
    ["[[user]\n", 2, /^broker: \S+users\.toml:1: not TOML: .+\n$/],
    [
      user("alice", `deny = []`),
      2,
      /^broker: \S+users\.toml:1: user "alice": unknown key "deny"; the keys are .+\n$/,
    ],
    [
      user("alice", ALICE) + user("alice", ""),
      2,
      /^broker: \S+users\.toml:7: there is a user "alice" already\n$/,
    ],
    [
      `\ufeff${user("alice", "").replaceAll("\n", "\r\n")}${user("bob", `publish = "#a"\nsubscribe = 3`)}`,
      2,
      /^broker: \S+:6: user "bob": publish takes .+\nbroker: \S+:6: user "bob": subscribe takes .+\n$/,
    ],
    [
      '[[user]]\nname = "a"\nsecret = "hunter2"\n',
      2,
      /^broker: \S+:1: user "a": its secret is not what .+\n$/,
    ],
  ];
  for (const [text, code, said] of refused) {
    await withUsers(text, async (path) => {
      const ended = await run("broker", ["-s", "0", "-p", "0", "--users", path]);
      assertEquals([ended.code, ended.stdout], [code, ""], ended.stderr);
      assertMatch(ended.stderr, said);
    });
  }
  const missing = await run("broker", ["-s", "0", "-p", "0", "--users", "/nonexistent/users.toml"]);
  assertEquals(missing, {
    code: 1,
    stdout: "",
    stderr:
      `broker: cannot read the accounts in "/nonexistent/users.toml" (--users): no such file or directory\n`,
  });
});

Deno.test("a file of accounts that others may read or write is warned of", async () => {
  await withUsers(user("alice", ""), async (path) => {
    await using broker = await startBroker(["--users", path]);
    assertEquals(broker.stderr.includes("exposed"), false);
    await Deno.chmod(path, 0o644);
    await broker.line(
      /WARN {2}the file of accounts is exposed .*everybody .* may read it \(mode 0644: chmod 600\)/,
    );
    await Deno.chmod(path, 0o620);
    broker.kill("SIGHUP");
    await broker.line(/exposed .*others than its owner may write it, .*\(mode 0620: chmod 600\)/);
  });
});

Deno.test("ports that are open to other machines without accounts are warned of", async () => {
  const warning =
    /everybody who reaches this machine may publish and subscribe to everything ports="subscribers /;
  {
    await using broker = await startBroker(["-H", "0.0.0.0"]);
    await broker.line(warning);
  }
  await using broker = await startBroker();
  await broker.line(/started/);
  assertEquals(broker.stderr.includes("WARN"), false, broker.stderr);
});

Deno.test("what stands for a secret is made of stdin, and never of an argument", async () => {
  const made = await run("broker", ["--hash-secret"], { stdin: "opens\r\n" });
  assertEquals([made.code, made.stderr], [0, ""]);
  await withUsers(user("alice", ALICE, made.stdout.trim()), async (path) => {
    await using broker = await startBroker(["--users", path]);
    const sent = await run("publisher", [...to(broker, "pub"), "-t", "a.b", "-m", "x"], { env: TOKEN });
    assertEquals(sent, { code: 0, stdout: "", stderr: "" });
  });
  const wrong: readonly (readonly [stdin: string, said: string])[] = [
    ["", "there is no secret: type one, or send it to stdin"],
    ["\n", "there is no secret: type one, or send it to stdin"],
    ["a\nb\n", "a secret is one line, stdin has more"],
    ["a\tb", "a secret has no control characters, this one has"],
    ["x".repeat(1025), "a secret has at most 1024 bytes, this one has more"],
  ];
  for (const [stdin, said] of wrong) {
    const { code, stdout, stderr } = await run("broker", ["--hash-secret"], { stdin });
    assertEquals([code, stdout, stderr], [1, "", `broker: ${said}\n`]);
  }
  assertEquals((await run("broker", ["--hash-secret", "opens"])).code, 2);
});
