import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Program } from "../../scripts/program.ts";
import { endOf, run } from "../cli/run_program.ts";
import { startBroker } from "../support/broker.ts";
import { RawClient } from "../support/raw_client.ts";

/** What a shell pipeline prints. */
async function shell(command: string): Promise<string> {
  await using program = Program.start(["sh", "-c", command]);
  return (await endOf(program)).stdout;
}

Deno.test("broker -s -p listens on 9090 and 9000, and with values and 0 where it is told (F31)", async () => {
  // the default ports may be taken on this machine by somebody else's broker: then the message names them
  const taken = await isTaken(9090) || await isTaken(9000);
  if (taken) {
    const { code, stderr } = await run("broker", ["-s", "-p"]);
    assertEquals(code, 1);
    assertMatch(stderr, /127\.0\.0\.1:90[09]0 is in use/);
  } else {
    await using broker = await startBroker(["-s", "-p"]);
    assertEquals([broker.subPort, broker.pubPort], [9090, 9000]);
    assertStringIncludes(
      broker.stdout,
      "broker ready: subscribers 127.0.0.1:9090, publishers 127.0.0.1:9000\n",
    );
  }
  await using other = await startBroker(["-s", "0", "-p", "0"]);
  assert(other.subPort !== other.pubPort && other.subPort > 0);
});

async function isTaken(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

const HAS_NC = (await shell("command -v nc")) !== "";

Deno.test({
  name: "nc publishes and subscribes without any client of ours (skipped without netcat)",
  ignore: !HAS_NC,
  fn: async () => {
    await using broker = await startBroker();
    await using subscriber = Program.start(["nc", "127.0.0.1", `${broker.subPort}`], { stdin: "open" });
    await subscriber.write("s1 sub #hello\n");
    await subscriber.see(/^OK\n$/);
    const reply = await shell(`printf 'p1 pub #hello hi\\n' | nc -N 127.0.0.1 ${broker.pubPort}`);
    assertEquals(reply, "OK\n");
    await subscriber.see(/^OK\n#hello hi\n$/);
  },
});

Deno.test("1,000 subscribers and 100 publishers at once: every message to every one, nothing lost, order kept", async () => {
  // this process reads for a thousand: on a loaded machine one of them may not come round for seconds
  await using broker = await startBroker(["--stall-timeout", "60s"]);
  const subscribers = await connectMany(1000, broker.subPort);
  await Promise.all(subscribers.map(async (subscriber, at) => {
    assertEquals(await subscriber.ask(`s${at} sub #load.>`), "OK");
  }));
  const publishers = await connectMany(100, broker.pubPort);
  const each = 10;
  const receiving = subscribers.map(async (subscriber, at) => {
    const next = new Array(publishers.length).fill(0);
    for (const line of await subscriber.lines(publishers.length * each)) {
      const [topic, who, number] = line.split(" ");
      assertEquals(topic, `#load.${Number(who) % 7}`, `s${at}`);
      assertEquals(Number(number), next[Number(who)], `s${at}: order of p${who}`);
      next[Number(who)]++;
    }
    assert(next.every((count) => count === each), `s${at} got everything`);
  });
  await Promise.all(publishers.map(async (publisher, who) => {
    for (let at = 0; at < each; at++) {
      assertEquals(await publisher.ask(`p${who} pub #load.${who % 7} ${who} ${at}`), "OK");
    }
  }));
  await Promise.all(receiving);
  for (const client of [...subscribers, ...publishers]) client.close();
});

async function connectMany(count: number, port: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  while (clients.length < count) {
    const some = Array.from({ length: Math.min(50, count - clients.length) }, () => RawClient.connect(port));
    clients.push(...await Promise.all(some));
  }
  return clients;
}

Deno.test("100,000 messages, sent ahead by 8 publishers, are counted exactly by each of 4 subscribers (C10)", async () => {
  await using broker = await startBroker();
  const subscribers = await connectMany(4, broker.subPort);
  for (const [at, subscriber] of subscribers.entries()) await subscriber.ask(`s${at} sub #count.*`);
  const publishers = await connectMany(8, broker.pubPort);
  const each = 12_500;
  const counting = subscribers.map(async (subscriber) => {
    const next = new Array(publishers.length).fill(0);
    for (const line of await subscriber.lines(publishers.length * each)) {
      const [, who, number] = line.split(" ");
      if (Number(number) !== next[Number(who)]++) return `${line} is out of order`;
    }
    return next.every((count) => count === each) ? "all" : `got ${next}`;
  });
  await Promise.all(publishers.map(async (publisher, who) => {
    const replies = publisher.lines(each);
    let block = "";
    for (let at = 0; at < each; at++) {
      block += `p${who} pub #count.${at % 3} ${who} ${at}\n`;
      if (at % 500 === 499) {
        await publisher.send(block);
        block = "";
      }
    }
    assert((await replies).every((reply) => reply === "OK"));
  }));
  assertEquals(await Promise.all(counting), ["all", "all", "all", "all"]);
  for (const client of [...subscribers, ...publishers]) client.close();
});

Deno.test("a subscriber that is stopped (SIGSTOP) beyond the stall timeout is cut off and named, the others get everything", async () => {
  await using broker = await startBroker(["--stall-timeout", "5s"]);
  // a process of its own, so that it can be stopped; it subscribes, says so, and reads for ever
  const script = `
    const c = await Deno.connect({ hostname: "127.0.0.1", port: ${broker.subPort} });
    await c.write(new TextEncoder().encode("sleeper sub #a\\n"));
    const bytes = new Uint8Array(65536);
    await c.read(bytes);
    console.log("subscribed");
    let total = 0;
    try {
      for (let n = await c.read(bytes); n !== null; n = await c.read(bytes)) total += n;
      console.log("end after " + total);
    } catch (error) { console.log(error.name + " after " + total); }`;
  await using child = Program.start([Deno.execPath(), "eval", script]);
  await child.line(/^subscribed$/);
  child.kill("SIGSTOP");
  using reader = await RawClient.connect(broker.subPort);
  await reader.ask("reader sub #a");
  using publisher = await RawClient.connect(broker.pubPort);
  // more than the kernel keeps for a socket, so that the stopped one's outbox fills
  const message = "x".repeat(16_000);
  const total = 2500;
  const reading = reader.lines(total);
  const replies = publisher.lines(total);
  for (let at = 0; at < total; at++) await publisher.send(`p1 pub #a ${at} ${message}\n`);
  const numbers = (await reading).map((line) => Number(line.split(" ")[1]));
  assertEquals(numbers, Array.from({ length: total }, (_, at) => at));
  assertEquals((await replies).length, total);
  child.kill("SIGCONT");
  await child.ended;
  assertMatch(child.stdout, /after \d+/, "its connection has ended");
  assertMatch(broker.stderr, /WARN {2}slow consumer disconnected .*id=sleeper .*reason=stalled/);
});

Deno.test("SIGTERM under load: what was acknowledged is delivered, then exit 0 (C4)", async () => {
  await using broker = await startBroker();
  using subscriber = await RawClient.connect(broker.subPort);
  await subscriber.ask("s1 sub #a");
  using publisher = await RawClient.connect(broker.pubPort);
  let acknowledged = 0;
  const replies = (async () => {
    while (await publisher.line() === "OK") {
      if (++acknowledged === 20_000) broker.kill("SIGTERM");
    }
  })();
  const sending = (async () => {
    try {
      for (;;) await publisher.send("p1 pub #a x\n".repeat(1000));
    } catch (error) {
      assert(
        error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset,
        `${error}`,
      );
    }
  })();
  const received = (await subscriber.rest()).split("\n").length - 1;
  const status = await broker.ended;
  await Promise.allSettled([sending, replies]);
  assertEquals(status.code, 0);
  assert(acknowledged >= 20_000);
  assert(received >= acknowledged, `${received} received, ${acknowledged} acknowledged`);
  assertStringIncludes(broker.stderr, "stopped");
});

Deno.test("SIGINT ends an idle broker with its clients connected, exit 0", async () => {
  await using broker = await startBroker();
  using subscriber = await RawClient.connect(broker.subPort);
  await subscriber.ask("s1 sub #a");
  const status = await broker.stop("SIGINT");
  assertEquals(status.code, 0);
  assertEquals(await subscriber.rest(), "");
});

Deno.test("a wrong command line is one line that says what to do, exit 2", async () => {
  const wrong: [string[], RegExp][] = [
    [["--nope"], /unknown option "--nope"/],
    [["-s", "99999"], /-s takes a port from 0 to 65535.*not "99999"/],
    [["-p", "x"], /-p takes a port.*not "x"/],
    [["--slow-consumer", "sleep"], /--slow-consumer takes one of block, drop, disconnect, not "sleep"/],
    [["--stall-timeout"], /--stall-timeout needs a value/],
    [["--max-line", "1"], /--max-line takes a size from 512 to 1MiB/],
    [["--config", "/nowhere/broker.toml"], /\/nowhere\/broker\.toml/],
    [["extra"], /unexpected argument "extra"/],
  ];
  await Promise.all(wrong.map(async ([args, message]) => {
    const { code, stdout, stderr } = await run("broker", args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, message);
    assertMatch(stderr, /^broker: [^\n]+\n$/, "one line");
  }));
});

Deno.test("what cannot be listened on is one line that says what to do, exit 1 (F31)", async () => {
  await using broker = await startBroker();
  const taken = await run("broker", ["-s", "0", "-p", String(broker.pubPort)]);
  assertEquals(taken.code, 1);
  assertMatch(taken.stderr, /^broker: 127\.0\.0\.1:\d+ is in use: [^\n]* -p [^\n]*\n$/);
  const nowhere = await run("broker", ["-s", "0", "-p", "0", "-H", "192.0.2.1"]);
  assertEquals(nowhere.code, 1);
  assertMatch(nowhere.stderr, /^broker: cannot listen on 192\.0\.2\.1:0 [^\n]*--host\n$/);
});

Deno.test("a config file sets what the command line leaves out, and the command line wins", async () => {
  const path = await Deno.makeTempFile({ suffix: ".toml" });
  try {
    await Deno.writeTextFile(path, 'max-line = "1KiB"\nmax-patterns = 1\nlog-format = "json"\n');
    await using broker = await startBroker(["--config", path, "--max-patterns", "2"]);
    using subscriber = await RawClient.connect(broker.subPort);
    assertEquals(await subscriber.ask("s1 sub #a"), "OK");
    assertEquals(await subscriber.ask("s1 sub #b"), "OK");
    assertEquals(await subscriber.ask("s1 sub #c"), "ERR_TOO_MANY_PATTERNS");
    assertEquals(await subscriber.ask(`s1 sub #${"x".repeat(1024)}`), "ERR_LINE_TOO_LONG");
    await broker.stop();
    const events = broker.stderr.trim().split("\n").map((line) => JSON.parse(line).event);
    assertEquals(events, ["started", "draining", "stopped"]);
    await Deno.writeTextFile(path, "max-lines = 5\n");
    const { code, stderr } = await run("broker", ["--config", path]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, 'unknown key "max-lines", did you mean "max-line"?');
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("--help and --version go to stdout, exit 0", async () => {
  const help = await run("broker", ["--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  for (const word of ["-s, --sub-port [PORT]", "--slow-consumer", "--max-outbox", "SIGTERM"]) {
    assertStringIncludes(help.stdout, word);
  }
  const version = await run("broker", ["--version"]);
  assertMatch(version.stdout, /^broker \d+\.\d+\.\d+\n$/);
});
