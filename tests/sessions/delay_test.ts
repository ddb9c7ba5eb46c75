import { assert, assertEquals } from "@std/assert";
import { MemoryStore } from "../../lib/store/memory.ts";
import type { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";
import { readBatches, upgrade } from "../support/v2.ts";

/** A broker whose topics below `#d` are durable. */
class Hall implements AsyncDisposable {
  readonly store = new MemoryStore({ now: () => Date.now() });
  readonly broker = new TestServer({ durable: { store: this.store, patterns: ["#d.>"] } });

  async publisher(): Promise<RawClient> {
    return await upgrade(this.broker.connect("publishers"));
  }

  async subscriber(pattern = "#d.>"): Promise<RawClient> {
    const client = await upgrade(this.broker.connect("subscribers"));
    assertEquals(await client.ask(`sub ${pattern}`), "ok 1");
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker[Symbol.asyncDispose]();
  }
}

function inMs(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}

/** The next so many lines but for the headers of batches. */
async function linesOf(client: RawClient, count: number): Promise<string[]> {
  const lines: string[] = [];
  while (lines.length < count) {
    const line = await client.line() ?? "end";
    if (!line.startsWith("batch ")) lines.push(line);
  }
  return lines;
}

Deno.test("a message with delay= or at= is stored, and delivered when it is due, without these fields (D9)", async () => {
  await using hall = new Hall();
  using subscriber = await hall.subscriber();
  using classic = hall.broker.connect("subscribers");
  assertEquals(await classic.ask("s sub #d.>"), "OK");
  using publisher = await hall.publisher();
  const before = Date.now();
  await publisher.send(
    `pub #d.a 5 id=7 delay=1.2 k=v\nlater\npub d.a 6 at=${inMs(1000)}\nsooner\npub #d.a 3 h.x=y\nnow\n`,
  );
  const said: string[] = [];
  while (said.at(-1)?.includes("seq=") !== true) said.push(await publisher.line() ?? "seq=none");
  // without a number: it has none before it is due
  assertEquals(
    said.join(" ").replace("ok 1 level=synced ok 1 level=synced", "ok 2 level=synced"),
    [
      "ok 2 level=synced",
      "ok 1 seq=1 level=synced subs=2",
    ].join(" "),
  );
  assertEquals(await readBatches(subscriber, 1), ["#d.a 1 now"]);
  assertEquals(await linesOf(subscriber, 4), ["pub #d.a 6", "sooner", "pub #d.a 5 id=7 k=v", "later"]);
  assert(Date.now() >= before + 1200);
  assertEquals(await classic.lines(3), ["#d.a now", "#d.a sooner", "#d.a later"]);
});

Deno.test("what is due already is published at once, as any other and without these fields (D9)", async () => {
  await using hall = new Hall();
  using subscriber = await hall.subscriber();
  using publisher = await hall.publisher();
  const past = "at=2001-01-01T00:00:00Z";
  await publisher.send(`pub #d.a 1 delay=0 k=v\n1\npub #d.a 1 ${past}\n2\npub d.a 1 delay=0 ttl=5\n3\n`);
  assertEquals(await linesOf(subscriber, 6), [
    "pub #d.a 1 k=v",
    "1",
    "pub #d.a 1",
    "2",
    "pub #d.a 1 ttl=5",
    "3",
  ]);
  assertEquals(hall.store.state.delayed, 0);
});

Deno.test("a time to live counts from when it is due (D9, V10)", async () => {
  await using hall = new Hall();
  using subscriber = await hall.subscriber();
  using publisher = await hall.publisher();
  assertEquals(await publisher.ask("pub #d.a 1 delay=0.3 ttl=0.29\nx"), "ok 1 level=synced");
  assertEquals(await readBatches(subscriber, 1), ["#d.a 1 x"]);
});

Deno.test("what cannot wait is refused with what is wrong, and nothing changes (D9)", async () => {
  await using hall = new Hall();
  using publisher = await hall.publisher();
  const seconds =
    "delay= is a number of seconds, at most a year, with at most three decimals, like delay=60 or delay=0.5";
  const time = "at= is a time with its offset, like at=2026-01-31T09:00:00Z";
  const once = "a message has one delay= or one at=";
  const durable = "delay= and at= are for durable topics: what is not stored cannot wait";
  for (
    const [topic, fields, problem] of [
      ["#d.a", "delay=", seconds],
      ["#d.a", "delay=-1", seconds],
      ["#d.a", "delay=1e3", seconds],
      ["#d.a", "delay=31536000.001", seconds],
      ["#d.a", "at=", time],
      ["#d.a", "at=2026-01-31T09:00:00", time],
      ["#d.a", "at=tomorrow k=v", time],
      ["#d.a", `at=${inMs(366 * 86_400_000)}`, "at= is at most a year from now"],
      ["#d.a", "delay=1 at=2026-01-31T09:00:00Z", once],
      ["#d.a", "delay=1 delay=1", once],
      ["#m", "delay=1", durable],
      ["#m", "delay=0", durable],
      ["#m", "at=2001-01-01T00:00:00Z", durable],
    ] as const
  ) {
    assertEquals(await publisher.ask(`pub ${topic} 1 ${fields}\nx`), `err BAD_FIELD ${problem}`, fields);
  }
  assertEquals(await publisher.ask("pub #d.a 1\nx"), "ok 1 seq=1 level=synced subs=0");
  assertEquals([hall.store.state.delayed, hall.broker.totals.published], [0, 1]);
});

Deno.test("the same id within the window is acknowledged and waits once (D9, D6)", async () => {
  await using hall = new Hall();
  using subscriber = await hall.subscriber();
  using publisher = await hall.publisher();
  for (const fields of ["id=a-1 delay=1", "id=a-1 delay=2", "id=a-1"]) {
    assertEquals(await publisher.ask(`pub #d.a 1 ${fields}\nx`), "ok 1 level=synced");
  }
  assertEquals(hall.store.state.delayed, 1);
  assertEquals(await readBatches(subscriber, 1), ["#d.a 1 x"]);
  assertEquals(await publisher.ask(`pub #d.a 1 id=a-1\nx`), "ok 1 level=synced", "and when it is through");
  assertEquals(await publisher.ask(`pub #d.a 1 id=a-2\ny`), "ok 1 seq=2 level=synced subs=1");
});

Deno.test("what is due is stored in its topic though nobody is connected, and to no port one could be (D9)", async () => {
  await using hall = new Hall();
  {
    using publisher = await hall.publisher();
    assertEquals(await publisher.ask("pub #d.a 1 delay=1.2\n1"), "ok 1 level=synced");
  }
  while (hall.store.state.delayed > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(hall.store.state.last, 1);
});

Deno.test("what waits in the store of a broker that begins is moved before anybody comes (D9)", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  const text = new TextEncoder().encode("pub #d.a 1\n1\n");
  const run = { topic: "#d.a", count: 1, bytes: text, ids: undefined, ttl: undefined };
  await new Promise((done) => store.commit({ appends: [], delayed: [{ ...run, due: Date.now() }] }, done));
  await using _broker = new TestServer({ durable: { store, patterns: ["#d.>"] } });
  while (store.state.delayed > 0) await new Promise((resolve) => setTimeout(resolve, 10));
});

Deno.test("a broker that ends leaves what waits in its store, and waits for nothing itself (D9)", async () => {
  const hall = new Hall();
  using publisher = await hall.publisher();
  assertEquals(await publisher.ask("pub #d.a 1 delay=0.3\nx"), "ok 1 level=synced");
  await hall.broker[Symbol.asyncDispose]();
  assertEquals(hall.broker.broker.snapshot().store?.delayed, 1);
  await hall.broker.broker.close();
  assertEquals(hall.store.state.delayed, 1);
});
