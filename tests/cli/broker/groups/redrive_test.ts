import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { redrive, type RedrivingBroker } from "../../../../lib/cli/broker/groups/redrive.ts";
import { RunError } from "../../../../lib/errors.ts";
import { MemoryStore } from "../../../../lib/store/memory.ts";
import { TestServer } from "../../../support/server.ts";
import { upgrade } from "../../../support/v2.ts";
import { within } from "../../../support/within.ts";

/** A broker whose group `g` of `#jobs.>` lets each message die that is given back once. */
function server(): TestServer {
  const store = new MemoryStore({ now: () => Date.now() });
  return new TestServer({ durable: { store, patterns: ["#jobs.>", "#dead.>"] }, maxAttempts: 1 });
}

/** Publishes these to a topic, and lets them die. */
async function kill(broker: TestServer, topic: string, frames: readonly string[]): Promise<void> {
  using worker = await upgrade(broker.connect("subscribers"));
  assertEquals(await worker.ask("sub #jobs.> group=g ack=explicit"), "ok 1");
  using publisher = await upgrade(broker.connect("publishers"));
  for (const frame of frames) {
    assertMatch(await publisher.ask(`pub ${topic} ${frame}`) ?? "", /^ok 1 /);
    const head = await worker.line() ?? "";
    await worker.lines(frame.split("\n").length - 1 + Number(/^batch/.test(head)));
    const seq = /seq=(\d+)/.exec(head)?.[1];
    assertEquals(await worker.ask(`nack g ${topic} ${seq}`), "ok 1");
  }
}

/** What comes of these topics to one who reads all that is stored. */
async function stored(broker: TestServer, pattern: string): Promise<string> {
  using reader = await upgrade(broker.connect("subscribers"));
  await reader.send(`sub ${pattern} from=earliest\n`);
  let text = "";
  while (!text.includes('info {"live"')) text += `${await reader.line()}\n`;
  return text;
}

/** How many there were. */
function redriven({ broker }: TestServer, group: string): Promise<number> {
  return within("an end of it", redrive(broker, group));
}

Deno.test("dead letters are published again to the topic they died in, with all they had, and once", async () => {
  await using broker = server();
  await kill(broker, "#jobs.a", ["1 key=k h.trace=x%20y\n1", "1\n2"]);
  const listed = (await broker.broker.groups()).find(({ name }) => name === "g");
  assertEquals(listed?.pattern, "#jobs.>");
  assertEquals(await redriven(broker, "g"), 2);
  const text = await stored(broker, "#jobs.a");
  assertMatch(
    text,
    /id=redriven-g-1 [^\n]*key=k[^\n]*h\.trace=x%20y|key=k[^\n]*h\.trace=x%20y[^\n]*id=redriven-g-1/,
  );
  assertMatch(text, /id=redriven-g-2/);
  assertEquals(/h\.dead-/.test(text), false, "how it died is no part of it");
  assertEquals(await redriven(broker, "g"), 0, "it is done with");
});

Deno.test("a group that is not there is told, and one without dead letters has none to be redriven", async () => {
  await using broker = server();
  const error = await assertRejects(() => redriven(broker, "none"), RunError);
  assertEquals(error.message, 'there is no group "none": --groups lists those there are');
  using worker = await upgrade(broker.connect("subscribers"));
  assertEquals(await worker.ask("sub #jobs.> group=g ack=explicit"), "ok 1");
  assertEquals(await redriven(broker, "g"), 0);
});

Deno.test("what is not what a dead letter is, is told and left where it is", async () => {
  await using broker = server();
  await kill(broker, "#jobs.a", ["1\n1"]);
  using publisher = await upgrade(broker.connect("publishers"));
  assertMatch(await publisher.ask("pub #dead.g.jobs.b 1\nx") ?? "", /^ok 1 /);
  const error = await assertRejects(() => redriven(broker, "g"), RunError);
  assertMatch(
    error.message,
    /^message 1 of the dead letters of this group does not say which topic it died in$/,
  );
});

Deno.test("a broker that ends is told as that", async () => {
  const broker = server();
  await kill(broker, "#jobs.a", ["1\n1"]);
  const groups = broker.broker.groups();
  await groups;
  const gone = { groups: () => groups, serve: () => Promise.resolve() } as unknown as typeof broker.broker;
  await broker[Symbol.asyncDispose]();
  const ended = { ...gone, serve: (transport: { close(): void }) => Promise.resolve(transport.close()) };
  await assertRejects(
    () => redrive(ended as unknown as typeof broker.broker, "g"),
    RunError,
    "the broker ends",
  );
});

/** A broker that tells how many dead letters are left by these numbers, one for each time it is asked. */
function telling(
  { broker }: TestServer,
  left: readonly (() => Promise<number> | number)[],
): RedrivingBroker {
  let asked = 0;
  return {
    serve: (transport, options) => broker.serve(transport, options),
    groups: async () => {
      const lag = await left[asked++]?.() ?? 0;
      const groups = await broker.groups();
      return groups.map((group) => group.pattern.startsWith("#dead.") ? { ...group, lag } : group)
        // there are none below the group's own name
        .filter(({ pattern }) => pattern !== "#dead.g");
    },
  };
}

Deno.test("what dies meanwhile is left for another time", async () => {
  await using broker = server();
  await kill(broker, "#jobs.a", ["1\n1", "1\n2"]);
  const more = async (): Promise<number> => {
    using publisher = await upgrade(broker.connect("publishers"));
    const dead = "pub #dead.g.jobs.a 1 h.dead-topic=%23jobs.a\nx";
    assertMatch(await publisher.ask(dead) ?? "", /^ok 1 /);
    return 1;
  };
  const told = telling(broker, [() => 0, more, () => 7]);
  assertEquals(await within("an end of it", redrive(told, "g")), 3);
});

Deno.test("what somebody else redrives is not waited for", async () => {
  await using broker = server();
  await kill(broker, "#jobs.a", ["1\n1", "1\n2"]);
  const told = telling(broker, [() => 0, () => 5, () => 3, () => 0]);
  assertEquals(await within("an end of it", redrive(told, "g")), 2);
});
