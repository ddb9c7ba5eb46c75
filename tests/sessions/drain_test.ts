import { assert, assertEquals } from "@std/assert";
import { Broker, listenersOn, SUBSCRIBERS } from "../../lib/broker/mod.ts";
import { HeldStore } from "../support/held_store.ts";
import { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";

Deno.test("drain comes to its end though a connection does not even close", async () => {
  const broker = new Broker();
  const never = new Promise<never>(() => {});
  void broker.serve({
    read: () => never,
    write: () => never,
    closeWrite: () => never,
    close: () => {},
  }, { listener: SUBSCRIBERS });
  const before = performance.now();
  assertEquals(await broker.drain(100), 0);
  assert(performance.now() - before < 10_000);
});

Deno.test("drain comes to its end among clients that go on sending and never read", async () => {
  const broker = new Broker();
  const [, publishers] = broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
  const floods = await Promise.all(
    Array.from({ length: 4 }, () => RawClient.connect(publishers.address.port)),
  );
  const block = "f pub #a x\nf nope\n".repeat(10_000);
  const flooding = floods.map(async (flood) => {
    for (;;) await flood.send(block);
  });
  const ends = Promise.allSettled(flooding);
  await new Promise((resolve) => setTimeout(resolve, 200));
  await broker.drain(500);
  assertEquals(broker.connections, 0);
  for (const flood of floods) flood.close();
  assertEquals((await ends).map(({ status }) => status), Array(4).fill("rejected"));
  await broker.close();
});

Deno.test("what a publisher is being promised when the broker drains reaches its subscribers before they go (C4)", async () => {
  const store = new HeldStore();
  await using server = new TestServer({ durable: { store, patterns: ["#d"] } });
  using subscriber = server.connect("subscribers");
  assertEquals(await subscriber.ask("s sub #d"), "OK");
  using publisher = server.connect("publishers");
  store.free = false;
  await publisher.send("p pub #d 1\n");
  const commit = await store.next();
  const draining = server.broker.drain(10_000);
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setTimeout(resolve, 0));
  commit.end();
  assertEquals([await publisher.rest(), await subscriber.rest()], ["OK\n", "#d 1\n"]);
  assertEquals(await draining, 0);
});
