/** How iterations of subscriptions end, and what they go on over, through the real broker. */
import { assertEquals, assertRejects } from "@std/assert";
import { Broker, listenersOn } from "../../../lib/broker/mod.ts";
import { type ClientEvent, connectPublisher, connectSubscriber, RunError } from "../../../lib/mod.ts";
import { startGate } from "../gate.ts";
import { acceptHello, startScriptedBroker } from "../scripted_broker.ts";
import { all, ended, open, start, take } from "./iterated.ts";

Deno.test("stored messages, their end and caughtUp go where the subscription goes", async () => {
  const events: ClientEvent[] = [];
  await using place = await start({ durable: true, onEvent: (event) => events.push(event) });
  const { subscriber, publisher } = place;
  for (const text of ["1", "2", "3"]) await publisher.publish("#d", text);
  const stored = await subscriber.subscribe("#d", { from: "earliest" });
  const next = open(stored);
  const caughtUp = stored.caughtUp();
  assertEquals([await next(), await next(), await next()], ["1", "2", "3"]);
  const live = next();
  await caughtUp;
  await publisher.publish("#d", "4");
  assertEquals(await live, "4");
  for (const text of ["1", "2", "3"]) await publisher.publish("#e", text);
  const part = await subscriber.subscribe("#e", { from: 1, to: 2 });
  assertEquals(await all(part), ["1", "2"], "the loop ends where `to` is reached");
  await part.caughtUp();
  await part.unsubscribe();
  assertEquals(events.map(({ type }) => type).filter((type) => type !== "connected"), ["live", "end"]);
});

Deno.test("a subscription that was at its end before it is iterated gives all of it and ends", async () => {
  await using place = await start({ durable: true });
  const { subscriber, publisher } = place;
  for (const text of ["1", "2"]) await publisher.publish("#d", text);
  const part = await subscriber.subscribe("#d", { from: 1, to: 2 });
  await ended(subscriber, "#d");
  assertEquals(await take(part, 1), ["1"]);
  assertEquals(await all(part), ["2"], "left in between, it goes on and still ends");
  assertEquals(await all(part), []);
});

Deno.test("one that is at its end and is given up unread says so to who waits for it, and the broker is not asked", async () => {
  await using place = await start({ durable: true });
  const { subscriber, publisher } = place;
  for (const text of ["1", "2"]) await publisher.publish("#d", text);
  const part = await subscriber.subscribe("#d", { from: 1, to: 2 });
  const caughtUp = part.caughtUp();
  await ended(subscriber, "#d");
  await subscriber.subscribe("#other");
  await part.unsubscribe();
  await assertRejects(() => caughtUp, RunError, '"#d" was unsubscribed before all of it had come');
  await publisher.publish("#other", "o");
  assertEquals(await take(subscriber, 1), ["o"]);
});

Deno.test("an iteration goes on over a lost connection", async () => {
  await using broker = new Broker();
  const [subscribers, publishers] = broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
  await using gate = startGate();
  gate.open(subscribers!.address.port);
  const restored = Promise.withResolvers<void>();
  await using subscriber = await connectSubscriber({
    id: "s1",
    port: gate.port,
    onEvent: ({ type }) => {
      if (type === "lost") gate.open(subscribers!.address.port);
      if (type === "restored") restored.resolve();
    },
  });
  await using publisher = await connectPublisher({ id: "p1", port: publishers!.address.port });
  const next = open(await subscriber.subscribe("#a"));
  await publisher.publish("#a", "1");
  assertEquals(await next(), "1");
  gate.shut();
  await restored.promise;
  await publisher.publish("#a", "2");
  assertEquals(await next(), "2");
});

Deno.test("close ends the iterations after what had come, a lost broker makes each of them throw", async () => {
  const left = Promise.withResolvers<void>();
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    await conn.lines(2);
    await conn.send("ok 2\npub #a 1\n1\npub #b 1\n2\npub #a 1\n3\n");
    await left.promise;
  });
  const lost = await connectSubscriber({ id: "s1", port: broker.port, reconnect: false });
  const [a, b] = await Promise.all([lost.subscribe("#a"), lost.subscribe("#b")]);
  const [nextOfA, nextOfB] = [open(a), open(b)];
  assertEquals([await nextOfA(), await nextOfB()], ["1", "2"]);
  left.resolve();
  assertEquals(await nextOfA(), "3");
  await assertRejects(nextOfA, RunError, "lost the broker");
  await assertRejects(nextOfB, RunError, "lost the broker");
  await assertRejects(() => all(a), RunError, "lost the broker");
  await a[Symbol.asyncDispose]();
  await assertRejects(() => b.unsubscribe(), RunError, "the subscriber is closed");

  await using place = await start();
  const { subscriber, publisher } = place;
  const closed = await subscriber.subscribe("#c");
  const next = open(closed);
  await publisher.publish("#c", "1");
  const first = await next();
  const last = next();
  await subscriber.close();
  assertEquals([first, await last], ["1", undefined]);
  assertEquals(await all(closed), []);
  await closed[Symbol.asyncDispose]();
});

Deno.test("what is stored and cannot be read ends the iteration with that", async () => {
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    await conn.line();
    await conn.send(
      'ok 1\nbatch #d 1 11 seq=1 ts=1700000000000\npub #d 1\n1\ninfo {"failed":"#d","reason":"worn out"}\n',
    );
    await conn.rest();
  });
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.port });
  const stored = await subscriber.subscribe("#d", { from: "earliest" });
  const next = open(stored);
  assertEquals(await next(), "1");
  await assertRejects(next, RunError, 'what is stored of "#d" cannot be read: worn out');
  assertEquals(await all(stored), []);
});
