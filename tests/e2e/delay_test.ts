/** Messages that are to be delivered later, through the programs and the library, and a broker that is killed. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connectPublisher, connectSubscriber, RefusedError } from "../../lib/mod.ts";
import { publisherOf, run, startSubscribed } from "../cli/run_program.ts";
import { take } from "../client/take.ts";
import { startBroker } from "../support/broker.ts";
import { startDurable } from "../support/durable_broker.ts";
import { freePort } from "../support/ports.ts";

Deno.test("what waits survives kill -9 of the broker, and comes once, in its order (D9)", async () => {
  const directory = await Deno.makeTempDir();
  const args = ["-s", `${freePort()}`, "-p", `${freePort()}`, "--data", `${directory}/data`, "-q"];
  try {
    let broker = await startBroker(args);
    {
      await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
      const at = new Date(Date.now() + 4000);
      const receipts = await Promise.all([
        publisher.publish("#a", "2", { at, key: "k", headers: { n: "2" } }),
        publisher.publish("#a", "1", { delay: 1 }),
        publisher.publish("#a", "3", { at }),
        publisher.publish("#a", "4", { delay: 3_600_000, id: "far" }),
      ]);
      assertEquals(receipts, Array(4).fill({ level: "synced" }));
    }
    broker.kill("SIGKILL");
    await broker.ended;
    broker = await startBroker(args);
    await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
    await subscriber.subscribe("#a", { from: "earliest" });
    const got = await take(subscriber, 3);
    assertEquals(got.map(({ text, seq }) => `${seq} ${text}`), ["1 1", "2 2", "3 3"]);
    assertEquals([got[1]?.key, [...got[1]!.headers]], ["k", [["n", "2"]]]);
    await using publisher = await connectPublisher({ id: "p2", port: broker.pubPort });
    assertEquals(await publisher.publish("#a", "4", { id: "far" }), { level: "synced" }, "it is known");
    assertEquals((await publisher.publish("#a", "5")).seq, 4);
    await broker.stop();
    const exported = await run("broker", ["--data", `${directory}/data`, "--export", "#a"]);
    const [first] = exported.stdout.split("\n").map((line) => line === "" ? undefined : JSON.parse(line));
    assertEquals([first.payload, first.seq], ["4", undefined]);
    assertMatch(first.at, /^\d{4}-\d\d-\d\dT/);
    const checked = await run("broker", ["--data", `${directory}/data`, "--data-check"]);
    assertMatch(checked.stdout, /4 messages of 1 topic, .*, 1 message not due yet, all whole\n$/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("--delay, --at and lines of JSON say when a message is delivered (D9)", async () => {
  await using broker = await startDurable();
  await using subscriber = await startSubscribed(broker, { pattern: "#>", args: ["-C", "5", "-J"] });
  const start = Date.now();
  const soon = new Date(start + 1500);
  const publish = (args: readonly string[], stdin?: string): ReturnType<typeof run> =>
    run("publisher", [...publisherOf(broker), ...args], stdin === undefined ? {} : { stdin });
  const done = { code: 0, stdout: "", stderr: "" };
  const lines = [
    { topic: "b", payload: "json at", at: soon.toISOString() },
    { topic: "b", payload: "json delay", delay: 1.6 },
    { topic: "b", payload: "json now" },
  ];
  const text = lines.map((line) => JSON.stringify(line)).join("\n");
  const answers = await Promise.all([
    publish(["-t", "a", "-m", "later", "--delay", "1500ms"]),
    publish(["--json-in"], text),
  ]);
  assertEquals(answers, [done, done]);
  const past = await publish(["-t", "a", "-m", "past", "--at", "2001-01-01T00:00:00Z"]);
  assertEquals(past, {
    ...done,
    stderr: "publisher: --at 2001-01-01T00:00:00.000Z: that is past, so it is delivered at once\n",
  });
  const { code } = await subscriber.ended;
  assertEquals(code, 0, subscriber.stderr);
  const got = subscriber.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  const least = new Map([["later", start + 1500], ["json at", start + 1500], ["json delay", start + 1600]]);
  assertEquals(got.map(({ topic, payload }) => `${topic} ${payload}`).toSorted(), [
    "#a later",
    "#a past",
    "#b json at",
    "#b json delay",
    "#b json now",
  ]);
  for (const { payload, time } of got) assert(Date.parse(time) >= (least.get(payload) ?? start), payload);
});

Deno.test("what is not stored cannot wait, and a classic publisher cannot say it", async () => {
  await using broker = await startBroker();
  const args = [...publisherOf(broker), "-t", "a", "-m", "x", "--delay", "1s"];
  const refused = await run("publisher", args);
  assertEquals(refused.code, 1);
  assertMatch(refused.stderr, /delay= and at= are for durable topics/);
  const classic = await run("publisher", [...args, "--protocol", "classic"]);
  assertEquals(classic.code, 2);
  assertMatch(classic.stderr, /--delay needs protocol 2/);
  await using publisher = await connectPublisher({ id: "p", port: broker.pubPort, protocol: "classic" });
  const error = await publisher.publish("#a", "x", { delay: 5 }).catch((error: unknown) => error);
  assert(error instanceof RefusedError && error.code === "NEEDS_V2", `${error}`);
});
