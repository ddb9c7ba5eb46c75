import { Worker } from "node:worker_threads";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { Broker, type BrokerSnapshot, listenersOn, PUBLISHERS, SUBSCRIBERS } from "../../lib/broker/mod.ts";
import { connectPublisher, connectSubscriber } from "../../lib/client/mod.ts";
import { THIS_MACHINE } from "../../lib/broker/machine.ts";
import { RunError } from "../../lib/errors.ts";
import type { Log, LogFields } from "../../lib/log.ts";
import { FRAMES } from "../../lib/protocols/mod.ts";
import { HeldStore } from "../support/held_store.ts";
import { memoryPair } from "../support/memory_pair.ts";
import { freePort } from "../support/ports.ts";
import { RawClient } from "../support/raw_client.ts";
import { upgrade } from "../support/v2.ts";
import { within } from "../support/within.ts";
import { until } from "../support/until.ts";

const ON_FREE_PORTS = listenersOn({ subPort: 0, pubPort: 0 });

function portOf(broker: Broker, name: string): number {
  const listening = broker.snapshot().listeners.find((each) => each.name === name);
  assert(listening !== undefined, name);
  return listening.address.port;
}

Deno.test("a broker in one's own process is three lines, and clients of the library use it", async () => {
  await using broker = await Broker.open();
  const [subscribers, publishers] = broker.listen(ON_FREE_PORTS);
  await using publisher = await connectPublisher({ id: "p1", port: publishers!.address.port });

  await using subscriber = await connectSubscriber({ id: "s1", port: subscribers!.address.port });
  await subscriber.subscribe("#a");
  assertEquals(await publisher.publish("#a", "one"), { level: "memory", subs: 1 });
  for await (const { text } of subscriber) {
    assertEquals(text, "one");
    break;
  }
});

Deno.test("any number of listeners, each with its roles and the protocol it begins with", async () => {
  await using broker = new Broker();
  broker.listen(ON_FREE_PORTS);
  broker.listen([{
    name: "both",
    hostname: "127.0.0.1",
    port: 0,
    roles: new Set(["publisher", "subscriber"]),
    protocol: FRAMES,
  }]);
  using both = await RawClient.connect(portOf(broker, "both"));
  assertEquals(await both.ask("sub #a"), "ok 1");
  await both.send("pub #a 3\none\n");
  const lines = await both.lines(3);
  assertEquals(lines.sort(), ["ok 1 level=memory subs=1", "one", "pub #a 3"]);
  assertMatch(await both.ask("hello 2") ?? "", /^err UNKNOWN_COMMAND hello was said already/);
  using classic = await RawClient.connect(portOf(broker, "publishers"));
  assertEquals(await classic.ask("p1 sub #a"), "ERR_WRONG_PORT");
  assertEquals(await classic.ask("p1 pub #a two"), "OK");
  assertEquals(await both.lines(2), ["pub #a 3", "two"]);
  assertEquals(broker.snapshot().listeners.map(({ name }) => name), ["subscribers", "publishers", "both"]);
});

Deno.test("where one of its listeners cannot be had, it listens on none of them, and says which in one line (F31)", async () => {
  await using broker = new Broker();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const free = freePort();
  const error = assertThrows(
    () => broker.listen(listenersOn({ subPort: free, pubPort: taken.addr.port })),
    RunError,
  );
  assertMatch(error.message, new RegExp(`^127.0.0.1:${taken.addr.port} is in use: .* -p `));
  Deno.listen({ hostname: "127.0.0.1", port: free }).close();
  assertEquals(broker.health(), { live: true, ready: false, reason: "it does not listen yet" });
});

Deno.test("a snapshot is plain data that does not change, and says who is there and what waits for whom", async () => {
  await using broker = new Broker({ version: "1.2.3" });
  const before = broker.snapshot();
  const [mine, theirs] = memoryPair(64);
  void broker.serve(theirs, { listener: SUBSCRIBERS, address: "here" });
  using subscriber = new RawClient(mine);
  await subscriber.ask("s1 sub #a");
  const [end, publisherEnd] = memoryPair();
  void broker.serve(publisherEnd, { listener: PUBLISHERS });
  using publisher = new RawClient(end);
  await publisher.ask("p1 hello 2");
  await publisher.line();
  for (let at = 0; at < 10; at++) await publisher.ask(`pub #a 100\n${"x".repeat(100)}`);
  const snapshot: BrokerSnapshot = broker.snapshot();
  assertEquals(structuredClone(snapshot), snapshot, "plain data");
  const [slow, quick] = snapshot.connections;
  assertEquals(
    { ...slow, queued: 0, held: 0 },
    {
      number: 1,
      listener: "subscribers",
      id: "s1",
      account: undefined,
      address: "here",
      protocol: "classic",
      queued: 0,
      held: 0,
      dropped: 0,
      full: false,
      waits: false,
      subscriptions: [{ pattern: "#a", slow: "block" }],
      groups: [],
    },
  );
  assert(slow!.queued > 500, `${slow!.queued} bytes wait for the slow one`);
  assert(slow!.held > slow!.queued && snapshot.held >= slow!.queued, "it takes more to keep them");
  assertEquals([quick!.protocol, quick!.queued, quick!.address], ["2", 0, "memory"]);
  const { published, delivered } = snapshot.totals;
  assertEquals([published, delivered < 10], [10, true]);
  assertEquals([snapshot.version, snapshot.subscriptions, snapshot.topics], ["1.2.3", 1, 1]);
  assertEquals([snapshot.store, snapshot.durable, snapshot.replays], [undefined, [], 0]);
  assertEquals([before.connections, before.totals.published], [[], 0]);
});

Deno.test("its health says why it is not ready: the store refuses, it is lost, it stops, it is closed", async () => {
  const store = new HeldStore();
  const broker = new Broker({ store, durable: ["#d"] });
  broker.listen(ON_FREE_PORTS);
  assertEquals(broker.health(), { live: true, ready: true });
  using publisher = await RawClient.connect(portOf(broker, "publishers"));
  store.free = false;
  await publisher.send("p1 pub #d 1\n");
  (await store.next()).end({ kind: "refused", reason: "the disk is full" });
  assertEquals(await publisher.line(), "ERR_STORE");
  assertEquals(broker.health(), { live: true, ready: false, reason: "the disk is full" });
  assertEquals(broker.snapshot().health, broker.health());
  store.free = true;
  assertEquals(await publisher.ask("p1 pub #d 1"), "OK");
  assertEquals(broker.health(), { live: true, ready: true });
  store.free = false;
  await publisher.send("p1 pub #d 2\n");
  (await store.next()).end({ kind: "lost", reason: "fsync failed" });
  assertEquals(await broker.lost, "fsync failed");
  assertEquals(broker.health(), {
    live: true,
    ready: false,
    reason: "it is not known what is stored: fsync failed",
  });
  using other = await RawClient.connect(portOf(broker, "publishers"));
  assertEquals(await other.ask("p2 pub #m x"), "OK", "topics in memory go on");
  const drained = broker.drain(100);
  assertEquals(broker.health(), { live: true, ready: false, reason: "it is stopping" });
  await drained;
  await broker.close();
  assertEquals(broker.health(), { live: false, ready: false, reason: "it is closed" });
  assertEquals(broker.close(), broker.close());
});

Deno.test("a broker over a directory keeps what was published, says what it holds, and lets go of it when closed", async () => {
  const dir = await Deno.makeTempDir();
  try {
    for (const round of [1, 2]) {
      await using broker = await Broker.open({ data: `${dir}/data`, durable: ["#d.>"] });
      broker.listen(ON_FREE_PORTS);
      await using publisher = await connectPublisher({ id: "p1", port: portOf(broker, "publishers") });
      assertEquals((await publisher.publish("#d.a", "x")).seq, round);
      assertEquals((await publisher.publish("#m", "x")).seq, undefined);
      const { store, durable } = broker.snapshot();
      assertEquals([store?.topics, store?.batches, durable], [1, round, ["#d.>", "#dead.>"]]);
      await assertRejects(() => Broker.open({ data: `${dir}/data` }), RunError, "in use");
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("closing cuts off who is still connected, at once, and counts what did not leave", async () => {
  const broker = new Broker();
  const [mine, theirs] = memoryPair(16);
  const over = broker.serve(theirs, { listener: SUBSCRIBERS });
  using subscriber = new RawClient(mine);
  await subscriber.ask("s1 sub #a");
  const [end, publisherEnd] = memoryPair();
  void broker.serve(publisherEnd, { listener: PUBLISHERS });
  using publisher = new RawClient(end);
  for (let at = 0; at < 5; at++) assertEquals(await publisher.ask(`p1 pub #a ${"x".repeat(50)}`), "OK");
  await broker.close();
  await over;
  const { published, delivered, unsent, dropped } = broker.snapshot().totals;
  assertEquals([published, dropped, delivered + unsent], [5, 0, 5]);
  assert(unsent > 0);
  assertEquals(broker.connections, 0);
});

Deno.test("a stall is judged by what is subscribed to: whoever blocks publishers is cut off, others may read never", async () => {
  await using broker = new Broker({ stallTimeout: 300, limits: { outbox: 1024 * 1024 } });
  const stuck: Record<string, boolean> = {};
  for (
    const [id, requests] of [["drops", "sub #a slow=drop-new\n"], [
      "blocks",
      "sub #a slow=drop-new\nsub #b\n",
    ]]
  ) {
    const [mine, theirs] = memoryPair(256);
    const name = id!;
    stuck[name] = false;
    void broker.serve(theirs, { listener: SUBSCRIBERS }).then(() => stuck[name] = true);
    const client = new RawClient(mine);
    await client.ask(`${name} hello 2`);
    await client.line();
    await client.send(requests!);
    await client.line();
  }
  const [end, publisherEnd] = memoryPair();
  void broker.serve(publisherEnd, { listener: PUBLISHERS });
  using publisher = new RawClient(end);
  for (let at = 0; at < 20; at++) await publisher.ask(`p1 pub #a ${"x".repeat(100)}`);
  await until("the end of who blocks", () => stuck["blocks"] === true);
  // the other, were it judged in the same way, would be gone by then
  await new Promise((resolve) => setTimeout(resolve, 500));
  assertEquals(stuck, { drops: false, blocks: true });
});

Deno.test("a broker that stops or is closed takes nobody any more, and stays closed", async () => {
  const broker = new Broker();
  broker.listen(ON_FREE_PORTS);
  await broker.drain(100);
  assertThrows(() => broker.listen(ON_FREE_PORTS), RunError, "takes nobody any more: it is stopping");
  await broker.close();
  const [mine, theirs] = memoryPair();
  await broker.serve(theirs, { listener: PUBLISHERS });
  using late = new RawClient(mine);
  assertEquals(await late.rest(), "");
  assertEquals(await broker.drain(100), 0);
  assertEquals(broker.health(), { live: false, ready: false, reason: "it is closed" });
});

Deno.test("a broker that is told how to store, and not where, is none", async () => {
  for (const options of [{ durable: ["#a"] }, { sync: "commit" }, { dedupWindow: 1000 }] as const) {
    assertThrows(() => new Broker(options), RunError, `give one, or no \`${Object.keys(options)[0]}\``);
    await assertRejects(() => Broker.open(options), RunError, "nothing is stored without `data`");
  }
  const overrides = [{ pattern: "#a", age: 1000 }];
  for (const retain of [{ age: 1000 }, { bytes: 1000 }, { overrides }]) {
    await assertRejects(() => Broker.open({ retain }), RunError, "or no `retain`");
  }
});

Deno.test("who serves connections of its own and listens nowhere is ready; one that is closed lists no listeners", async () => {
  const broker = new Broker();
  assertEquals(broker.health(), { live: true, ready: false, reason: "it does not listen yet" });
  const [mine, theirs] = memoryPair();
  void broker.serve(theirs, { listener: PUBLISHERS });
  using publisher = new RawClient(mine);
  assertEquals(await publisher.ask("p1 pub #a x"), "OK");
  assertEquals(broker.health(), { live: true, ready: true });
  broker.listen(ON_FREE_PORTS);
  assertEquals(broker.snapshot().listeners.length, 2);
  await broker.close();
  assertEquals(broker.snapshot().listeners, []);
});

Deno.test("with a store and no patterns every topic is durable; a store that refuses is logged once a second", async () => {
  const store = new HeldStore();
  const lines: string[] = [];
  let now = 0;
  await using broker = new Broker({ store, log: logTo(lines) }, {
    ...THIS_MACHINE,
    clock: { ...THIS_MACHINE.clock, now: () => now },
  });
  assertEquals(broker.snapshot().durable, ["#>"]);
  const [mine, theirs] = memoryPair();
  void broker.serve(theirs, { listener: PUBLISHERS });
  using publisher = new RawClient(mine);
  store.free = false;
  for (const [time, reported] of [[0, 1], [999, 1], [1000, 2], [1999, 2], [2000, 3]] as const) {
    now = time;
    await publisher.send("p1 pub #any 1\n");
    (await store.next()).end({ kind: "refused", reason: "the disk is full" });
    assertEquals(await publisher.line(), "ERR_STORE");
    const said = lines.filter((line) => line === "error: messages could not be stored: the disk is full");
    assertEquals(said.length, reported, `at ${time} ms`);
  }
  store.free = true;
});

Deno.test("a store on disk is opened as it was said, logs where the broker does, and is lost once, whoever notices", async () => {
  const dir = await Deno.makeTempDir();
  const workers = new Map<Worker, string | undefined>();
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (this: Worker, ...sent): void {
    if (!workers.has(this)) workers.set(this, (sent[0] as { sync?: string }).sync);
    postMessage.apply(this, sent);
  };
  const lines: string[] = [];
  try {
    await using broker = await Broker.open({ data: `${dir}/data`, sync: "interval", log: logTo(lines) });
    const writing = [...workers.keys()][0]!;
    assertEquals([...workers.values()], ["interval", undefined], "one thread writes, one reads");
    broker.listen(ON_FREE_PORTS);
    using publisher = await RawClient.connect(portOf(broker, "publishers"));
    assertEquals(await publisher.ask("p1 pub #d 1"), "OK");
    using frames = await upgrade(await RawClient.connect(portOf(broker, "publishers")));
    assertEquals(
      await frames.ask("pub #d 1\nx"),
      "ok 1 seq=2 level=memory subs=0",
      "nobody waits for the disk",
    );
    assertEquals(broker.lostBecause, undefined);
    assertEquals(lines.filter((line) => line.startsWith("debug: store opened")).length, 1);

    // while no commit waits only the store can tell
    writing.emit("error", new Error("no memory"));
    const reason = await within("word that the store is lost", broker.lost);
    assertMatch(reason, /no memory/);
    // the next commit is lost, too, and nobody is told what became of it
    const [mine, theirs] = memoryPair();
    void broker.serve(theirs, { listener: PUBLISHERS });
    using later = new RawClient(mine);
    await later.send("p2 pub #d 2\n");
    assertEquals(await publisher.ask("p1 bad"), "ERR_UNKNOWN_COMMAND", "it goes on");
    await broker.drain(100);
    assertEquals(await later.rest(), "");
    assertEquals(broker.lostBecause, reason);
    const said = `error: it is not known what is stored, so nothing more is acknowledged: ${reason}`;
    assertEquals(lines.filter((line) => line === said).length, 1, lines.join("\n"));
  } finally {
    Worker.prototype.postMessage = postMessage;
    for (const worker of workers.keys()) await worker.terminate();
    await Deno.remove(dir, { recursive: true });
  }
});

/** Each event with its level and its reason, as a line. */
function logTo(lines: string[]): Log {
  const to = (level: string) => (event: string, fields: LogFields = {}): void =>
    void lines.push(`${level}: ${event}${fields.reason === undefined ? "" : `: ${fields.reason}`}`);
  return { debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") };
}
