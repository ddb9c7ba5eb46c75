/** What a client says of a broker that ends its connection: why, where it was told, and where it broke off. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { connectPublisher, connectSubscriber } from "../../lib/mod.ts";
import { startBroker } from "../support/broker.ts";
import { acceptHello, startScriptedBroker } from "./scripted_broker.ts";
import type { RawClient } from "../support/raw_client.ts";

/** Why the first connection is lost that a broker serves so, which sends what follows a subscription. */
async function lostBecause(script: (conn: RawClient) => Promise<void>): Promise<string> {
  const lost = Promise.withResolvers<string>();
  await using broker = startScriptedBroker(async (conn, number) => {
    await acceptHello(conn);
    await conn.line();
    await conn.send("ok 1\n");
    if (number === 1) await script(conn);
    else await conn.rest();
  });
  await using subscriber = await connectSubscriber({
    id: "s1",
    port: broker.port,
    onEvent: (event) => {
      if (event.type === "lost") lost.resolve(event.reason);
    },
  });
  await subscriber.subscribe("#a");
  const reading = (async () => {
    for await (const { text } of subscriber) assertEquals(text, "whole");
  })();
  const reason = await lost.promise;
  await subscriber.close();
  await reading;
  return reason;
}

Deno.test("who is cut off for reading too slowly hears what the broker says about it", async () => {
  const says = "more waited than 65536 bytes (--max-outbox), and 5 messages are not sent: read faster";
  assertEquals(await lostBecause((conn) => conn.send(`pub #a 5\nwhole\nbye SLOW_CONSUMER ${says}\n`)), says);
});

Deno.test("a connection that ends within a message says so, and what may have been the matter", async () => {
  const cuts = [
    "pub #a 5\nwhole\npub #a 1000\nhal",
    "pub #a 5\nwhole\npub",
    "batch #a 2 28 seq=1 ts=1\npub #a 5\nwhole\n",
  ];
  for (const cut of cuts) {
    assertMatch(
      await lostBecause((conn) => conn.send(cut)),
      /^the broker closed the connection in the middle of a message, as a broker does with who reads too slowly \(/,
      cut,
    );
  }
  for (const whole of ["pub #a 5\nwhole\n", "gap #a 7\n", "pub #a 5\nwhole\nok 0\n"]) {
    assertEquals(await lostBecause((conn) => conn.send(whole)), "the broker closed the connection", whole);
  }
});

Deno.test("a subscriber that consumes nothing is cut off by a real broker, and says why when it reads on", async () => {
  await using broker = await startBroker(["--max-outbox", "1MiB"]);
  const lost = Promise.withResolvers<string>();
  await using subscriber = await connectSubscriber({
    id: "s1",
    port: broker.subPort,
    onEvent: (event) => {
      if (event.type === "lost") lost.resolve(event.reason);
    },
  });
  await subscriber.subscribe("#a", { slow: "disconnect" });
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  const text = "x".repeat(10_000);
  for (let at = 0; !/slow consumer disconnected/.test(broker.stderr); at++) {
    publisher.send("#a", text);
    if (publisher.full) await publisher.ready();
    if (at % 100 === 0) await new Promise((go) => setTimeout(go, 1));
  }
  let received = 0;
  const reading = (async () => {
    for await (const message of subscriber) {
      assertEquals(message.text.length, text.length);
      received++;
    }
  })();
  assertMatch(
    await lost.promise,
    /in the middle of a message, as a broker does|^more waited than 1048576 bytes/,
  );
  assert(received > 0, "what had come is given");
  await subscriber.close();
  await reading;
});
