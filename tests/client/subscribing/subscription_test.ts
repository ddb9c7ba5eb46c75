/** Subscriptions with an iteration of their own, through the real broker and one that says what a test wants. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Broker, listenersOn, MemoryStore } from "../../../lib/broker/mod.ts";
import {
  type ClientEvent,
  type ConnectOptions,
  connectPublisher,
  connectSubscriber,
  type Message,
  type Publisher,
  RunError,
  type Subscriber,
} from "../../../lib/mod.ts";
import { startGate } from "../gate.ts";
import { acceptHello, startScriptedBroker } from "../scripted_broker.ts";

interface Place extends AsyncDisposable {
  readonly subscriber: Subscriber;
  readonly publisher: Publisher;
}

/** A broker in this process and a client at each of its ports. */
async function start(
  { durable = false, ...options }: Partial<ConnectOptions> & { readonly durable?: boolean } = {},
): Promise<Place> {
  const broker = new Broker(durable ? { store: new MemoryStore({ now: Date.now }) } : {});
  const [subscribers, publishers] = broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
  const subscriber = await connectSubscriber({ id: "s1", port: subscribers!.address.port, ...options });
  const publisher = await connectPublisher({ id: "p1", port: publishers!.address.port });
  return {
    subscriber,
    publisher,
    [Symbol.asyncDispose]: async () => {
      await publisher.close();
      await subscriber.close();
      await broker.close();
    },
  };
}

/** The next so many texts; the loop is left then. */
async function take(messages: AsyncIterable<Message>, count: number): Promise<string[]> {
  const taken: string[] = [];
  for await (const { text } of messages) {
    taken.push(text);
    if (taken.length >= count) break;
  }
  return taken;
}

/** All texts, to the end. */
async function all(messages: AsyncIterable<Message>): Promise<string[]> {
  return await take(messages, Infinity);
}

/** What is stored of a pattern, and its end, has come. */
async function ended(subscriber: Subscriber, pattern: string): Promise<void> {
  while (subscriber.patterns.has(pattern)) {
    await subscriber.subscribe("#elsewhere");
    await subscriber.unsubscribe("#elsewhere");
  }
}

/** Starts to iterate and keeps at it. */
function open(messages: AsyncIterable<Message>): () => Promise<string | undefined> {
  const iterator = messages[Symbol.asyncIterator]();
  return async () => (await iterator.next()).value?.text;
}

Deno.test("messages go to the subscription that is iterated and not to the common iteration, in order", async () => {
  await using place = await start();
  const { subscriber, publisher } = place;
  const orders = await subscriber.subscribe("orders.>");
  await subscriber.subscribe("#rest");
  assertEquals(orders.pattern, "#orders.>");
  const next = open(orders);
  for (const [topic, text] of [["#orders.a", "1"], ["#rest", "2"], ["#orders.b", "3"], ["#rest", "4"]]) {
    await publisher.publish(topic!, text);
  }
  assertEquals([await next(), await next()], ["1", "3"]);
  assertEquals(await take(subscriber, 2), ["2", "4"]);
});

Deno.test("what waits in the common iteration goes along when a subscription is iterated, and back when the loop is left", async () => {
  await using place = await start();
  const { subscriber, publisher } = place;
  const orders = await subscriber.subscribe("#orders");
  await subscriber.subscribe("#rest");
  for (const text of ["1", "2", "3", "4"]) await publisher.publish("#orders", text);
  await publisher.publish("#rest", "r");
  assertEquals(await take(orders, 2), ["1", "2"]);
  await publisher.publish("#orders", "5");
  await publisher.publish("#rest", "last");
  assertEquals((await take(subscriber, 5)).sort(), ["3", "4", "5", "last", "r"]);
  await publisher.publish("#orders", "6");
  assertEquals(await take(orders, 1), ["6"], "the next loop begins there again");
});

Deno.test("a message that matches several iterated subscriptions goes to each of them, and comes in common to none", async () => {
  await using place = await start();
  const { subscriber, publisher } = place;
  const every = await subscriber.subscribe("#>");
  const some = await subscriber.subscribe("#a.*");
  const [nextOfAll, nextOfSome] = [open(every), open(some)];
  await publisher.publish("#a.b", "both");
  await publisher.publish("#c", "one");
  assertEquals([await nextOfAll(), await nextOfAll()], ["both", "one"]);
  assertEquals(await nextOfSome(), "both");
  await publisher.publish("#a.b", "end");
  assertEquals([await nextOfAll(), await nextOfSome()], ["end", "end"]);
});

Deno.test("what two subscriptions were given is given back once, by the one that is left last, unless the other took it", async () => {
  await using place = await start();
  const { subscriber, publisher } = place;
  const one = await subscriber.subscribe("#a.>");
  const other = await subscriber.subscribe("#*.b");
  const [first, second] = [one[Symbol.asyncIterator](), other[Symbol.asyncIterator]()];
  for (const text of ["1", "2", "3"]) await publisher.publish("#a.b", text);
  assertEquals((await first.next()).value?.text, "1");
  await second.return?.();
  await first.return?.();
  await publisher.publish("#a.b", "4");
  assertEquals(await take(subscriber, 3), ["2", "3", "4"]);
});

Deno.test("a subscription has one consumer at a time, and the common iteration beside it", async () => {
  await using place = await start();
  const { subscriber, publisher } = place;
  const orders = await subscriber.subscribe("#orders");
  const again = await subscriber.subscribe("orders");
  const next = open(orders);
  assertThrows(
    () => again[Symbol.asyncIterator](),
    TypeError,
    'the subscription to "#orders" is being iterated already: one consumer at a time',
  );
  subscriber[Symbol.asyncIterator]();
  await publisher.publish("#orders", "1");
  assertEquals(await next(), "1");
});

Deno.test("unsubscribe from within the loop is answered although more has come than may wait; the loop ends", async () => {
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    await conn.line();
    await conn.send("ok 1\n" + `pub #flood 1000\n${"x".repeat(1000)}\n`.repeat(20_000));
    await conn.line();
    await conn.send("pub #other 1\n1\nok 1\n");
    await conn.rest();
  });
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.port });
  const flood = await subscriber.subscribe("#flood");
  let count = 0;
  for await (const _ of flood) {
    if (++count === 3) await flood.unsubscribe();
  }
  assert(count < 20_000, "what came behind the call is dropped");
  assertEquals(subscriber.patterns.size, 0);
  await flood.unsubscribe();
  assertEquals(await all(flood), [], "it is over");
  assertEquals(await take(subscriber, 1), ["1"], "what is of no pattern comes in common");
});

Deno.test("await using unsubscribes and drops what nobody took, so that the rest goes on", async () => {
  await using place = await start();
  const { subscriber, publisher } = place;
  const rest = await subscriber.subscribe("#rest");
  {
    await using flood = await subscriber.subscribe("#flood.>");
    await subscriber.subscribe("#*.kept");
    for (let n = 0; n < 30; n++) publisher.send("#flood.a", new Uint8Array(100_000));
    publisher.send("#flood.kept", "kept");
    for await (const _ of flood) break;
  }
  await publisher.drained();
  assertEquals([...subscriber.patterns], ["#rest", "#*.kept"]);
  const next = open(rest);
  await publisher.publish("#rest", "here");
  assertEquals(await next(), "here");
  await publisher.publish("#x.kept", "last");
  assertEquals((await take(subscriber, 1)).length, 1);
});

Deno.test("what is dropped with a subscription is its own only", async () => {
  await using place = await start();
  const { subscriber, publisher } = place;
  const mine = await subscriber.subscribe("#a.*");
  await subscriber.subscribe("#*.b");
  for (const topic of ["#a.a", "#a.b", "#c.b"]) await publisher.publish(topic, topic);
  await mine.unsubscribe();
  await publisher.publish("#a.b", "later");
  assertEquals(await take(subscriber, 3), ["#a.b", "#c.b", "later"]);
});

Deno.test("unsubscribing by the pattern ends the iteration of its subscription, too, and leaves alone what waits in common", async () => {
  await using place = await start();
  const { subscriber, publisher } = place;
  const [a, b] = [await subscriber.subscribe("#a"), await subscriber.subscribe("#b")];
  const next = open(a);
  const waiting = next();
  await publisher.publish("#b", "kept");
  await publisher.publish("#a", "1");
  assertEquals(await waiting, "1");
  const last = next();
  await Promise.all([subscriber.unsubscribe("#a"), subscriber.unsubscribe("#b")]);
  assertEquals(await last, undefined);
  await a.unsubscribe();
  await b.unsubscribe();
  assertEquals(await take(subscriber, 1), ["kept"]);
  const anew = await subscriber.subscribe("#a");
  const more = open(anew);
  await a.unsubscribe();
  await publisher.publish("#a", "2");
  assertEquals(await more(), "2", "an old handle does not end the new one");
});

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

Deno.test("while one queue is full nothing is read for any, and all come when it is read from", async () => {
  await using place = await start();
  const { subscriber, publisher } = place;
  const [big, small] = [await subscriber.subscribe("#big"), await subscriber.subscribe("#small")];
  const [nextBig, nextSmall] = [open(big), open(small)];
  const total = 200;
  for (let n = 0; n < total; n++) publisher.send("#big", new Uint8Array(100_000));
  publisher.send("#small", "s");
  const late = nextSmall();
  let came = false;
  void late.then(() => came = true);
  for (let n = 0; n < 20; n++) await nextBig();
  assertEquals(came, false, "the small one waits behind the big ones");
  for (let n = 20; n < total; n++) await nextBig();
  assertEquals(await late, "s");
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

Deno.test("gaps go with their pattern, to who wants them", async () => {
  const events: ClientEvent[] = [];
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    await conn.lines(2);
    await conn.send("ok 2\npub #a 1\n1\ngap #b 7\ngap #a 2\npub #a 1\n2\npub #b 1\n3\n");
    await conn.rest();
  });
  await using subscriber = await connectSubscriber({
    id: "s1",
    port: broker.port,
    onEvent: (event) => events.push(event),
  });
  const [a] = await Promise.all([subscriber.subscribe("#a"), subscriber.subscribe("#b")]);
  const seen: (string | number)[] = [];
  for await (const item of a.withGaps()) {
    seen.push("missed" in item ? item.missed : item.text);
    if (seen.length === 3) break;
  }
  for await (const item of subscriber.withGaps()) {
    seen.push("missed" in item ? item.missed : item.text);
    if (seen.length === 5) break;
  }
  assertEquals(seen, ["1", 2, "2", 7, "3"]);
  assertEquals(events.flatMap((event) => event.type === "gap" ? [event.pattern] : []), ["#a", "#b"]);
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
