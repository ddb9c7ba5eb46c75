/** The programs at a broker that stores: what is in the past, how it is asked for, how it is printed. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { startExerciseBroker } from "../client/exercise_broker.ts";
import { publisherOf, run, start, startSubscribed, subscriberOf } from "../cli/run_program.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { startDurable } from "../support/durable_broker.ts";

/** Publishes these commands. */
async function publish(broker: RunningBroker, commands: string): Promise<void> {
  const { code, stderr } = await run("publisher", publisherOf(broker), { stdin: commands });
  assertEquals([code, stderr], [0, ""]);
}

Deno.test("-e prints all that is stored and exits with 0; --from, --to and --since say which part", async () => {
  await using broker = await startDurable();
  await publish(broker, "pub a one\npub a two\npub b x\npub a three\n");
  const cases: [string[], string][] = [
    [["-t", "#>", "-e"], "#a one\n#a two\n#b x\n#a three\n"],
    [["-t", "a", "-t", "b", "-e", "-T", "a"], "#b x\n"],
    [["-t", "a", "-o", "2", "-e"], "#a two\n#a three\n"],
    [["-t", "a", "--from", "1", "--to", "2"], "#a one\n#a two\n"],
    [["-t", "a", "--to", "1"], "#a one\n"],
    [["-t", "a", "--since", "1h30m", "-C", "2"], "#a one\n#a two\n"],
    [["-t", "a", "-o", "-1h30m", "-C", "1"], "#a one\n"],
    [
      ["-t", "a", "-o", "beginning", "--to", `@${Math.ceil(Date.now() / 1000) + 1}`],
      "#a one\n#a two\n#a three\n",
    ],
    [["-t", "a", "-o", "-5m", "-e"], "#a one\n#a two\n#a three\n"],
    [["-t", "a", "-o", "latest", "-e"], "#a three\n"],
    [["-t", "a", "-o", "2000-01-01T00:00:00Z", "--to", "2000-01-02T00:00:00+01:00"], ""],
    [["-t", "never.published", "-e"], ""],
  ];
  for (const [args, stdout] of cases) {
    const ended = await run("subscriber", [...subscriberOf(broker), ...args]);
    assertEquals(ended, { code: 0, stdout, stderr: "" }, args.join(" "));
  }
});

Deno.test("a clock is that of today, here, which is said; one that is still to come is refused", async () => {
  await using broker = await startDurable();
  await publish(broker, "pub a one\n");
  // a zone in which now is midday, so that an hour before and after are of the same day
  const hour = 12 - new Date().getUTCHours();
  const env = { TZ: `Etc/GMT${hour > 0 ? "-" : "+"}${Math.abs(hour)}` };
  const args = [...subscriberOf(broker), "-t", "a", "-e"];
  const past = await run("subscriber", [...args, "--from", "11:00"], { env });
  assertEquals([past.code, past.stdout], [0, "#a one\n"]);
  const offset = `${hour < 0 ? "-" : "+"}${`${Math.abs(hour)}`.padStart(2, "0")}:00`;
  const [, said] = /^subscriber: --from 11:00 is \d{4}-\d\d-\d\dT11:00:00(\S+)\n$/.exec(past.stderr) ?? [];
  assertEquals(said, offset);
  assertEquals(await run("subscriber", [...args, "--from", "11:00", "-q"], { env }), { ...past, stderr: "" });
  const future = await run("subscriber", [...args, "--from", "13:59:59"], { env });
  assertEquals([future.code, future.stdout], [2, ""]);
  assertMatch(future.stderr, /^subscriber: --from: 13:59:59 \(\S+T13:59:59\S+\) lies in the future[^\n]*\n$/);
});

Deno.test("the stored time and the number are printed by %s, %I and -J, and nothing for what is in memory", async () => {
  await using broker = await startDurable(["--durable", "d"]);
  const before = Date.now();
  await publish(broker, "pub d one\npub d two\n");
  const after = Date.now();
  await using live = await startSubscribed(broker, { pattern: "m", args: ["-F", "[%s]"] });
  await publish(broker, "pub m x\n");
  await live.see(/^\[\]$/m);
  const formatted = await run("subscriber", [
    ...subscriberOf(broker),
    "-t",
    "d",
    "-e",
    "-F",
    "%s %03s %I %U",
  ]);
  const [, number, padded, iso = "", unix] = /^(\S+) (\S+) (\S+) (\S+)$/m.exec(formatted.stdout) ?? [];
  const stored = Date.parse(iso);
  assertEquals([number, padded, unix], ["1", "001", (stored / 1000).toFixed(3)]);
  assert(stored >= before && stored <= after, "the time it was stored, not the time it was read");
  const json = await run("subscriber", [...subscriberOf(broker), "-t", "d", "-e", "-J"]);
  const objects = json.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(objects.map(({ topic, seq, payload }) => [topic, seq, payload]), [["#d", 1, "one"], [
    "#d",
    2,
    "two",
  ]]);
  assertEquals(Date.parse(objects[0].time), stored);
});

Deno.test("after what is stored comes what is live, each message once", async () => {
  await using broker = await startDurable();
  await publish(broker, Array.from({ length: 1000 }, (_, n) => `pub a ${n}\n`).join(""));
  const counted = ["-t", "a", "--from", "earliest", "-C", "2000", "-F", "%s %p"];
  const subscriber = start("subscriber", [...subscriberOf(broker), ...counted]);
  await subscriber.see(/^1 0$/m);
  await publish(broker, Array.from({ length: 1000 }, (_, n) => `pub a ${n + 1000}\n`).join(""));
  assertEquals((await subscriber.ended).code, 0);
  assertEquals(subscriber.stdout, Array.from({ length: 2000 }, (_, n) => `${n + 1} ${n}\n`).join(""));
});

Deno.test("--speed keeps the pauses between stored messages, divided", async () => {
  await using broker = await startDurable();
  await publish(broker, "pub a one\n0.6 pub a two\n0.6 pub a three\n");
  const started = performance.now();
  const { stdout } = await run("subscriber", [...subscriberOf(broker), "-t", "a", "-e", "--speed", "0.5"]);
  assertEquals(stdout, "#a one\n#a two\n#a three\n");
  assert(performance.now() - started >= 2 * 1200);
});

Deno.test("a replay that is paced ends at once when it is stopped, or its time is over", async () => {
  await using broker = await startDurable();
  await publish(broker, "pub a one\n0.5 pub a two\n");
  const paced = [...subscriberOf(broker), "-t", "a", "-o", "1", "--speed", "0.00001"];
  const subscriber = start("subscriber", paced);
  await subscriber.see(/one/);
  subscriber.kill("SIGTERM");
  assertEquals((await subscriber.ended).code, 0);
  assertEquals(subscriber.stdout, "#a one\n");
  const timed = await run("subscriber", [...paced, "-W", "6s"]);
  assertEquals([timed.code, timed.stdout], [27, "#a one\n"]);
});

Deno.test("--record keeps the pauses of the stored messages, however fast they are replayed", async () => {
  await using broker = await startDurable();
  await publish(broker, "pub a one\n0.5 pub a two\n");
  const file = await Deno.makeTempFile();
  try {
    const ended = await run("subscriber", [...subscriberOf(broker), "-t", "a", "-e", "--record", file]);
    assertEquals(ended.code, 0);
    const [, pause] = /^0 pub #a one\n(\S+) pub #a two\n$/.exec(await Deno.readTextFile(file)) ?? [];
    assert(Number(pause) >= 0.5, `${pause} s`);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a command file's subscriptions begin in the past, too, and -e ends after the last", async () => {
  await using broker = await startDurable();
  await publish(broker, "pub a one\npub b two\n");
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "sub a\n0.2 sub b\n");
    const ended = await run("subscriber", [...subscriberOf(broker), "-f", file, "-e"]);
    assertEquals(ended, { code: 0, stdout: "#a one\n#b two\n", stderr: "" });
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("what cannot be had ends with 1 or 2 and says why", async () => {
  await using broker = await startBroker();
  await using exercise = startExerciseBroker();
  const cases: [string[], number, RegExp][] = [
    [["-t", "a", "-o", "soon"], 2, /-o takes now, earliest, .*not "soon"/],
    [["-t", "a", "--to", "latest"], 2, /--to takes a sequence number, .*not "latest"/],
    [["-t", "a", "--from", "9", "--to", "7"], 2, /--from: 9 lies behind 7, where it is to end/],
    [["-t", "a", "--from", "2026-02-30"], 2, /--from takes now, .*not "2026-02-30"/],
    [["-t", "a", "--since", "1h", "--to", "-2h"], 2, /--since: -3600s lies behind -2h/],
    [["-t", "a", "-o", "1", "--since", "1h"], 2, /--from and --since/],
    [["-t", "a", "-o", "now", "-e"], 2, /leave --from now out/],
    [["-t", "a", "-e", "--protocol", "classic"], 2, /need protocol 2/],
    [["-e"], 2, /-e needs -t PATTERN or -f FILE/],
    [["-t", "a", "-e"], 1, /the broker refused to subscribe to "#a" \(NOT_DURABLE\): .*--data/],
    [
      ["-t", "a", "-e", "-p", `${exercise.subPort}`],
      1,
      /speaks only the classic protocol, which has no from=/,
    ],
  ];
  for (const [args, code, reason] of cases) {
    const ended = await run("subscriber", [...subscriberOf(broker), ...args]);
    assertEquals([ended.code, ended.stdout], [code, ""], args.join(" "));
    assertMatch(ended.stderr, reason);
    assertMatch(ended.stderr, /^subscriber: [^\n]*\n$/);
  }
});
