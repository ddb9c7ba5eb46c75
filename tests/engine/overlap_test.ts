import { assertEquals } from "@std/assert";
import { MemoryStore } from "../../lib/store/memory.ts";
import type { Cursor, ReadExtent, ReadOutcome } from "../../lib/store/types.ts";
import { HeldStore } from "../support/held_store.ts";
import type { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";
import { readBatches, upgrade } from "../support/v2.ts";

function durable(patterns: readonly string[] = ["#>"]): TestServer {
  return new TestServer({ durable: { store: new MemoryStore({ now: () => Date.now() }), patterns } });
}

/** Everything up to the answer to a `ping`, without what is no message. */
async function messages(subscriber: RawClient): Promise<string[]> {
  for (let turns = 0; turns < 200; turns++) await Promise.resolve();
  await new Promise((go) => setTimeout(go, 5));
  await subscriber.send("ping\n");
  const got: string[] = [];
  for (;;) {
    for (const entry of await readBatches(subscriber, 1)) {
      if (entry === "pong" || entry === "end") return got;
      if (!entry.startsWith("info") && !entry.startsWith("ok")) got.push(entry);
    }
  }
}

Deno.test("a replay that waits for what is to come keeps nothing from a live subscription (C5, D8)", async () => {
  for (const waiting of ["from=1 to=5", "from=100", "from=2999-01-01T00:00:00Z", "from=latest to=1"]) {
    await using broker = durable();
    using publisher = await upgrade(broker.connect("publishers"));
    using subscriber = await upgrade(broker.connect("subscribers"));
    await publisher.ask("pub #y 1\n0");
    await subscriber.send(`sub #> ${waiting}\nsub #x\n`);
    await messages(subscriber);
    for (let at = 1; at <= 20; at++) await publisher.ask(`pub #x 2\n${at + 10}`);
    assertEquals(
      await messages(subscriber),
      Array.from({ length: 20 }, (_, at) => `#x ${at + 1} ${at + 11}`),
      waiting,
    );
  }
});

Deno.test("a live subscription has the messages in memory that a replay has nothing of (C5, D8)", async () => {
  await using broker = durable(["#d.>"]);
  using publisher = await upgrade(broker.connect("publishers"));
  using subscriber = await upgrade(broker.connect("subscribers"));
  await subscriber.send("sub #> from=earliest\nsub #m\n");
  await messages(subscriber);
  assertEquals(await publisher.ask("pub #m 1\n1"), "ok 1 level=memory subs=1");
  assertEquals(await subscriber.lines(2), ["pub #m 1", "1"]);
});

Deno.test("replays that have topics in common bring each message once, also while more is published (C5, D8)", async () => {
  await using broker = durable();
  using publisher = await upgrade(broker.connect("publishers"));
  const text = "x".repeat(2000);
  const publish = async (): Promise<void> => {
    for (const topic of ["#a.1", "#a.2", "#b.1", "#b.2"]) await publisher.ask(`pub ${topic} 2000\n${text}`);
  };
  for (let round = 0; round < 50; round++) await publish();
  using subscriber = await upgrade(broker.connect("subscribers", 16 * 1024));
  await subscriber.send(
    "sub #> from=earliest\nsub #a.* from=earliest\nsub #*.1 from=3\nsub #b.1 from=earliest to=80\n",
  );
  const publishing = (async () => {
    for (let round = 0; round < 50; round++) await publish();
  })();
  const got = await readBatches(subscriber, 400);
  await publishing;
  const rest = await messages(subscriber);
  // what came before the last of them was answered may come again for that one
  const answered = got.findLastIndex((entry) => entry.startsWith("ok"));
  const counts = new Map<string, number>();
  for (const [at, entry] of [...got, ...rest].entries()) {
    if (!entry.startsWith("#")) continue;
    const key = entry.split(" ").slice(0, 2).join(" ");
    counts.set(key, (counts.get(key) ?? 0) + (at < answered ? 0 : 1));
  }
  assertEquals([counts.size, [...counts.values()].filter((count) => count > 1).length], [400, 0]);
});

Deno.test("what comes live while a replay reads is not brought by it again, unless it may be left out (C5, V8, D8)", async () => {
  const stored = 4000;
  for (const [policy, times] of [["block", 1], ["drop-new", 2]] as const) {
    await using broker = durable();
    using publisher = await upgrade(broker.connect("publishers"));
    const text = "x".repeat(1000);
    const frame = `pub #x 1000\n${text}\n`;
    const publish = async (count: number): Promise<void> => {
      await publisher.send(frame.repeat(count));
      for (let done = 0; done < count;) done += Number((await publisher.line())?.split(" ")[1]);
    };
    // more than an outbox takes and a page more
    await publish(stored);
    using subscriber = await upgrade(broker.connect("subscribers", 1024));
    // in one piece: who does not read is not read from, once its outbox is full
    assertEquals(await subscriber.ask(`sub #> from=earliest\nsub #x slow=${policy}`), "ok 2");
    await new Promise((go) => setTimeout(go, 50));
    // the outbox is full, so whoever blocks makes the publisher wait
    const publishing = publish(20);
    // nothing is read before they are there, or their publisher waits
    const waits = (): boolean => broker.broker.snapshot().connections.some(({ waits }) => waits);
    if (policy === "drop-new") await publishing;
    else while (!waits()) await new Promise((go) => setTimeout(go, 5));
    const counts = new Map<string, number>();
    const total = stored + 20 * times;
    const got = await readBatches(subscriber, total);
    for (const entry of got) {
      const key = entry.split(" ").slice(0, 2).join(" ");
      if (key.startsWith("#")) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    await publishing;
    assertEquals(counts.size, stored + 20, policy);
    assertEquals([...counts.values()].filter((count) => count > times).length, 0, policy);
  }
});

Deno.test("a replay goes on where it is under another policy, and begins anew where it says (V8, D3)", async () => {
  await using broker = durable();
  using publisher = await upgrade(broker.connect("publishers"));
  const text = "x".repeat(1000);
  for (let at = 0; at < 40; at++) await publisher.send(`pub #x 1000\n${text}\n`.repeat(100));
  for (let done = 0; done < 4000;) done += Number((await publisher.line())?.split(" ")[1]);
  using subscriber = await upgrade(broker.connect("subscribers", 1024));
  assertEquals(await subscriber.ask("sub #x from=earliest"), "ok 1");
  await subscriber.send("sub #x slow=drop-old\n");
  const numbers = (await readBatches(subscriber, 4000)).filter((entry) => entry.startsWith("#"))
    .map((entry) => Number(entry.split(" ")[1]));
  assertEquals(numbers.slice(0, 3999), Array.from({ length: 3999 }, (_, at) => at + 1));
});

Deno.test("what was being read when one of two replays was taken back is read anew for the other alone (D8)", async () => {
  const store = new SlowReads();
  await using broker = new TestServer({ durable: { store, patterns: ["#>"] } });
  using publisher = await upgrade(broker.connect("publishers"));
  for (const topic of ["#a", "#b"]) {
    for (let at = 1; at <= 3; at++) await publisher.ask(`pub ${topic} 1\n${at}`);
  }
  using subscriber = await upgrade(broker.connect("subscribers"));
  store.held = [];
  await subscriber.send("sub #a from=earliest\nsub #> from=earliest\n");
  assertEquals(await subscriber.lines(2), ["ok 1", "ok 1"]);
  // the page that was asked for first was for one of them
  while (store.cursors < 2) await store.answer();
  assertEquals(await subscriber.ask("unsub #>"), "ok 1");
  while (store.held.length > 0) await store.answer();
  store.held = undefined;
  assertEquals(await messages(subscriber), ["#a 1 1", "#a 2 2", "#a 3 3"]);
});

/** Reads are answered when the test says so. */
class SlowReads extends HeldStore {
  held: Array<() => void> | undefined;
  /** How many replays the last read was for. */
  cursors = 0;

  override read(cursors: readonly Cursor[], extent: ReadExtent, done: (outcome: ReadOutcome) => void): void {
    this.cursors = cursors.length;
    super.read(cursors, extent, (outcome) => {
      if (this.held === undefined) done(outcome);
      else this.held.push(() => done(outcome));
    });
  }

  async answer(): Promise<void> {
    this.held?.shift()?.();
    for (let turns = 0; turns < 50; turns++) await Promise.resolve();
  }
}
