/** A broker on NATS that is killed while its clients are at work. */
import { assertEquals } from "@std/assert";
import { connectPublisher, connectSubscriber } from "../../lib/mod.ts";
import { freePort } from "../support/ports.ts";
import { startBroker } from "../support/broker.ts";
import { HAS_NATS, NEEDS_NATS, startNats } from "../support/nats_server.ts";

const WHY = HAS_NATS ? "" : " (skipped: nats-server is not installed)";

Deno.test({
  ...NEEDS_NATS,
  name: `what members hold at a broker that is killed goes to another broker's, and nothing else (N11)${WHY}`,
  fn: async () => {
    await using nats = await startNats({ jetstream: true });
    const args = ["-q", "--engine", `nats://${nats.server}`, "--durable", "#jobs", "--ack-timeout", "3s"];
    // NATS waits 5 s longer: the test does, too
    await using killed = await startBroker(args);
    await using there = await startBroker(args);
    const texts = Array.from({ length: 10 }, (_, at) => `${at}`);
    const group = { group: "g", ack: "explicit" } as const;
    await using publisher = await connectPublisher({ id: "p1", port: there.pubPort });
    {
      await using one = await connectSubscriber({ id: "one", port: killed.subPort, reconnect: false });
      const held = await one.subscribe("#jobs", group);
      await Promise.all(texts.map((text) => publisher.publish("#jobs", text)));
      let count = 0;
      for await (const message of held) {
        if (Number(message.text) < 3) await message.ack();
        if (++count === texts.length) break;
      }
      killed.kill("SIGKILL");
      await killed.ended;
    }
    await using two = await connectSubscriber({ id: "two", port: there.subPort });
    const got: string[] = [];
    for await (const message of await two.subscribe("#jobs", group)) {
      const { text } = message;
      await message.ack();
      if (text === "last") break;
      if (got.push(text) === texts.length - 3) await publisher.publish("#jobs", "last");
    }
    assertEquals(got.toSorted(), texts.slice(3));
  },
});

Deno.test({
  ...NEEDS_NATS,
  name: `subscriptions with from= go on over a broker that is killed: each message once (D3, N7)${WHY}`,
  fn: async () => {
    await using nats = await startNats({ jetstream: true });
    const ports = ["-s", `${freePort()}`, "-p", `${freePort()}`];
    const args = ["-q", "--engine", `nats://${nats.server}`, "--durable", "#d.>"];
    await using there = await startBroker(args);
    await using publisher = await connectPublisher({ id: "p1", port: there.pubPort });
    let count = 0;
    // their numbers are those of one stream: each topic's have gaps
    const publish = async (): Promise<void> => {
      const topics = Array.from({ length: 40 }, (_, at) => `#d.${"abc"[at % 3]}`);
      await Promise.all(topics.map((topic) => publisher.publish(topic, `${count++}`)));
    };
    const first = await startBroker([...args, ...ports]);
    await using one = await connectSubscriber({ id: "one", port: first.subPort });
    await one.subscribe("#d.>", { from: "earliest" });
    await one.subscribe("#d.a", { from: "earliest" });
    await publish();
    await using two = await connectSubscriber({ id: "two", port: first.subPort });
    await two.subscribe("#d.b", { from: "earliest" });
    const got: [string[], string[]] = [[], []];
    const reading = [one, two].map(async (subscriber, at) => {
      for await (const { text } of subscriber) if (got[at]!.push(text) && text === "last") break;
    });
    await publish();
    while (got[0].length < 2 * 40) await new Promise((resolve) => setTimeout(resolve, 5));
    first.kill("SIGKILL");
    await first.ended;
    await publish();
    await using _again = await startBroker([...args, ...ports]);
    await publish();
    await publisher.publish("#d.b", "last");
    await Promise.all(reading);
    const all = Array.from({ length: count }, (_, at) => `${at}`);
    assertEquals(got[0].slice(0, -1).map(Number).toSorted((a, b) => a - b).map(String), all);
    assertEquals(got[1].slice(0, -1), all.filter((text) => Number(text) % 40 % 3 === 1));
  },
});
