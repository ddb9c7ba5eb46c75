import { assert, assertEquals } from "@std/assert";
import { TestServer } from "../support/server.ts";

Deno.test("a publisher waits for a slow subscriber under block, and nothing is lost", async () => {
  await using broker = new TestServer();
  using slow = broker.connect("subscribers");
  await slow.ask("s1 sub #a");
  using publisher = broker.connect("publishers");
  const message = "x".repeat(1000);
  const total = 5000;
  let sent = 0;
  const sending = (async () => {
    for (; sent < total; sent++) await publisher.send(`p1 pub #a ${sent} ${message}\n`);
  })();
  const replies = publisher.lines(total);
  // it stops by itself while nobody reads: the outbox is at its high-water mark and the pipes are full
  let before = -1;
  while (before !== sent) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert(sent < total, "the publisher was held back");
  const lines = await slow.lines(total);
  assertEquals(lines.map((line) => Number(line.split(" ")[1])), Array.from({ length: total }, (_, at) => at));
  await sending;
  assertEquals((await replies).every((reply) => reply === "OK"), true);
});

Deno.test("a subscriber that never reads is cut off after the stall timeout, the others get everything (F22)", async () => {
  await using broker = new TestServer({ stallTimeout: 500 });
  using stuck = broker.connect("subscribers");
  await stuck.ask("stuck sub #a");
  using reader = broker.connect("subscribers");
  await reader.ask("s2 sub #a");
  using publisher = broker.connect("publishers");
  const total = 4000;
  const message = "x".repeat(1000);
  const reading = reader.lines(total);
  const replies = publisher.lines(total);
  for (let at = 0; at < total; at++) await publisher.send(`p1 pub #a ${at} ${message}\n`);
  assertEquals(
    (await reading).map((line) => Number(line.split(" ")[1])),
    Array.from({ length: total }, (_, at) => at),
  );
  assertEquals((await replies).length, total);
  const { level, fields } = await broker.event("slow consumer disconnected");
  assertEquals([level, fields["id"], fields["reason"]], ["warn", "stuck", "stalled"]);
});

Deno.test("under drop a subscriber that does not read loses messages, which is counted and logged, and stays (F23)", async () => {
  const limit = 1024 * 1024;
  await using broker = new TestServer({ slowConsumer: "drop-new", limits: { outbox: limit } });
  using stuck = broker.connect("subscribers", 1024);
  await stuck.ask("s1 sub #a");
  using publisher = broker.connect("publishers");
  const total = 4000;
  const message = "x".repeat(1000);
  const replies = publisher.lines(total);
  for (let at = 0; at < total; at++) await publisher.send(`p1 pub #a ${at} ${message}\n`);
  await replies;
  const { fields } = await broker.event("slow consumer: messages are left out");
  assertEquals(fields["id"], "s1");
  const { published, dropped } = broker.totals;
  assertEquals(published, total);
  assert(dropped > 0);
  const lines = await stuck.lines(total - dropped);
  assertEquals(lines.length, total - dropped);
  assertEquals(broker.totals.delivered, total - dropped);
  const numbers = lines.map((line) => Number(line.split(" ")[1]));
  assert(
    numbers.every((number, at) => at === 0 || number > numbers[at - 1]!),
    "order is kept around the gap",
  );
  await broker.event("slow consumer caught up");
  await publisher.ask("p1 pub #a end");
  assertEquals(await stuck.line(), "#a end");
});

Deno.test("under disconnect a subscriber whose outbox is full is cut off", async () => {
  await using broker = new TestServer({ slowConsumer: "disconnect", limits: { outbox: 1024 * 1024 } });
  using stuck = broker.connect("subscribers", 1024);
  await stuck.ask("s1 sub #a");
  using publisher = broker.connect("publishers");
  const message = "x".repeat(1000);
  const replies = publisher.lines(2000);
  for (let at = 0; at < 2000; at++) await publisher.send(`p1 pub #a ${at} ${message}\n`);
  await replies;
  const { fields } = await broker.event("slow consumer disconnected");
  assertEquals(fields["reason"], "outbox full");
});

Deno.test("a publisher that does not read its replies is made to wait for itself only", async () => {
  await using broker = new TestServer();
  using deaf = broker.connect("publishers", 1024);
  let sent = 0;
  const line = "p1 pub #a\n".repeat(1000);
  const sending = (async () => {
    for (; sent < 2000; sent++) await deaf.send(line);
  })();
  let before = -1;
  while (before !== sent) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert(sent < 2000, "it is held back");
  using other = broker.connect("publishers");
  assertEquals(await other.ask("p2 pub #a x"), "OK");
  assertEquals((await deaf.lines(2_000_000)).length, 2_000_000);
  await sending;
});
