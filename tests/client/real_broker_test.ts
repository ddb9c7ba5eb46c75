import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  connectPublisher,
  connectSubscriber,
  RefusedError,
  RunError,
  type Subscriber,
} from "../../lib/mod.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { freePort } from "../support/ports.ts";
import { startGate } from "./gate.ts";

/** Another broker on the ports of one that has ended. */
function startAgain({ subPort, pubPort }: RunningBroker): Promise<RunningBroker> {
  return startBroker(["-s", `${subPort}`, "-p", `${pubPort}`]);
}

/** Texts until the last one comes. */
async function textsUntil(subscriber: Subscriber, last: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of subscriber) {
    texts.push(text);
    if (text === last) break;
  }
  return texts;
}

Deno.test("a message travels from publisher to subscriber through the broker, patterns and all", async () => {
  await using broker = await startBroker();
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  await subscriber.subscribe("#orders.*.new");
  await subscriber.subscribe("greetings");
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  await publisher.publish("orders.eu.new", "42 äpples");
  await publisher.publish("#orders.eu.old", "not for us");
  await publisher.publish("#greetings");
  await publisher.publish("#greetings", Uint8Array.of(0xff, 0x20, 0x00));
  const seen: [string, number[]][] = [];
  for await (const { topic, payload } of subscriber) {
    seen.push([topic, [...payload]]);
    if (seen.length === 3) break;
  }
  assertEquals(seen, [
    ["#orders.eu.new", [...new TextEncoder().encode("42 äpples")]],
    ["#greetings", []],
    ["#greetings", [0xff, 0x20, 0x00]],
  ]);
  await subscriber.unsubscribe("#greetings");
  const refusal = await assertRejects(() => subscriber.unsubscribe("#greetings"), RefusedError);
  assertEquals(refusal.code, "NOT_SUBSCRIBED");
});

Deno.test("a client at the wrong port is told that there are two", async () => {
  await using broker = await startBroker();
  for (const protocol of ["classic", "2"] as const) {
    await using publisher = await connectPublisher({ id: "p1", port: broker.subPort, protocol });
    const refusal = await assertRejects(() => publisher.publish("#a", "x"), RefusedError, "port");
    assertEquals(refusal.code, "WRONG_PORT");
  }
});

Deno.test("a classic message over the line limit is refused and the next goes on", async () => {
  await using broker = await startBroker();
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort, protocol: "classic" });
  const refusal = await assertRejects(() => publisher.publish("#a", "x".repeat(70_000)), RefusedError);
  assertEquals(refusal.code, "LINE_TOO_LONG");
  await publisher.publish("#a", "x".repeat(60_000));
});

Deno.test("a connection over the broker's limit fails with that reason", async () => {
  await using broker = await startBroker(["--max-connections", "1"]);
  await using _first = await connectSubscriber({ id: "s1", port: broker.subPort });
  await assertRejects(
    () => connectPublisher({ id: "p1", port: broker.pubPort, connectTimeout: 3000 }),
    RunError,
    "turned this publisher away (ERR_TOO_MANY_CONNECTIONS)",
  );
});

Deno.test("a fixed local port can be used again as soon as the client has closed, three times over", async () => {
  await using broker = await startBroker();
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  await subscriber.subscribe("#port");
  const localPort = freePort();
  for (let round = 1; round <= 3; round++) {
    const publisher = await connectPublisher({ id: "p1", port: broker.pubPort, localPort });
    await publisher.publish("#port", `${round} from ${localPort}`);
    await publisher.close();
  }
  assertEquals(
    await textsUntil(subscriber, `3 from ${localPort}`),
    [1, 2, 3].map((n) => `${n} from ${localPort}`),
  );
});

Deno.test("subscriptions come back each time the broker is killed and started anew on its ports", async () => {
  let broker = await startBroker(["-s", `${freePort()}`, "-p", `${freePort()}`]);
  try {
    let restored = Promise.withResolvers<void>();
    await using subscriber = await connectSubscriber({
      id: "s1",
      port: broker.subPort,
      onEvent: (event) => {
        if (event.type === "restored") restored.resolve();
      },
    });
    for (const pattern of ["#a", "#gone", "#b.>"]) await subscriber.subscribe(pattern);
    await subscriber.unsubscribe("#gone");
    await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
    for (let round = 1; round <= 3; round++) {
      for (const topic of ["#a", "#gone", "#b.c"]) await publisher.publish(topic, `${topic} ${round}`);
      assertEquals(await textsUntil(subscriber, `#b.c ${round}`), [`#a ${round}`, `#b.c ${round}`]);
      restored = Promise.withResolvers();
      broker.kill("SIGKILL");
      await broker.ended;
      broker = await startAgain(broker);
      await restored.promise;
    }
    assertEquals([...subscriber.patterns], ["#a", "#b.>"]);
  } finally {
    await broker.stop();
  }
});

for (const [protocol, total] of [["classic", 1500], ["2", 60_000]] as const) {
  Deno.test(`over ${protocol}, every message a killed broker had not acknowledged reaches the next one, in order`, async () => {
    const filler = "x".repeat(90);
    await using gate = startGate();
    await using first = await startBroker();
    await using second = await startBroker();
    gate.open(first.pubPort);
    let acknowledged = 0;
    const lost = Promise.withResolvers<number>();
    await using publisher = await connectPublisher({
      id: "p1",
      port: gate.port,
      protocol,
      onEvent: (event) => {
        if (event.type === "lost") lost.resolve(acknowledged);
      },
    });
    const published = Array.from({ length: total }, async (_, n) => {
      await publisher.publish("#n", `${n} ${filler}`);
      // far more is left than the window holds
      if (++acknowledged === Math.floor(total / 3)) first.kill("SIGKILL");
    });
    await first.ended;
    gate.shut();
    const acknowledgedByFirst = await lost.promise;
    assert(acknowledgedByFirst >= total / 3 - 1 && acknowledgedByFirst < total);

    await using subscriber = await connectSubscriber({ id: "s1", port: second.subPort });
    await subscriber.subscribe("#n");
    gate.open(second.pubPort);
    await Promise.all(published);
    let next = acknowledgedByFirst;
    for await (const { text } of subscriber) {
      if (text !== `${next} ${filler}`) throw new Error(`${next} was expected, ${text.slice(0, 20)} came`);
      if (++next === total) break;
    }
  });
}

Deno.test("many clients at once each get everything in order", async () => {
  const [publishers, subscribers, each] = [5, 20, 100];
  await using broker = await startBroker();
  await using stack = new AsyncDisposableStack();
  const received = await Promise.all(Array.from({ length: subscribers }, async (_, s) => {
    const subscriber = stack.use(await connectSubscriber({ id: `s${s}`, port: broker.subPort }));
    await subscriber.subscribe("#all.>");
    return { subscriber, byTopic: new Map<string, string[]>() };
  }));
  const reading = received.map(async ({ subscriber, byTopic }) => {
    let count = 0;
    for await (const { topic, text } of subscriber) {
      byTopic.set(topic, [...byTopic.get(topic) ?? [], text]);
      if (++count === publishers * each) break;
    }
  });
  await Promise.all(Array.from({ length: publishers }, async (_, p) => {
    const publisher = stack.use(await connectPublisher({ id: `p${p}`, port: broker.pubPort }));
    for (let n = 0; n < each; n++) publisher.publish(`#all.${p}`, `${n}`);
    await publisher.drained();
  }));
  await Promise.all(reading);
  const wanted = Array.from({ length: each }, (_, n) => `${n}`);
  for (const { byTopic } of received) {
    assertEquals(byTopic.size, publishers);
    for (const texts of byTopic.values()) assertEquals(texts, wanted);
  }
});
