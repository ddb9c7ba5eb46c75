/** Groups over durable topics, with brokers and members that are killed. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connectPublisher, connectSubscriber } from "../../lib/mod.ts";
import { Program } from "../../scripts/program.ts";
import { publisherOf, run, startSubscribed, subscriberOf } from "../cli/run_program.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { startDurable } from "../support/durable_broker.ts";
import { freePort } from "../support/ports.ts";

const HOLDER = new URL("fixtures/holder.ts", import.meta.url).pathname;

/** A member in a process of its own. */
async function holder({ subPort }: RunningBroker): Promise<Program> {
  const program = Program.start([Deno.execPath(), "run", "-A", "--quiet", HOLDER, `${subPort}`], {
    name: "holder",
  });
  await program.see(/^ready$/m);
  return program;
}

async function publish(broker: RunningBroker, texts: readonly string[]): Promise<void> {
  await using client = await connectPublisher({ id: "p1", port: broker.pubPort });
  await Promise.all(texts.map((text) => client.publish("#jobs", text)));
}

const linesOf = (program: Program): string[] => program.stdout.split("\n").slice(0, -1);

/** Waits for that. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

Deno.test("what a member held that was killed comes to another with the next attempt, and what it had settled does not (G8, G9)", async () => {
  await using broker = await startDurable();
  await using dies = await holder(broker);
  await publish(broker, ["ack 1", "hold 2", "ack 3", "hold 4"]);
  await until(() => dies.stdout.match(/acked/g)?.length === 2 && dies.stdout.includes("hold 4"));
  await using lives = await holder(broker);
  dies.kill("SIGKILL");
  await dies.ended;
  await until(() => linesOf(lives).length >= 3);
  await publish(broker, ["hold 5"]);
  await until(() => lives.stdout.includes("hold 5"));
  assertEquals(linesOf(lives).toSorted(), ["2 2 hold 2", "4 2 hold 4", "5 1 hold 5", "ready"]);
});

Deno.test("what was settled is so behind a broker that was killed, and all else is given out again (G6, G8)", async () => {
  const ports = ["-s", `${freePort()}`, "-p", `${freePort()}`];
  const data = await Deno.makeTempDir();
  let broker = await startBroker([...ports, "--data", data]);
  try {
    await using member = await holder(broker);
    await publish(broker, Array.from({ length: 300 }, (_, at) => at % 3 === 0 ? `hold ${at}` : `ack ${at}`));
    await until(() => member.stdout.match(/acked/g)?.length === 200);
    const before = linesOf(member).length;
    broker.kill("SIGKILL");
    await broker.ended;
    broker = await startBroker([...ports, "--data", data]);
    await until(() => linesOf(member).length >= before + 100);
    const again = linesOf(member).slice(before);
    assert(again.every((line) => /^\d+ [12] hold \d+$/.test(line)), again.join());
    assertEquals(new Set(again.map((line) => line.split(" ")[0])).size, 100);
  } finally {
    await broker.stop();
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("two groups have each message once, whoever of their members is there", async () => {
  await using broker = await startDurable();
  await publish(broker, ["a", "b", "c"]);
  const both = [1, 2].map((
    n,
  ) => ["-t", "jobs", "-G", `g${n}`, "--ack", "explicit", "-o", "earliest", "-C", "3"]);
  for (const args of both) {
    const ended = await run("subscriber", [...subscriberOf(broker), ...args, "-F", "%g %s %a %p"]);
    const name = args[3];
    assertEquals(ended.stdout, `${name} 1 1 a\n${name} 2 1 b\n${name} 3 1 c\n`, ended.stderr);
  }
});

Deno.test("-C N with --ack explicit leaves the rest to the others, as if it had not been sent", async () => {
  await using broker = await startDurable();
  await publish(broker, Array.from({ length: 9 }, (_, at) => `${at + 1}`));
  const got: string[] = [];
  for (let times = 0; times < 3; times++) {
    const ended = await run("subscriber", [
      ...subscriberOf(broker),
      ...["-t", "jobs", "-G", "g", "--ack", "explicit", "-o", "earliest", "-C", "3", "-F", "%s %a"],
    ]);
    assertEquals([ended.code, ended.stderr], [0, ""]);
    got.push(...ended.stdout.split("\n").slice(0, -1));
  }
  assertEquals(got.map((line) => line.split(" ")[0]), ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
});

Deno.test("what a program with --ack explicit has printed is settled when it is stopped", async () => {
  await using broker = await startDurable();
  await using stays = await startSubscribed(broker, {
    pattern: "#jobs",
    args: ["-G", "g", "--ack", "explicit", "-J"],
  });
  await publish(broker, ["a", "b"]);
  await stays.see(/"payload":"b"/);
  const [a] = linesOf(stays).map((line) => JSON.parse(line));
  assertEquals([a.group, a.seq, a.attempt, a.payload], ["g", 1, 1, "a"]);
  stays.kill("SIGTERM");
  assertEquals((await stays.ended).code, 0);
  await publish(broker, ["c"]);
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  for await (const message of await subscriber.subscribe("#jobs", { group: "g", ack: "explicit" })) {
    assertEquals([message.seq, message.attempt, message.text], [3, 1, "c"]);
    await message.ack();
    break;
  }
});

Deno.test("what cannot be had of a group is one line, and nothing is printed", async () => {
  await using memory = await startBroker();
  const args = ["-t", "jobs", "-G", "g", "--ack", "explicit"];
  const ended = await run("subscriber", [...subscriberOf(memory), ...args]);
  assertEquals([ended.code, ended.stdout], [1, ""]);
  assertMatch(ended.stderr, /^subscriber: [^\n]*\(NOT_DURABLE\): nothing is stored here[^\n]*\n$/);
  await using broker = await startDurable();
  await using auto = await startSubscribed(broker, { pattern: "#jobs", args: ["-G", "g"] });
  const mixed = await run("subscriber", [...subscriberOf(broker), ...args]);
  assertEquals([mixed.code, mixed.stdout], [1, ""]);
  assertMatch(mixed.stderr, /^subscriber: [^\n]*\(BAD_FIELD\): [^\n]*ack=auto[^\n]*\n$/);
  await run("publisher", [...publisherOf(broker), "-t", "jobs", "-m", "hi"]);
  await auto.see(/hi/);
});
