/** Brokers that speak v2 and are late with their answer to hello, or were known to speak it. */
import { assertEquals } from "@std/assert";
import { connectPublisher, connectSubscriber } from "../../../lib/mod.ts";
import { startBroker } from "../../support/broker.ts";
import type { RawClient } from "../../support/raw_client.ts";
import { startGate } from "../gate.ts";
import { acceptHello, startScriptedBroker } from "../scripted_broker.ts";
import { serveClassic, stopFor, watchEvents } from "../watching.ts";
import { until } from "../../support/until.ts";

/** A v2 broker: acknowledges each publish, keeps its lines. */
async function serveV2(conn: RawClient, lines: string[]): Promise<void> {
  for (let line = await conn.line(); line !== undefined; line = await conn.line()) {
    if (line === "quit") return;
    if (line === "ping") {
      await conn.send("pong\n");
    } else if (line.startsWith("sub ")) {
      lines.push(line);
      await conn.send("ok 1\n");
    } else {
      lines.push(line.replace(/ id=\S+/, ""), await conn.line() ?? "");
      await conn.send("ok 1\n");
    }
  }
}

Deno.test("a v2 broker that answers beside hello long before hello makes nobody classic: each message once, headers wait", async () => {
  const v2: string[] = [];
  const classic: string[] = [];
  await using broker = startScriptedBroker(async (conn, number) => {
    if (number === 2) return await serveClassic(conn, classic);
    assertEquals(await conn.line(), "p1 hello 2");
    // a second and more after the other connection is answered: a flood goes first
    if (number === 1) {
      await until("what is said beside", () => classic.length > 0);
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
    await conn.send("OK_2\ninfo {}\n");
    await serveV2(conn, v2);
  });
  const { types, onEvent } = watchEvents();
  await using publisher = await connectPublisher({ id: "p1", port: broker.port, connectTimeout: 0, onEvent });
  await publisher.publish("#a", "plain");
  await publisher.publish("#a", "keyed", { key: "k" });
  await publisher.publish("#a", "last");
  assertEquals(classic.filter((line) => line !== "p1 quit"), ["p1 pub #a plain"]);
  assertEquals(v2, ["pub #a 5 key=k", "keyed", "pub #a 4", "last"]);
  assertEquals([types, publisher.protocol], [["silent", "connected", "upgraded"], "2"]);
});

Deno.test("a proxy that closes at half a close, before a v2 broker that stands still, makes nobody classic", async () => {
  await using broker = await startBroker();
  await using gate = startGate(); // ends both directions with the first that ends
  gate.open(broker.pubPort);
  const goOn = stopFor(broker, 2500);
  try {
    const { types, onEvent } = watchEvents();
    await using publisher = await connectPublisher({ id: "p1", port: gate.port, onEvent });
    await publisher.publish("#a", "x", { key: "k" });
    assertEquals([types.includes("fallback"), publisher.protocol], [false, "2"]);
  } finally {
    goOn();
  }
});

Deno.test("a subscriber subscribes to nothing beside hello: nothing comes without its headers, nor twice", async () => {
  const classic: string[] = [];
  const v2: string[] = [];
  await using broker = startScriptedBroker(async (conn, number) => {
    if (number === 2) return await serveClassic(conn, classic);
    assertEquals(await conn.line(), "s1 hello 2");
    if (number === 1) {
      await until("what is said beside", () => classic.length > 0);
      await new Promise((resolve) => setTimeout(resolve, 1600));
    }
    await conn.send("OK_2\ninfo {}\n");
    await serveV2(conn, v2);
  });
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.port, connectTimeout: 0 });
  await subscriber.subscribe("#a");
  assertEquals(classic.filter((line) => line !== "s1 quit"), ["s1 unsub #a"], "asks whether it is awake");
  assertEquals([v2, subscriber.protocol], [["sub #a"], "2"]);
});

Deno.test("a subscriber subscribes to nothing while a broker that hung up at hello may still speak v2", async () => {
  const classic: string[] = [];
  const v2: string[] = [];
  await using broker = startScriptedBroker(async (conn, number) => {
    if (number === 2) return await serveClassic(conn, classic);
    assertEquals(await conn.line(), "s1 hello 2");
    if (number === 1) return; // was killed in that moment, and is back at once
    await conn.send("OK_2\ninfo {}\n");
    await serveV2(conn, v2);
  });
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.port });
  await subscriber.subscribe("#a");
  assertEquals(classic.filter((line) => line !== "s1 quit"), ["s1 unsub #a"], "both would bring what comes");
  assertEquals([v2, subscriber.protocol], [["sub #a"], "2"]);
});

Deno.test("who has spoken v2 is not made classic by any number of silences, hang-ups and trials", async () => {
  const v2: string[] = [];
  const others: string[] = [];
  await using broker = startScriptedBroker(async (conn, number) => {
    const hello = await conn.line();
    if (hello !== "p1 hello 2") others.push(hello ?? "");
    if (number > 1 && number < 6) return; // hangs up at hello
    if (number === 6) await new Promise((resolve) => setTimeout(resolve, 5500)); // longer than a try used to take
    await conn.send("OK_2\ninfo {}\n");
    if (number === 1) return void await conn.lines(2);
    await serveV2(conn, v2);
  });
  const { types, onEvent } = watchEvents();
  await using publisher = await connectPublisher({ id: "p1", port: broker.port, onEvent });
  await publisher.publish("#a", "x", { key: "k" });
  assertEquals(v2, ["pub #a 1 key=k", "x"]);
  assertEquals([others, types.includes("fallback"), publisher.protocol], [[], false, "2"]);
});

Deno.test("who has spoken v2 and meets another broker that answers in classic says hello again to the next", async () => {
  const reads: string[] = [];
  await using broker = startScriptedBroker(async (conn, number) => {
    if (number !== 2) {
      await acceptHello(conn);
      await conn.lines(2);
      await conn.send("ok 1\n");
      return;
    }
    await conn.line();
    await conn.send("ERR_UNKNOWN_COMMAND\n");
    reads.push(await conn.line() ?? "");
    await conn.send("OK\n");
  });
  await using publisher = await connectPublisher({ id: "p1", port: broker.port });
  const protocols: string[] = [];
  for (const text of ["one", "two", "three"]) {
    await publisher.publish("#a", text);
    protocols.push(publisher.protocol);
    await new Promise((resolve) => setTimeout(resolve, 400)); // the next connection
  }
  assertEquals(protocols, ["2", "classic", "2"]);
  assertEquals(reads, ["p1 pub #a two"]);
});

Deno.test("until a broker has told what it stores, every message has an id", async () => {
  const told = Promise.withResolvers<void>();
  const lines: string[] = [];
  await using broker = startScriptedBroker(async (conn) => {
    await conn.line();
    await conn.send("OK_2\n");
    for (const durable of ["[]", '["#d"]']) {
      lines.push(...await conn.lines(2));
      await conn.send(`info {"durable":${durable}}\nok 1\n`);
    }
    told.resolve();
    lines.push(...await conn.lines(2));
    await conn.send("ok 1\n");
    await conn.rest();
  });
  await using publisher = await connectPublisher({ id: "p1", port: broker.port });
  for (const _ of [1, 2, 3]) await publisher.publish("#a", "x");
  await told.promise;
  const heads = lines.filter((line) => line !== "x").map((line) => line.replace(/ id=\S+/, " id="));
  assertEquals(heads, ["pub #a 1 id=", "pub #a 1", "pub #a 1"]);
});

Deno.test("a broker that answers slowly beside hello has eight times as long for that", async () => {
  const classic: string[] = [];
  await using broker = startScriptedBroker(async (conn, number) => {
    if (number === 2) {
      classic.push(await conn.line() ?? "");
      await new Promise((resolve) => setTimeout(resolve, 400));
      await conn.send("OK\n");
      return await serveClassic(conn, classic);
    }
    await conn.line();
    if (number === 1) await new Promise((resolve) => setTimeout(resolve, 2600));
    await conn.send("OK_2\ninfo {}\n");
    await serveV2(conn, []);
  });
  const { types, onEvent, until } = watchEvents();
  await using publisher = await connectPublisher({
    id: "p1",
    port: broker.port,
    connectTimeout: 0,
    helloPatience: 100,
    onEvent,
  });
  await publisher.publish("#a", "x");
  await until("upgraded");
  assertEquals([types, publisher.protocol], [["silent", "connected", "upgraded"], "2"]);
});

for (const [one, other] of [["OK_2", "\n"], ["O", "K_2\n"], ["OK_", "2\n"]] as const) {
  Deno.test(`an answer to hello whose second half is late is one answer: ${one} and then the rest`, async () => {
    const v2: string[] = [];
    await using broker = startScriptedBroker(async (conn) => {
      assertEquals(await conn.line(), "p1 hello 2");
      await conn.send(one);
      await new Promise((resolve) => setTimeout(resolve, 400));
      await conn.send(`${other}info {}\n`);
      await serveV2(conn, v2);
    });
    const { types, onEvent } = watchEvents();
    await using publisher = await connectPublisher({ id: "p1", port: broker.port, onEvent });
    await publisher.publish("#a", "keyed", { key: "k" });
    assertEquals([types, v2, publisher.protocol], [["connected"], ["pub #a 5 key=k", "keyed"], "2"]);
  });
}

Deno.test("an OK that was taken for an answer and is half of OK_2 costs a connection, and nothing more", async () => {
  const v2: string[] = [];
  await using broker = startScriptedBroker(async (conn, number) => {
    assertEquals(await conn.line(), "p1 hello 2");
    if (number > 1) await conn.send("OK_2\ninfo {}\n");
    else {
      await conn.send("OK");
      await new Promise((resolve) => setTimeout(resolve, 400));
      await conn.send("_2\ninfo {}\n");
    }
    await serveV2(conn, v2);
  });
  const restored = Promise.withResolvers<void>();
  const { types, onEvent } = watchEvents();
  await using publisher = await connectPublisher({
    id: "p1",
    port: broker.port,
    onEvent: (event) => {
      onEvent(event);
      if (event.type === "restored") restored.resolve();
    },
  });
  await restored.promise;
  await publisher.publish("#a", "keyed", { key: "k" });
  assertEquals([v2, publisher.protocol], [["pub #a 5 key=k", "keyed"], "2"]);
  assertEquals(types, ["connected", "lost", "retrying", "restored"]);
});
