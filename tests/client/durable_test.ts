/** Durable topics between this library and the real broker. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ClientEvent,
  connectPublisher,
  connectSubscriber,
  RefusedError,
  RunError,
} from "../../lib/mod.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { startExerciseBroker } from "./exercise_broker.ts";
import { startGate } from "./gate.ts";
import { acceptHello, startScriptedBroker } from "./scripted_broker.ts";
import { take } from "./take.ts";
import { freePort } from "../support/ports.ts";

/** A folder for a store; gone at the end. */
async function folder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function publishAll(
  broker: RunningBroker,
  messages: readonly [topic: string, text: string][],
): Promise<void> {
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  for (const [topic, text] of messages) {
    publisher.send(topic, text);
    if (publisher.full) await publisher.ready();
  }
  await publisher.drained();
}

function numbered(topic: string, from: number, to: number): [string, string][] {
  return Array.from({ length: to - from + 1 }, (_, at) => [topic, `${from + at}`]);
}

Deno.test("a message of a durable topic has its number and the time it was stored, one in memory has neither", async () => {
  await using data = await folder();
  await using broker = await startBroker(["--data", data.path, "--durable", "#d.>"]);
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  await subscriber.subscribe("#>");
  const before = Date.now();
  await publishAll(broker, [["#d.a", "one"], ["#m", "two"], ["#d.a", "three"], ["#d.b", "four"]]);
  const messages = await take(subscriber, 4);
  const of = (topic: string): unknown[] =>
    messages.filter((each) => each.topic === topic).map(({ text, seq }) => [text, seq]);
  assertEquals(of("#d.a"), [["one", 1], ["three", 2]]);
  assertEquals(of("#d.b"), [["four", 1]]);
  assertEquals(of("#m"), [["two", undefined]]);
  for (const { topic, time, id } of messages) {
    assertEquals(time === undefined, topic === "#m");
    assertEquals(id === undefined, topic === "#m", "a publisher numbers what is stored");
    if (time !== undefined) assert(time.getTime() >= before && time.getTime() <= Date.now());
  }
});

Deno.test("from brings what is stored and then what is live; the events come in their place", async () => {
  await using data = await folder();
  await using broker = await startBroker(["--data", data.path]);
  await publishAll(broker, numbered("#a", 1, 500));
  const places: [string, number][] = [];
  let received = 0;
  await using subscriber = await connectSubscriber({
    id: "s1",
    port: broker.subPort,
    onEvent: ({ type }) => {
      if (type === "live" || type === "end") places.push([type, received]);
    },
  });
  await subscriber.subscribe("#a", { from: "earliest" });
  const first = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const { text, seq } of subscriber) {
      assertEquals([text, seq], [`${++received}`, received]);
      if (received === 500) first.resolve();
      if (received === 510) break;
    }
  })();
  await subscriber.caughtUp("a");
  await first.promise;
  await subscriber.subscribe("#a");
  await publishAll(broker, numbered("#a", 501, 510));
  await reading;
  assertEquals(places, [["live", 500]]);
});

Deno.test("every kind of position begins where it says, and to ends it", async () => {
  await using data = await folder();
  await using broker = await startBroker(["--data", data.path]);
  const start = new Date();
  await publishAll(broker, numbered("#a", 1, 9));
  await publishAll(broker, [["#b", "b"]]);
  const ended: string[] = [];
  const wanted = [
    { from: 8 },
    { from: "latest" },
    { from: "-3" },
    { from: "-1d" },
    { from: start },
    { from: 4, to: 6 },
    { from: "earliest", to: 2 },
    { from: new Date(0), to: new Date(start.getTime() - 60_000) },
  ] as const;
  const texts: string[][] = [];
  for (const options of wanted) {
    await using subscriber = await connectSubscriber({
      id: "s1",
      port: broker.subPort,
      onEvent: (event) => {
        if (event.type !== "live" && event.type !== "end") return;
        ended.push(event.type);
        void subscriber.close();
      },
    });
    await subscriber.subscribe("#a", options);
    const got: string[] = [];
    for await (const { text } of subscriber) got.push(text);
    texts.push(got);
    if ("to" in options) assertEquals([...subscriber.patterns], []);
  }
  const all = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
  assertEquals(texts, [["8", "9"], ["9"], ["7", "8", "9"], all, all, ["4", "5", "6"], ["1", "2"], []]);
  assertEquals(ended, ["live", "live", "live", "live", "live", "end", "end", "end"]);
});

Deno.test("what cannot be meant, or cannot be had from this broker, is refused by its code", async () => {
  await using plain = await startBroker();
  await using subscriber = await connectSubscriber({ id: "s1", port: plain.subPort });
  const code = async (subscribed: Promise<unknown>): Promise<string> =>
    (await assertRejects(() => subscribed, RefusedError)).code;
  assertEquals(await code(subscriber.subscribe("#a", { from: "earliest" })), "NOT_DURABLE");
  await subscriber.subscribe("#a", { from: "now" });
  for (const from of [-1, 1.5, NaN, 1e15, new Date(NaN), "-10x" as "-10s", "yesterday" as "latest"]) {
    assertEquals(await code(subscriber.subscribe("#a", { from })), "BAD_FIELD");
  }
  assertEquals(await code(subscriber.subscribe("#a", { to: 5 })), "BAD_FIELD");
  assertEquals(await code(subscriber.subscribe("#a", { from: 1, to: "latest" as "-1s" })), "BAD_FIELD");
  await using exercise = startExerciseBroker();
  await using classic = await connectSubscriber({ id: "s1", port: exercise.subPort });
  const error = await assertRejects(() => classic.subscribe("#a", { from: 1, slow: "latest" }), RefusedError);
  assertEquals([error.code, error.message], [
    "NEEDS_V2",
    "this broker speaks only the classic protocol, which has no from= or slow=",
  ]);
});

for (const pattern of ["#n.a", "#n.*"]) {
  Deno.test(`a subscription to ${pattern} with from goes on behind the last message, however often its connection breaks`, async () => {
    const total = 30_000;
    await using data = await folder();
    await using broker = await startBroker(["--data", data.path]);
    const topics = pattern === "#n.a" ? ["#n.a"] : ["#n.a", "#n.b", "#n.c"];
    const text = (n: number): string => `${n} ${"x".repeat(100)}`;
    const message = (n: number): [string, string] => [topics[n % topics.length] ?? "", text(n)];
    await publishAll(broker, Array.from({ length: total / 2 }, (_, n) => message(n)));
    await using gate = startGate();
    gate.open(broker.subPort);
    const events: string[] = [];
    await using subscriber = await connectSubscriber({
      id: "s1",
      port: gate.port,
      onEvent: ({ type }) => events.push(type),
    });
    await subscriber.subscribe(pattern, { from: "earliest" });
    const publishing = publishAll(
      broker,
      Array.from({ length: total / 2 }, (_, n) => message(n + total / 2)),
    );
    const seen = new Map<string, number>();
    let received = 0;
    let breaks = 0;
    for await (const { topic, seq = 0 } of subscriber) {
      if (seq !== (seen.get(topic) ?? 0) + 1) throw new Error(`${seq} of ${topic} after ${seen.get(topic)}`);
      seen.set(topic, seq);
      if (++received === total) break;
      if (received % 5000 !== 0) continue;
      breaks++;
      gate.shut();
      gate.open(broker.subPort);
    }
    await publishing;
    await publishAll(broker, [["#n.a", "end"]]);
    assertEquals((await take(subscriber, 1)).map((each) => each.text), ["end"]);
    assert(breaks === 5 && events.includes("restored"));
    // the last message may have been read from the store: then it is live behind it
    void subscriber[Symbol.asyncIterator]().next();
    await subscriber.caughtUp(pattern);
    assertEquals(events.filter((type) => type === "live").length, 1, "told once");
  });
}

Deno.test("it goes on over a broker that is killed and started again on its store", async () => {
  await using data = await folder();
  let broker = await startBroker(["--data", data.path, "-s", `${freePort()}`, "-p", `${freePort()}`]);
  try {
    const restored = Promise.withResolvers<void>();
    await using subscriber = await connectSubscriber({
      id: "s1",
      port: broker.subPort,
      onEvent: ({ type }) => {
        if (type === "restored") restored.resolve();
      },
    });
    await subscriber.subscribe("#a", { from: "-1h" });
    await subscriber.subscribe("#later.>", { from: "latest" });
    await publishAll(broker, numbered("#a", 1, 1000));
    const first = await take(subscriber, 500);
    await broker.stop("SIGKILL");
    broker = await startBroker(["--data", data.path, "-s", `${broker.subPort}`, "-p", `${broker.pubPort}`]);
    await publishAll(broker, [...numbered("#a", 1001, 1500), ["#later.a", "1"], ["#later.a", "2"]]);
    await restored.promise;
    const messages = [...first, ...await take(subscriber, 1002)];
    const texts = (topic: string): string[] =>
      messages.filter((each) => each.topic === topic).map((each) => each.text);
    assertEquals(texts("#a"), numbered("#a", 1, 1500).map(([, text]) => text));
    assertEquals(texts("#later.a"), ["1", "2"]);
  } finally {
    await broker.stop();
  }
});

Deno.test("what is sent again, for its acknowledgement was lost with the connection, is stored once, in order", async () => {
  const rounds = 5;
  const each = 4000;
  await using data = await folder();
  await using broker = await startBroker(["--data", data.path]);
  await using gate = startGate();
  gate.open(broker.pubPort);
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  await subscriber.subscribe("#n", { from: "earliest" });
  await using publisher = await connectPublisher({ id: "p1", port: gate.port });
  await publisher.publish("#n", "first");
  const texts: string[] = [];
  for (let round = 0; round < rounds; round++) {
    gate.mute();
    // more than the window takes, so some of it is sent for the first time on the next connection
    for (let n = 0; n < 3 * each; n++) {
      const text = `${round}.${n} ${"x".repeat(100)}`;
      texts.push(text);
      publisher.send("#n", text, n % 3 === 0 ? { key: "k" } : undefined);
    }
    const stored = await take(subscriber, round === 0 ? each + 1 : each);
    assertEquals(publisher.pending, 3 * each, `${stored.length} are stored, and none is acknowledged`);
    gate.shut();
    gate.open(broker.pubPort);
    await publisher.drained();
    assertEquals((await take(subscriber, 2 * each)).at(-1)?.text, texts.at(-1));
  }
  await publisher.publish("#n", "last");
  assertEquals((await take(subscriber, 1)).map(({ text, seq }) => [text, seq]), [[
    "last",
    rounds * 3 * each + 2,
  ]]);
});

Deno.test("an id that is given is the message's id, and a second one with it is not stored", async () => {
  await using data = await folder();
  await using broker = await startBroker(["--data", data.path]);
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  for (const id of ["x 1", "x 1", "x 2"]) await publisher.publish("#a", id, { id });
  for (const name of ["one", "two"]) {
    await using other = await connectPublisher({ id: "p1", port: broker.pubPort });
    await other.publish("#a", name);
    await other.publish("#a", name);
  }
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  await subscriber.subscribe("#a", { from: "earliest" });
  const messages = await take(subscriber, 6);
  assertEquals(messages.map(({ text }) => text), ["x 1", "x 2", "one", "one", "two", "two"]);
  assertEquals(messages.slice(0, 2).map(({ id }) => id), ["x 1", "x 2"]);
  assertEquals(new Set(messages.map(({ id }) => id)).size, 6);
});

Deno.test("an id that nobody asked for keeps no message from a classic broker", async () => {
  await using data = await folder();
  await using durable = await startBroker(["--data", data.path]);
  await using classic = startExerciseBroker();
  await using gate = startGate();
  gate.open(durable.pubPort);
  const lost = Promise.withResolvers<void>();
  await using publisher = await connectPublisher({
    id: "p1",
    port: gate.port,
    onEvent: ({ type }) => {
      if (type === "lost") lost.resolve();
    },
  });
  await publisher.publish("#a", "first");
  gate.shut();
  await lost.promise;
  const results = [publisher.publish("#a", "plain"), publisher.publish("#a", "x", { id: "mine" })];
  gate.open(classic.pubPort);
  const codes = (await Promise.allSettled(results)).map((result) =>
    result.status === "rejected" ? result.reason.code : "fine"
  );
  assertEquals(codes, ["fine", "NEEDS_V2"]);
  assertEquals(classic.reads, ["p1 pub #a plain\n"]);
});

Deno.test("what is gone, and what cannot be read, is told in its place (D3, D4)", async () => {
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    assertEquals(await conn.line(), "sub #a from=2");
    await conn.send("ok 1 from=5\nbatch #a 1 11 seq=5 ts=1000\npub #a 1\nx\n");
    await conn.send('info {"failed":"#a","reason":"batch 7 is damaged"}\n');
    await conn.line();
  });
  const events: ClientEvent[] = [];
  await using subscriber = await connectSubscriber({
    id: "s1",
    port: broker.port,
    onEvent: (event) => events.push(event),
  });
  await subscriber.subscribe("#a", { from: 2 });
  const caughtUp = subscriber.caughtUp("#a");
  const iterator = subscriber[Symbol.asyncIterator]();
  const { value } = await iterator.next();
  assertEquals([value?.seq, value?.time], [5, new Date(1000)]);
  void iterator.next();
  await assertRejects(() => caughtUp, RunError, "batch 7 is damaged");
  assertEquals(events.slice(1), [
    { type: "trimmed", pattern: "#a", from: 5 },
    { type: "failed", pattern: "#a", reason: "batch 7 is damaged" },
  ]);
  assertEquals([...subscriber.patterns], []);
});
