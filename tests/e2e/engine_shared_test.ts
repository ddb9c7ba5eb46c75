/** Brokers that share their topics over NATS, as NATS itself counts it, and with a program of NATS. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { connectPublisher, connectSubscriber } from "../../lib/mod.ts";
import { Program } from "../../scripts/program.ts";
import { startBroker } from "../support/broker.ts";
import { HAS_NATS, NEEDS_NATS, startNats } from "../support/nats_server.ts";
import { freePort } from "../support/ports.ts";
import { RawClient } from "../support/raw_client.ts";

const WHY = HAS_NATS ? "" : " (skipped: nats-server is not installed)";
const ROOT = new URL("../../", import.meta.url).pathname;

Deno.test({
  ...NEEDS_NATS,
  name: `1,000 subscribers of one pattern at a broker cost NATS one delivery a message${WHY}`,
  fn: async () => {
    const monitor = freePort();
    await using nats = await startNats({ config: `http: "127.0.0.1:${monitor}"` });
    const args = ["-q", "--engine", `nats://${nats.server}`];
    await using here = await startBroker(args);
    await using there = await startBroker(args);
    const subscribers: RawClient[] = [];
    try {
      for (let at = 0; at < 1_000; at++) {
        const subscriber = await RawClient.connect(there.subPort);
        subscribers.push(subscriber);
        await subscriber.send(`s${at} sub #orders.*\n`);
      }
      for (const subscriber of subscribers) assertEquals(await subscriber.line(), "OK");
      const sentBefore = await deliveries(monitor);
      await using publisher = await connectPublisher({ id: "p1", port: here.pubPort });
      await publisher.publish("#orders.eu", "one");
      for (const subscriber of subscribers) assertEquals(await subscriber.line(), "#orders.eu one");
      assertEquals(await deliveries(monitor) - sentBefore, 1);
    } finally {
      for (const subscriber of subscribers) subscriber.close();
    }
  },
});

/** Messages that NATS gave to its connections to brokers, what brokers say to each other left out. */
async function deliveries(monitor: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${monitor}/connz?subs=detail`);
  const { connections } = await response.json() as {
    readonly connections: readonly {
      readonly subscriptions_list_detail?: readonly { readonly subject: string; readonly msgs: number }[];
    }[];
  };
  return connections.flatMap((one) => one.subscriptions_list_detail ?? [])
    .filter(({ subject }) => subject.startsWith("hashbus.memory."))
    .reduce((sum, { msgs }) => sum + msgs, 0);
}

Deno.test({
  ...NEEDS_NATS,
  name: `the program of docs/scaling.md reads what a broker's client publishes, and is read${WHY}`,
  fn: async () => {
    const document = await Deno.readTextFile(`${ROOT}docs/scaling.md`);
    const source = /```ts\n(.*?)```/s.exec(document)![1]!;
    await using nats = await startNats();
    await using broker = await startBroker([
      "-q",
      "--engine",
      `nats://${nats.server}`,
      "--engine-plain",
      "#prices.>",
    ]);
    await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
    await subscriber.subscribe("#seen");
    const path = await Deno.makeTempFile({ suffix: ".ts" });
    try {
      await Deno.writeTextFile(path, source.replace("127.0.0.1:4222", nats.server));
      const command = [Deno.execPath(), "run", "-A", "--quiet", "--config", `${ROOT}deno.json`, path];
      await using program = Program.start(command, { name: "the example" });
      await program.line(/^listening$/);
      await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
      await publisher.publish("#prices.eur", "1.08", { headers: { source: "ecb" } });
      await program.line(/^hashbus\.memory\.one\.prices\.eur 1\.08 ecb$/);
      for await (const { topic, text, key } of subscriber) {
        assertEquals([topic, text, key], ["#seen", "thanks", "eur"]);
        break;
      }
      assertStringIncludes(document, "prints `hashbus.memory.one.prices.eur 1.08 ecb`");
    } finally {
      await Deno.remove(path);
    }
  },
});
