/** What a subscriber prints beside messages, and how it writes them down. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connectPublisher } from "../../lib/mod.ts";
import { publisherOf, run, start, startSubscribed, subscriberOf } from "../cli/run_program.ts";
import { Terminal, testOnTerminal } from "../cli/terminal.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { startDurable } from "../support/durable_broker.ts";

/** Publishes by the library. */
async function publisher(broker: RunningBroker): ReturnType<typeof connectPublisher> {
  return await connectPublisher({ id: "p1", port: broker.pubPort });
}

Deno.test("-D stands after each message, whatever is in it: -D '\\0' makes arguments of them", async () => {
  await using broker = await startBroker();
  const args = ["-C", "3", "-F", "%p", "-D"];
  await using nul = await startSubscribed(broker, { pattern: "#a", args: [...args, "\\0"] });
  await using json = await startSubscribed(broker, { pattern: "#a", args: ["-C", "3", "-J", "-D", "\\x1e"] });
  await using client = await publisher(broker);
  for (const payload of ["two words", "two\nlines", ""]) await client.publish("#a", payload);
  assertEquals([(await nul.ended).code, (await json.ended).code], [0, 0]);
  assertEquals(nul.stdout, "two words\0two\nlines\0\0");
  assertEquals(json.stdout.split("\x1e").slice(0, -1).map((text) => JSON.parse(text).payload), [
    "two words",
    "two\nlines",
    "",
  ]);
});

Deno.test("options that contradict one another are 2 and one line, before anything is connected", async () => {
  const cases: [string[], RegExp][] = [
    [["-D", "\\0", "-N"], /-D and -N both say/],
    [["-D", "\\q"], /-D: "\\q" is none of \\n/],
    [["--stats", "-F", "%t"], /--stats prints no messages: leave -F out/],
    [["--stats", "-N"], /--stats prints no messages: leave -N out/],
    [["--record", "-"], /--record - is no file/],
    [["--latency-header", "sent"], /give --stats, too/],
    [["--from", "2026-13-01"], /--from takes now, earliest, .*@1763900000.*not "2026-13-01"/],
    [["--from", "2999-01-01"], /--from: 2999-01-01 \(2999-01-01T00:00:00\S+\) lies in the future/],
    [["--from", "2020-01-02", "--to", "2020-01-01"], /--from: 2020-01-02 \(.*\) lies behind 2020-01-01 \(/],
    [["--from", "-1h", "--to", "-2h"], /--from: -1h lies behind -2h/],
  ];
  for (const [args, says] of cases) {
    const ended = await run("subscriber", ["-i", "s1", "-p", "1", "-t", "a", ...args]);
    assertEquals([ended.code, ended.stdout], [2, ""], args.join(" "));
    assertMatch(ended.stderr, says);
    assertMatch(ended.stderr, /^subscriber: [^\n]*\n$/);
  }
});

Deno.test("--stats counts instead of printing, a line a second and one with all, with the latency of the header", async () => {
  await using broker = await startBroker();
  const args = ["--stats", "--json", "-T", "#a.no"];
  await using subscriber = await startSubscribed(broker, { pattern: "#a.>", args });
  await using client = await publisher(broker);
  for (let at = 0; at < 100; at++) {
    await client.publish("#a.b", "12345", { headers: { sent: `${Date.now()}` } });
  }
  await client.publish("#a.b", "1");
  await client.publish("#a.no", "left out");
  await subscriber.see(/"total":101/);
  subscriber.kill("SIGINT");
  assertEquals((await subscriber.ended).code, 0);
  const reports = subscriber.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  const last = reports.at(-1);
  assertEquals([last.all, last.messages, last.bytes, last.missed], [true, 101, 501, 0]);
  assertEquals(reports.slice(0, -1).reduce((sum, each) => sum + each.messages, 0), 101);
  const { messages, p50, p99, max } = last.latency;
  assertEquals(messages, 100);
  assert(p50 >= 0 && p50 <= p99 && p99 <= max && max < 10_000, JSON.stringify(last.latency));
});

Deno.test("--stats tells a header that is no time once, reads another header, and ends with -C", async () => {
  await using broker = await startBroker();
  const args = ["--stats", "--latency-header", "at", "-C", "4"];
  await using subscriber = await startSubscribed(broker, { pattern: "#a", args });
  await using client = await publisher(broker);
  await client.publish("#a", "x", { headers: { at: "soon" } });
  await client.publish("#a", "x", { headers: { at: "later" } });
  await client.publish("#a", "x", { headers: { at: new Date().toISOString() } });
  await client.publish("#a", "x", { headers: { sent: "1" } });
  assertEquals((await subscriber.ended).code, 0);
  assertEquals(subscriber.stderr.match(/the header "at" of a message is no time: "soon"\n/g)?.length, 1);
  assertMatch(
    subscriber.stdout,
    /^all: 4 messages, 4 B in \d+\.\d s, [\d,]+ msg\/s, \S+ \S+\/s, 0 missed, of 1: p50 .* ms, p99 .* ms, max .* ms\n$/,
  );
});

Deno.test("what a slow consumer missed is in the counts", async () => {
  await using broker = await startBroker(["--max-outbox", "1MiB"]);
  const args = ["--slow", "drop-old", "--stats", "--json"];
  await using subscriber = await startSubscribed(broker, { pattern: "#n", args });
  subscriber.kill("SIGSTOP");
  const total = 30_000;
  const load = ["-t", "n", "-m", "x".repeat(1000), "--repeat", `${total}`];
  assertEquals((await run("publisher", [...publisherOf(broker), ...load])).code, 0);
  subscriber.kill("SIGCONT");
  await run("publisher", [...publisherOf(broker), "-t", "n", "-m", "end"]);
  await subscriber.see(/"missed":[1-9]/);
  subscriber.kill("SIGTERM");
  await subscriber.ended;
  const last = JSON.parse(subscriber.stdout.trimEnd().split("\n").at(-1) ?? "");
  assertEquals(last.messages + last.missed, total + 1);
});

testOnTerminal("--stats breaks its lines between figures where a terminal is narrow", async (broker) => {
  await using terminal = await Terminal.start("subscriber", [...subscriberOf(broker), "-t", "a", "--stats"]);
  await terminal.see(/so far/);
  await using client = await publisher(broker);
  await client.publish("#a", "x", { headers: { sent: `${Date.now()}` } });
  await terminal.see(/^\S+ msg\/s, \S+ B\/s, 1 so far, 0 missed,( \S+ \S+ m?s,)*\n {2}.*max \S+ m?s$/m);
  await terminal.press("C-c");
  await terminal.see(/^all: 1 message, 1 B in 0\.0 s, 0 msg\/s, 0 B\/s, 0 missed,\n {2}p50/m);
  await terminal.see(/^code 0$/m);
});

Deno.test("a recording has all there is to a message, and leaves none out", async () => {
  await using broker = await startBroker();
  const file = await Deno.makeTempFile();
  try {
    const args = ["--record", file, "-C", "4", "-J"];
    await using subscriber = await startSubscribed(broker, { pattern: "#a", args });
    await using client = await publisher(broker);
    await client.publish("#a", "plain");
    const about = { headers: { lang: "en" }, key: "k", ttl: 60 };
    await client.publish("#a", "more", { ...about, reply: "#r" });
    await client.publish("#a", Uint8Array.of(0xff, 0x0a));
    await client.publish("#a", "two\nlines");
    assertEquals((await subscriber.ended).code, 0);
    assertEquals(subscriber.stderr.includes("not recorded"), false);
    const lines = (await Deno.readTextFile(file)).trimEnd().split("\n").map((line) =>
      line.replace(/^\S+ /, "")
    );
    assertEquals(lines, [
      "pub #a plain",
      'json {"topic":"#a","key":"k","ttl":60,"reply":"#r","headers":{"lang":"en"},"payload":"more"}',
      'json {"topic":"#a","payload_base64":"/wo="}',
      'json {"topic":"#a","payload":"two\\nlines"}',
    ]);
    const printed = subscriber.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(printed.map(({ payload, payload_base64: bytes }) => payload ?? bytes), [
      "plain",
      "more",
      "/wo=",
      "two\nlines",
    ]);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a recording that is played back and recorded again is the same, whatever was in the messages", async () => {
  await using broker = await startBroker();
  const folder = await Deno.makeTempDir();
  try {
    const record = async (name: string, publish: () => Promise<void>): Promise<string> => {
      const args = ["--record", `${folder}/${name}`, "-C", "7"];
      await using subscriber = await startSubscribed(broker, { pattern: "#>", args });
      await publish();
      assertEquals((await subscriber.ended).code, 0);
      return (await Deno.readTextFile(`${folder}/${name}`)).replaceAll(/^\S+ /gm, "");
    };
    const first = await record("first.cmd", async () => {
      await using client = await publisher(broker);
      const headers = { lang: "en", trace: "a b=c", "__proto__": "x", ü: "\n%" };
      await client.publish("#a", "plain \u202e ");
      await client.publish("#a.b", "", { headers, key: "k 1", ttl: 60.5, reply: "#r" });
      await client.publish("#a", crypto.getRandomValues(new Uint8Array(1000)));
      await client.publish("#a", "two\nlines\r");
      await client.publish("#a", "", { key: "" });
      await client.publish("#ü", "json {}", { headers: { a: "" } });
      await client.publish("#a", "\ufeff0 pub #x", { id: "once" });
    });
    const second = await record("second.cmd", async () => {
      const args = [...publisherOf(broker), "-f", `${folder}/first.cmd`, "--speed", "0"];
      assertEquals(await run("publisher", args), { code: 0, stdout: "", stderr: "" });
    });
    assertEquals(second, first);
    assertEquals(first.split("\n").map((line) => line.slice(0, 4).trim()), [
      "pub",
      ...Array(5).fill("json"),
      "pub",
      "",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a time without an offset is read here and said, on the command line and in a command", async () => {
  await using broker = await startDurable();
  await run("publisher", [...publisherOf(broker), "-t", "a", "-m", "x"]);
  const env = { TZ: "Europe/Berlin" };
  const to = [...subscriberOf(broker), "-e"];
  const line = await run("subscriber", [...to, "-t", "a", "--from", "2026-01-31 09:00:30"], { env });
  assertEquals(line, {
    code: 0,
    stdout: "#a x\n",
    stderr: "subscriber: --from 2026-01-31 09:00:30 is 2026-01-31T09:00:30+01:00\n",
  });
  const stdin = "sub a from=2026-07-01\nsub b from=2026-07-01 to=@1767225600000\n";
  const bad = await run("subscriber", [...to, "-f", "-"], { env, stdin });
  assertEquals([bad.code, bad.stdout], [2, ""]);
  assertMatch(bad.stderr, /^subscriber: stdin:2: from=: 2026-07-01 \(.*\) lies behind @1767225600000 \(/);
  const file = await run("subscriber", [...to, "-f", "-"], { env, stdin: "sub a from=2026-07-01\n" });
  assertEquals(file, {
    code: 0,
    stdout: "#a x\n",
    stderr: "subscriber: from=2026-07-01 is 2026-07-01T00:00:00+02:00\n",
  });
  const typed = start("subscriber", subscriberOf(broker), { stdin: "sub a from=2999-01-01\n" });
  assertEquals((await typed.ended).code, 1);
  assertMatch(typed.stderr, /^subscriber: stdin:1: from=: 2999-01-01 \(.*\) lies in the future/);
});

Deno.test("no recording overwrites the file that stdout was redirected to, by whatever name", {
  ignore: Deno.build.os === "windows",
}, async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/messages`;
  try {
    await Deno.writeTextFile(file, "from before\n");
    for (const name of ["/dev/stdout", file]) {
      const ended = await run("subscriber", ["-p", "1", "-t", "a", "--record", name], {
        under: ["sh", "-c", `exec "$@" >> ${file}`, "sh"],
      });
      const says = `cannot write the recording "${name}": stdout goes there: name another file`;
      assertEquals([ended.code, ended.stderr], [2, `subscriber: ${says}\n`]);
    }
    assertEquals(await Deno.readTextFile(file), "from before\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
