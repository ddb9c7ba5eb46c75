import { assert, assertEquals } from "@std/assert";
import type { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";

async function upgraded(client: RawClient): Promise<RawClient> {
  assertEquals(await client.ask("c1 hello 2"), "OK_2");
  await client.line();
  return client;
}

Deno.test("over the wire: a subscriber chooses its policy, gets its gaps, and can change its mind (V7, V8)", async () => {
  await using broker = new TestServer({ limits: { outbox: 20_000 } });
  using subscriber = await upgraded(broker.connect("subscribers", 1024));
  assertEquals(await subscriber.ask("sub #a slow=drop-new"), "ok 1");
  assertEquals(
    await subscriber.ask("sub #a slow=never"),
    "err BAD_FIELD slow= is one of block, disconnect, drop-new, drop-old, latest",
  );
  using publisher = await upgraded(broker.connect("publishers"));
  const total = 500;
  const payload = "x".repeat(96);
  for (let at = 0; at < total; at++) {
    const text = `${String(at).padStart(4, "0")}${payload}`;
    assertEquals(await publisher.ask(`pub #a 100\n${text}`), "ok 1 level=memory subs=1");
  }
  let next = 0;
  while (next < total) {
    const [verb, , count] = (await subscriber.line() ?? "").split(" ");
    if (verb === "gap") next += Number(count);
    else assertEquals(Number((await subscriber.line())?.slice(0, 4)), next++);
  }
  assert(broker.totals.dropped > 0);
  assertEquals(await subscriber.ask("sub #a slow=block"), "ok 1");
  assertEquals(broker.subscriptions, 1);
  assertEquals(await subscriber.ask("unsub #a"), "ok 1");
  assertEquals(broker.subscriptions, 0);
});

Deno.test("of the subscriptions that match, the one that keeps most gets the message, once (V8)", async () => {
  await using broker = new TestServer();
  using subscriber = await upgraded(broker.connect("subscribers"));
  await subscriber.ask("sub #a slow=drop-old");
  await subscriber.ask("sub #> slow=latest");
  await subscriber.ask("sub #* slow=block");
  using publisher = broker.connect("publishers");
  await publisher.ask("p1 pub #a x");
  await publisher.ask("p1 pub #b.c y");
  assertEquals(await subscriber.lines(4), ["pub #a 1", "x", "pub #b.c 1", "y"]);
});

Deno.test("where publishers are not to wait, no subscriber makes them (V7)", async () => {
  await using broker = new TestServer({ slowConsumer: "disconnect" });
  using subscriber = await upgraded(broker.connect("subscribers"));
  assertEquals((await subscriber.ask("sub #a slow=block"))?.slice(0, 10), "err DENIED");
  assertEquals(await subscriber.ask("sub #a slow=drop-old"), "ok 1");
});

Deno.test("over the wire: the last state comes though another subscription has filled the outbox (V7, V9)", async () => {
  const limit = 256 * 1024;
  await using broker = new TestServer({ limits: { outbox: limit } });
  using subscriber = await upgraded(broker.connect("subscribers", 1024));
  for (const line of ["sub #full slow=drop-new", "sub #state slow=latest", "sub #old slow=drop-old"]) {
    assertEquals(await subscriber.ask(line), "ok 1");
  }
  using publisher = await upgraded(broker.connect("publishers"));
  const fillers = [10_000, 500, 0].flatMap((size) => Array<number>(50).fill(size));
  for (const size of fillers) await publisher.ask(`pub #full ${size}\n${"x".repeat(size)}`);
  for (let at = 0; at < 50; at++) {
    await publisher.ask(`pub #state 2\n${at + 10}`);
    await publisher.ask(`pub #old 2\n${at + 10}`);
  }
  const { held } = broker.broker.snapshot().connections[0]!;
  assert(held > 0.9 * limit && held < 1.1 * limit, `${held}`);
  const told = new Map<string, number>();
  let old = 0;
  let last = "";
  while (last !== "59" || told.get("#state") !== 50 || told.get("#old") !== 50) {
    const [verb, topic = "", count] = (await subscriber.line())!.split(" ");
    const received = verb === "gap" ? Number(count) : 1;
    if (verb !== "gap") last = (await subscriber.line())!;
    if (topic === "#old" && verb !== "gap") {
      assertEquals(Number(last), 10 + (told.get(topic) ?? 0), `${old++}`);
    }
    told.set(topic, (told.get(topic) ?? 0) + received);
  }
  assertEquals(old, 50, "they had room in the share of theirs");
  assertEquals(told.get("#full"), fillers.length);
});
