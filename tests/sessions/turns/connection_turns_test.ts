import { assert, assertEquals } from "@std/assert";
import { Broker, listenersOn } from "../../../lib/broker/mod.ts";
import { RawClient } from "../../support/raw_client.ts";
import { TestServer } from "../../support/server.ts";

/** Requests to topics that change, so that each is a run of its own. */
function publishes(count: number): string {
  return Array.from({ length: count }, (_, at) => `f pub #${at % 2} x\n`).join("");
}

Deno.test("a segment of thousands of requests is handled a turn at a time, and others have theirs in between (F30)", async () => {
  const total = 100_000;
  await using broker = new TestServer();
  using flood = broker.connect("publishers", 4 * 1024 * 1024);
  // its read buffer has grown
  await flood.send("\n".repeat(1024 * 1024));
  using quiet = broker.connect("publishers");
  assertEquals(await quiet.ask("q pub #q 1"), "OK");
  const before = broker.totals.published;
  await flood.send(publishes(total));
  assertEquals(await quiet.ask("q pub #q 2"), "OK");
  assert(broker.totals.published - before < total / 2, "the flood is not done yet");
  assertEquals((await flood.lines(total)).length, total);
});

Deno.test("a session that stands still in the middle of what was read goes on at the next request", async () => {
  const total = 60_000;
  await using broker = new TestServer();
  using subscriber = broker.connect("subscribers", 64 * 1024 * 1024);
  await subscriber.ask("s sub #>");
  using flood = broker.connect("publishers", 16 * 1024 * 1024);
  const sent = Array.from({ length: total }, (_, at) => `f pub #${at % 3} ${at}\n`).join("");
  await flood.send(`${sent}f nope\nf quit\nf pub #a never\n`);
  const replies = (await flood.rest()).split("\n");
  assertEquals(replies.length, total + 3);
  assert(replies.slice(0, total).every((reply) => reply === "OK"));
  assertEquals(replies.slice(total), ["ERR_UNKNOWN_COMMAND", "OK", ""]);
  const lines = await subscriber.lines(total);
  assertEquals(lines.map((line) => line.split(" ")[1]), Array.from({ length: total }, (_, at) => `${at}`));
});

Deno.test("floods over sockets keep nobody out: a newcomer is served among them", async () => {
  await using broker = new Broker();
  const [subscribers, publishers] = broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
  const floods = await Promise.all(
    Array.from({ length: 8 }, () => RawClient.connect(publishers.address.port)),
  );
  let stopped = false;
  const block = publishes(20_000);
  const flooding = floods.map(async (flood) => {
    const reading = flood.rest().catch(() => "");
    while (!stopped) await flood.send(block);
    await flood.endInput();
    await reading;
  });
  for (let at = 0; at < 5; at++) {
    using subscriber = await RawClient.connect(subscribers.address.port);
    assertEquals(await subscriber.ask("n sub #new"), "OK");
    using publisher = await RawClient.connect(publishers.address.port);
    const before = broker.snapshot().totals.published;
    assertEquals(await publisher.ask(`n pub #new ${at}`), "OK");
    assertEquals(await subscriber.line(), `#new ${at}`);
    assert(broker.snapshot().totals.published - before < 2_000_000);
  }
  stopped = true;
  await Promise.all(flooding);
  for (const flood of floods) flood.close();
});
