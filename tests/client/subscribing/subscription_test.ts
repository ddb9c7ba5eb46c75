/** Subscriptions with an iteration of their own, through the real broker and one that says what a test wants. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type ClientEvent, connectSubscriber } from "../../../lib/mod.ts";
import { acceptHello, startScriptedBroker } from "../scripted_broker.ts";
import { all, open, start, take } from "./iterated.ts";

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

Deno.test("the end of a block does not wait for who reads something else", async () => {
  const total = 3000;
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    await conn.lines(2);
    await conn.send("ok 2\n" + `pub #unread 1000\n${"x".repeat(1000)}\n`.repeat(total));
    for (let n = 0; n < 2; n++) {
      await conn.line();
      await conn.send("ok 1\n");
    }
    await conn.rest();
  });
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.port });
  {
    const [orders] = await Promise.all([subscriber.subscribe("#orders"), subscriber.subscribe("#unread")]);
    await using _ = orders;
  }
  assertEquals((await take(subscriber, total)).length, total);
  await subscriber.subscribe("#last");
  assertEquals([...subscriber.patterns], ["#unread", "#last"]);
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
