/** Subscriber programs that share what a publisher program sends. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connectPublisher, type Publisher, RefusedError } from "../../lib/mod.ts";
import type { Program } from "../../scripts/program.ts";
import { publisherOf, run, start, startSubscribed, subscriberOf } from "../cli/run_program.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { freePort } from "../support/ports.ts";
import { Place } from "./place.ts";

const MESSAGES = 1000;
const NUMBERS = Array.from({ length: MESSAGES }, (_, n) => n);

/** A member of the group `workers` of #jobs, which prints numbers. */
function worker(broker: RunningBroker, more: readonly string[] = []): Promise<Program> {
  return startSubscribed(broker, { pattern: "#jobs", args: ["-G", "workers", "-F", "%p", ...more] });
}

/** The numbers that programs have printed, those of each behind one another. */
function printed(...programs: readonly Program[]): number[] {
  return programs.flatMap(({ stdout }) => stdout.split("\n").slice(0, -1).map(Number));
}

/** Publishes lines of stdin that are still written. */
function publisher(broker: RunningBroker): Program {
  return start("publisher", [...publisherOf(broker), "-t", "#jobs", "-l"], { stdin: "open" });
}

const lines = (numbers: readonly number[]): string => numbers.map((n) => `${n}\n`).join("");
const sorted = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);

/** Publishes until so many get it: what was asked before them is answered then. */
async function reach(client: Publisher, topic: string, minSubs: number): Promise<void> {
  for (;;) {
    try {
      await client.publish(topic, "x", { minSubs });
      return;
    } catch (error) {
      if (!(error instanceof RefusedError && error.code === "TOO_FEW_SUBS")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** Waits for that. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

Deno.test("two subscribers with -G workers share a thousand messages of a publisher, each once; one without has all", async () => {
  await using broker = await startBroker();
  await using one = await worker(broker);
  await using two = await worker(broker);
  await using every = await startSubscribed(broker, {
    pattern: "#jobs",
    args: ["-J", "-C", `${MESSAGES}`],
  });
  const sent = start("publisher", [...publisherOf(broker), "-t", "#jobs", "-l"], { stdin: lines(NUMBERS) });
  await sent.succeeded();
  await every.succeeded();
  await until(() => printed(one, two).length >= MESSAGES);
  assertEquals(sorted(printed(one, two)), NUMBERS);
  assert(printed(one).length > 0 && printed(two).length > 0);
  assert(every.stdout.split("\n").slice(0, -1).every((line) => !("group" in JSON.parse(line))));
});

Deno.test("a member that is killed in the middle loses at most what was sent to it, and nothing comes twice (G4)", async () => {
  await using broker = await startBroker();
  await using dies = await worker(broker);
  await using lives = await worker(broker);
  await using sender = publisher(broker);
  await sender.write(lines(NUMBERS.slice(0, 400)));
  await until(() => printed(dies, lives).length === 400);
  await sender.write(lines(NUMBERS.slice(400, 700)));
  dies.kill("SIGKILL");
  await dies.ended;
  await sender.write(lines(NUMBERS.slice(700)));
  await sender.end();
  await sender.succeeded();
  await until(() => printed(lives).includes(MESSAGES - 1));
  const came = printed(dies, lives);
  assertEquals(new Set(came).size, came.length, "twice");
  assert(came.filter((n) => n < 400).length === 400);
  const lost = MESSAGES - came.length;
  assert(lost <= 300, `${lost} were lost`);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`a member that is stopped with ${signal} in the middle loses nothing (G4)`, async () => {
    await using broker = await startBroker();
    await using stops = await worker(broker);
    await using stays = await worker(broker);
    await using sender = publisher(broker);
    const filler = "x".repeat(2000);
    const long = (numbers: readonly number[]): string => numbers.map((n) => `${n} ${filler}\n`).join("");
    await sender.write(long(NUMBERS.slice(0, 300)));
    await stops.see(/\n/);
    const written = sender.write(long(NUMBERS.slice(300)));
    stops.kill(signal);
    assertEquals((await stops.ended).code, 0, stops.stderr);
    await written;
    await sender.end();
    await sender.succeeded();
    stays.kill(signal);
    await stays.ended;
    const came = [stops, stays].flatMap(({ stdout }) =>
      stdout.split("\n").slice(0, -1).map((line) => parseInt(line))
    );
    assertEquals(sorted(came), NUMBERS);
  });
}

Deno.test("members are members again after their broker was started anew, and share as before", async () => {
  const ports = ["-s", `${freePort()}`, "-p", `${freePort()}`];
  let broker = await startBroker(ports);
  try {
    await using one = await worker(broker, ["--window", "5"]);
    await using two = await worker(broker);
    broker.kill("SIGKILL");
    await broker.ended;
    broker = await startBroker(ports);
    for (const each of [one, two]) await each.see(/restored/, { on: "stderr" });
    await run("publisher", [...publisherOf(broker), "-t", "#jobs", "-l"], { stdin: lines(NUMBERS) });
    await until(() => printed(one, two).length >= MESSAGES);
    assertEquals(sorted(printed(one, two)), NUMBERS);
    assert(printed(one).length > 0 && printed(two).length > 0);
  } finally {
    await broker.stop();
  }
});

Deno.test("commands join and leave groups, whatever the command line says of others", async () => {
  await using broker = await startBroker();
  using place = new Place();
  const file = place.file(
    "group.cmd",
    "sub #a group=g window=2\nsub #a\nsub #b group=g\nunsub #a group=g\n0 sub #end\n",
  );
  await using member = start("subscriber", [...subscriberOf(broker), "-v", "-f", file, "-F", "%t %g %p"]);
  await using all = await startSubscribed(broker, { pattern: "#end", args: ["-G", "h"] });
  await using client = await connectPublisher({ id: "p1", port: broker.pubPort });
  await reach(client, "#end", 2);
  for (const topic of ["a", "b"]) await client.publish(topic, "hi");
  await member.see(/^#b g hi$/m);
  assertMatch(member.stdout, /^#a {2}hi$/m);
  assertEquals(member.stdout.match(/hi/g)?.length, 2);
  await all.see(/^#end x$/m);
});

Deno.test("with -G the commands of a pipe join that group, and leave it in the same words", async () => {
  await using broker = await startBroker();
  const args = [...subscriberOf(broker), "-G", "workers", "-F", "%t %g %p"];
  await using member = start("subscriber", args, { stdin: "open" });
  await member.write("sub #a\nsub #b group=other\nsub #gone\nunsub #gone\nsub #last\n");
  await using client = await connectPublisher({ id: "p1", port: broker.pubPort });
  await reach(client, "#last", 1);
  for (const topic of ["gone", "a", "b"]) await client.publish(topic, "hi");
  await member.see(/^#b other hi$/m);
  assertMatch(member.stdout, /^#a workers hi$/m);
  assert(!member.stdout.includes("#gone"));
  await member.write("sub #c from=latest\n");
  assertEquals((await member.ended).code, 1);
  assertMatch(
    member.stderr,
    /^subscriber: stdin:6: from= with -G: a group that is new begins now, earliest, at a number/m,
  );
});

Deno.test("what a member of a group cannot have is 2 and one line, before anything is connected", async () => {
  using place = new Place();
  const plain = place.file("plain.cmd", "sub #a window=3\n");
  const replay = place.file("replay.cmd", "sub #a\nsub #b from=latest\n");
  const group = place.file("group.cmd", "sub #a group=g\n");
  const cases: [string[], RegExp][] = [
    [["-t", "a", "-G", ""], /-G: the name of a group is missing/],
    [["-t", "a", "-G", "a.b"], /-G: the name of a group has no "#", .*"a\.b" has/],
    [["-t", "a", "-G", "x".repeat(65)], /-G: the name of a group has at most 64 bytes/],
    [["-t", "a", "-G", "g", "--window", "0"], /--window takes a whole number from 1 to 65536, not "0"/],
    [["-t", "a", "--window", "3"], /--window says how much waits for a member of a group: give -G NAME, too/],
    [["-t", "a", "-G", "g", "-o", "1", "-e"], /-G shares what is live, too, and has no end: leave -e out/],
    [["-t", "a", "-G", "g", "-o", "latest"], /--from with -G: a group that is new begins now, earliest/],
    [["-t", "a", "--ack", "explicit"], /--ack explicit is for a member of a group: give -G NAME, too/],
    [["-t", "a", "-G", "g", "--slow", "latest"], /--slow is not for members of a group/],
    [["-t", "a", "-G", "g", "--protocol", "classic"], /--group needs protocol 2/],
    [["-f", plain], /plain\.cmd:1: window= is for a member of a group: give group=, too/],
    [["-f", replay, "-G", "g"], /replay\.cmd:2: from= with -G: a group that is new begins now, earliest/],
    [["-f", group, "-o", "latest"], /group\.cmd:1: --from with group=: a group that is new begins now/],
    [["-f", group, "-e"], /group\.cmd:1: group= shares what is live, too, and has no end: --to and -e/],
    [["-f", group, "--slow", "latest"], /group\.cmd:1: group= does not go together with --slow/],
  ];
  for (const [args, says] of cases) {
    const ended = await run("subscriber", ["-i", "s1", "-p", "1", ...args]);
    assertEquals([ended.code, ended.stdout], [2, ""], args.join(" "));
    assertMatch(ended.stderr, says);
    assertMatch(ended.stderr, /^subscriber: [^\n]*\n$/);
  }
});
