/** Protocol v2 while brokers are killed, stop, and are followed by others that speak only classic. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ClientEvent,
  connectPublisher,
  connectSubscriber,
  RefusedError,
  RunError,
} from "../../lib/mod.ts";
import { startBroker } from "../support/broker.ts";
import { freePort } from "../support/ports.ts";
import { startExerciseBroker } from "./exercise_broker.ts";
import { startGate } from "./gate.ts";

Deno.test("a broker killed with a full window and started again on its ports: nothing unacknowledged is lost, order is kept", async () => {
  const total = 100_000;
  const filler = "x".repeat(100);
  let broker = await startBroker(["-s", `${freePort()}`, "-p", `${freePort()}`]);
  try {
    await using gate = startGate();
    gate.open(broker.pubPort);
    const subscriberBack = Promise.withResolvers<void>();
    await using subscriber = await connectSubscriber({
      id: "s1",
      port: broker.subPort,
      onEvent: ({ type }) => {
        if (type === "restored") subscriberBack.resolve();
      },
    });
    await subscriber.subscribe("#n");
    const received: number[] = [];
    const reading = (async () => {
      for await (const { text } of subscriber) {
        if (text === "end") return;
        received.push(Number(text.split(" ")[0]));
      }
    })();
    let acknowledged = 0;
    const lost = Promise.withResolvers<number>();
    await using publisher = await connectPublisher({
      id: "p1",
      port: gate.port,
      onEvent: ({ type }) => {
        if (type === "lost") lost.resolve(acknowledged);
      },
    });
    for (let n = 0; n < total; n++) {
      publisher.publish("#n", `${n} ${filler}`).then(() => {
        if (++acknowledged === 20_000) broker.kill("SIGKILL");
      });
    }
    await broker.ended;
    gate.shut();
    const known = await lost.promise;
    const { subPort, pubPort } = broker;
    broker = await startBroker(["-s", `${subPort}`, "-p", `${pubPort}`]);
    await subscriberBack.promise;
    const before = received.length;
    gate.open(broker.pubPort);
    await publisher.drained();
    await publisher.publish("#n", "end");
    await reading;
    assertEquals([publisher.protocol, subscriber.protocol], ["2", "2"]);
    assertEquals(acknowledged, total);
    assert(received.slice(0, before).every((n, at) => n === at), "in order before the loss");
    assertEquals(received.length - before, total - known, "all that was not acknowledged came, once more");
    assert(received.slice(before).every((n, at) => n === known + at), "in order after it");
  } finally {
    await broker.stop();
  }
});

Deno.test("a broker that is stopped says so, and what it did not take is sent to the next one", async () => {
  let broker = await startBroker(["-s", `${freePort()}`, "-p", `${freePort()}`]);
  try {
    const events: ClientEvent[] = [];
    const lost = Promise.withResolvers<void>();
    await using publisher = await connectPublisher({
      id: "p1",
      port: broker.pubPort,
      onEvent: (event) => {
        events.push(event);
        if (event.type === "lost") lost.resolve();
      },
    });
    await publisher.publish("#a", "before");
    await broker.stop();
    await lost.promise;
    assertEquals(events[1], { type: "lost", reason: "the broker is stopping" });
    const published = publisher.publish("#a", "after");
    broker = await startBroker(["-s", `${broker.subPort}`, "-p", `${broker.pubPort}`]);
    await published;
  } finally {
    await broker.stop();
  }
});

Deno.test("a local port is free again as soon as a v2 client has closed, three times over", async () => {
  await using broker = await startBroker();
  const localPort = freePort();
  for (let round = 0; round < 3; round++) {
    const publisher = await connectPublisher({ id: "p1", port: broker.pubPort, localPort, protocol: "2" });
    await publisher.publish("#a", `${round}`);
    await publisher.close();
    await publisher.closed;
  }
});

Deno.test("when the next broker is a classic one, what it cannot carry is refused and the rest goes on", async () => {
  await using first = await startBroker();
  await using second = startExerciseBroker();
  await using gate = startGate();
  gate.open(first.pubPort);
  const lost = Promise.withResolvers<void>();
  await using publisher = await connectPublisher({
    id: "p1",
    port: gate.port,
    onEvent: ({ type }) => {
      if (type === "lost") lost.resolve();
    },
  });
  await publisher.publish("#a", "one\ntwo", { key: "k" });
  gate.shut();
  await lost.promise;
  const results = [
    publisher.publish("#a", "plain"),
    publisher.publish("#a", "one\ntwo"),
    publisher.publish("#a", "x", { key: "k" }),
    publisher.publish("#a", "größe"),
  ];
  gate.open(second.pubPort);
  const codes = (await Promise.allSettled(results)).map((result) =>
    result.status === "rejected" ? result.reason.code : "fine"
  );
  assertEquals(codes, ["fine", "LINE_BREAK", "NEEDS_V2", "fine"]);
  assertEquals(second.reads, ["p1 pub #a plain\n", "p1 pub #a größe\n"]);
  assertEquals(publisher.protocol, "classic");
});

Deno.test("slow= with a classic broker is refused, and a subscriber that has it does not go on without", async () => {
  await using first = await startBroker();
  await using second = startExerciseBroker();
  await using classic = await connectSubscriber({ id: "s1", port: second.subPort });
  const refusal = await assertRejects(() => classic.subscribe("#a", { slow: "latest" }), RefusedError);
  assertEquals(refusal.code, "NEEDS_V2");
  await using gate = startGate();
  gate.open(first.subPort);
  await using subscriber = await connectSubscriber({ id: "s1", port: gate.port });
  await subscriber.subscribe("#a", { slow: "latest" });
  gate.shut();
  gate.open(second.subPort);
  await assertRejects(() => subscriber.closed, RunError, 'cannot subscribe to "#a" again');
});
