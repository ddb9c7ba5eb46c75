/** A broker on NATS that is killed while members of a group hold messages there. */
import { assertEquals } from "@std/assert";
import { connectPublisher, connectSubscriber } from "../../lib/mod.ts";
import { startBroker } from "../support/broker.ts";
import { HAS_NATS, NEEDS_NATS, startNats } from "../support/nats_server.ts";

const WHY = HAS_NATS ? "" : " (skipped: nats-server is not installed)";

Deno.test({
  ...NEEDS_NATS,
  name: `what members hold at a broker that is killed goes to another broker's, and nothing else (N11)${WHY}`,
  fn: async () => {
    await using nats = await startNats({ jetstream: true });
    const args = ["-q", "--engine", `nats://${nats.server}`, "--durable", "#jobs", "--ack-timeout", "250ms"];
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
