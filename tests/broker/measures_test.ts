import { assert, assertEquals } from "@std/assert";
import { Broker, PUBLISHERS, SUBSCRIBERS } from "../../lib/broker/mod.ts";
import { MemoryStore } from "../../lib/store/memory.ts";
import { memoryPair } from "../support/memory_pair.ts";
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/until.ts";
import { upgrade } from "../support/v2.ts";

async function connect(broker: Broker, listener: typeof PUBLISHERS): Promise<RawClient> {
  const [mine, theirs] = memoryPair();
  void broker.serve(theirs, { listener });
  return await upgrade(new RawClient(mine));
}

function countsOf(broker: Broker): Record<string, number> {
  return Object.fromEntries(broker.topics.counted().map(({ topic, messages }) => [topic, messages]).sort());
}

for (const subscribers of [0, 1]) {
  Deno.test(`a broker that measures counts each topic of what comes in one read, for ${subscribers} subscribers`, async () => {
    await using broker = new Broker({ measures: true });
    using publisher = await connect(broker, PUBLISHERS);
    using subscriber = await connect(broker, SUBSCRIBERS);
    if (subscribers > 0) await subscriber.ask("sub #>");
    const text = ["#a", "#a", "#b", "#a", "#c", "#b"].map((topic) => `pub ${topic} 1\nx\n`).join("");
    await publisher.send(text);
    await publisher.line();
    assertEquals(countsOf(broker), { "#a": 3, "#b": 2, "#c": 1 });
    assertEquals(broker.totals.published, 6);
    const bytes = broker.topics.counted().reduce((sum, topic) => sum + topic.bytes, 0);
    assertEquals(bytes, broker.totals.publishedBytes, "of all topics together as many as in all");
  });
}

Deno.test("a broker that does not measure counts no topics and looks at no writes", async () => {
  await using broker = new Broker();
  using publisher = await connect(broker, PUBLISHERS);
  await publisher.ask("pub #a 1\nx");
  assertEquals([broker.topics.counted(), broker.snapshot().writes], [[], undefined]);
  assertEquals(broker.totals.published, 1);
});

Deno.test("rates are told from the mark before the last", async () => {
  await using broker = new Broker({ measures: true });
  using publisher = await connect(broker, PUBLISHERS);
  const then = (): number => broker.topics.one("#a")!.then.messages;
  await publisher.ask("pub #a 1\nx");
  assertEquals(then(), 0);
  broker.topics.mark();
  await publisher.ask("pub #a 1\nx");
  assertEquals(then(), 0);
  broker.topics.mark();
  assertEquals([then(), broker.topics.one("#a")!.messages], [1, 2]);
  broker.topics.mark();
  assertEquals(then(), 2);
});

Deno.test("what is stored once is counted once, and commits and writes have their times", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new Broker({ measures: true, store });
  using publisher = await connect(broker, PUBLISHERS);
  using subscriber = await connect(broker, SUBSCRIBERS);
  await subscriber.ask("sub #d");
  await publisher.ask("pub #d 1 id=one\nx");
  await publisher.ask("pub #d 1 id=one\nx");
  assertEquals([countsOf(broker), broker.snapshot().commits?.messages], [{ "#d": 1 }, 1]);
  assertEquals(broker.topics.one("#d")?.subscribers, 1);
  await until("a write's time", () => (broker.snapshot().writes?.counts ?? []).some((count) => count > 0));
  assert(broker.snapshot().writes!.sum >= 0);
});

Deno.test("who runs the broker ends a connection, which is told so (V11) and counted", async () => {
  await using broker = new Broker();
  using subscriber = await connect(broker, SUBSCRIBERS);
  assertEquals(broker.disconnect(7), false);
  assertEquals(broker.disconnect(1), true);
  assertEquals(await subscriber.line(), "bye DISCONNECTED who runs the broker has ended this connection");
  assertEquals(await subscriber.line(), undefined);
  await until("the end of the connection", () => broker.connections === 0);
  assertEquals(broker.snapshot().endings, new Map([["disconnected", 1]]));
});
