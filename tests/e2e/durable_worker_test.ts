/** Subscriber programs that run a command for each message of a durable topic. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connectPublisher, connectSubscriber } from "../../lib/mod.ts";
import type { Program } from "../../scripts/program.ts";
import { run, startSubscribed, subscriberOf } from "../cli/run_program.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { startDurable } from "../support/durable_broker.ts";
import { freePort } from "../support/ports.ts";

/** A worker of the group `workers` of #jobs, which runs a shell script. */
function worker(broker: RunningBroker, script: string, more: readonly string[] = []): Promise<Program> {
  const args = ["-G", "workers", "--ack", "exec", ...more, "--", "sh", "-c", script];
  return startSubscribed(broker, { pattern: "#jobs", args });
}

async function publish(broker: RunningBroker, texts: readonly string[]): Promise<void> {
  await using client = await connectPublisher({ id: "p1", port: broker.pubPort });
  await Promise.all(texts.map((text) => client.publish("#jobs", text)));
}

/** The messages that come to a member which takes what the group has not settled, until nothing more does. */
async function unsettled(broker: RunningBroker): Promise<string[]> {
  await using subscriber = await connectSubscriber({ id: "rest", port: broker.subPort });
  await subscriber.subscribe("#jobs", { group: "workers", ack: "explicit" });
  await publish(broker, ["last"]);
  const texts: string[] = [];
  for await (const { text } of subscriber) {
    if (text === "last") break;
    texts.push(text);
  }
  return texts;
}

const lines = (program: Program): string[] => program.stdout.split("\n").slice(0, -1);

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

Deno.test("what a command has done is acknowledged, and comes to nobody again (G8)", async () => {
  await using broker = await startDurable();
  const texts = Array.from({ length: 30 }, (_, n) => `${n}`);
  {
    await using one = await worker(broker, "cat; echo", ["--jobs", "3"]);
    await using two = await worker(broker, "cat; echo", ["--jobs", "3"]);
    await publish(broker, texts);
    await until(() => lines(one).length + lines(two).length === texts.length);
    assert(lines(one).length > 0 && lines(two).length > 0);
    for (const each of [one, two]) {
      each.kill("SIGTERM");
      assertEquals((await each.ended).code, 0);
    }
    assertEquals([...lines(one), ...lines(two)].toSorted(), texts.toSorted());
  }
  assertEquals(await unsettled(broker), []);
});

Deno.test("what fails comes again, and after --max-attempts is a dead letter with its payload (G9)", async () => {
  await using broker = await startDurable(["--max-attempts", "3"]);
  await using one = await worker(broker, 'echo "$HASHBUS_SEQ $HASHBUS_ATTEMPT"; grep -q good', [
    "--retry-delay",
    "20ms",
  ]);
  await publish(broker, ["good", "poison", "good"]);
  await one.line(
    /^subscriber: #jobs 2: sh ended with 1 at attempt 3, which was the last: it is a dead letter/,
  );
  assertEquals(lines(one).toSorted(), ["1 1", "2 1", "2 2", "2 3", "3 1"]);
  const dead = await run("subscriber", [
    ...subscriberOf(broker),
    "-t",
    "dead.>",
    "-C",
    "1",
    "-o",
    "earliest",
    "-J",
  ]);
  const { topic, headers, payload } = JSON.parse(dead.stdout);
  assertEquals([topic, payload], ["#dead.workers.jobs", "poison"]);
  assertEquals([headers["dead-reason"], headers["dead-attempts"]], ["nack", "3"]);
});

Deno.test("a worker that is killed with kill -9 leaves its messages to another, who is told it is the second time (G9)", async () => {
  await using broker = await startDurable();
  await using dies = await worker(broker, "echo begun; sleep 60", ["--jobs", "2"]);
  await publish(broker, ["a", "b"]);
  await until(() => lines(dies).length === 2);
  await using lives = await worker(broker, 'echo "$(cat) $HASHBUS_ATTEMPT"', ["--jobs", "2"]);
  dies.kill("SIGKILL");
  await until(() => lines(lives).length === 2);
  assertEquals(lines(lives).toSorted(), ["a 2", "b 2"]);
});

Deno.test("a command that takes longer than --ack-timeout keeps its message (G9)", async () => {
  await using broker = await startDurable(["--ack-timeout", "3s"]);
  await using one = await worker(broker, "sleep 5; echo done $HASHBUS_ATTEMPT");
  await using two = await worker(broker, "echo another $HASHBUS_ATTEMPT");
  await publish(broker, ["a", "b"]);
  await until(() => lines(one).length === 1);
  assertEquals([lines(one), lines(two)], [["done 1"], ["another 1"]]);
});

Deno.test("SIGTERM lets run what runs, acknowledges it and gives back the rest at once (G9)", async () => {
  await using broker = await startDurable();
  await using one = await worker(broker, "echo begun; sleep 3; cat; echo", ["--window", "5"]);
  await publish(broker, ["a", "b", "c"]);
  await one.see(/begun/);
  one.kill("SIGTERM");
  assertEquals((await one.ended).code, 0);
  assertEquals(lines(one), ["begun", "a"]);
  assertEquals((await unsettled(broker)).toSorted(), ["b", "c"]);
});

Deno.test("-C takes so many and leaves the others as they were", async () => {
  await using broker = await startDurable();
  for (const expected of [["a 1", "b 1"], ["c 1", "d 1"]]) {
    await using one = await worker(broker, 'echo "$(cat) $HASHBUS_ATTEMPT"', ["-C", "2"]);
    if (expected[0] === "a 1") await publish(broker, ["a", "b", "c", "d", "e"]);
    assertEquals((await one.ended).code, 0, one.stderr);
    assertEquals(lines(one), expected);
  }
  assertEquals(await unsettled(broker), ["e"]);
});

Deno.test("a broker that is killed while a command runs gives the message out again when it is back", async () => {
  const data = await Deno.makeTempDir();
  const ports = ["-s", `${freePort()}`, "-p", `${freePort()}`, "--data", data];
  let broker = await startBroker(ports);
  try {
    await using one = await worker(broker, "echo begun; sleep 3; echo done");
    await publish(broker, ["a"]);
    await one.see(/begun/);
    broker.kill("SIGKILL");
    await broker.ended;
    await one.line(/^subscriber: #jobs 1 is done, but comes again: /);
    broker = await startBroker(ports);
    await one.see(/begun\ndone\nbegun\ndone\n/);
    one.kill("SIGTERM");
    assertEquals((await one.ended).code, 0);
    assertEquals(await unsettled(broker), []);
  } finally {
    await broker.stop();
    await Deno.remove(data, { recursive: true });
  }
});

Deno.test("while the broker is away a worker that is stopped ends when its command has", async () => {
  await using broker = await startDurable();
  await using one = await worker(broker, "echo begun; sleep 0.5; echo done");
  await publish(broker, ["a"]);
  await one.see(/begun/);
  await broker.stop("SIGKILL");
  one.kill("SIGTERM");
  assertEquals((await one.ended).code, 0);
  assertMatch(one.stdout, /^begun\ndone\n$/);
});
