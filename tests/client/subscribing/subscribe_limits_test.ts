/** How long a subscribe waits, and that what failed leaves nothing behind. */
import { assertEquals, assertRejects } from "@std/assert";
import { connectSubscriber, RunError } from "../../../lib/mod.ts";
import { startGate } from "../gate.ts";
import { acceptHello, startScriptedBroker } from "../scripted_broker.ts";
import { take } from "../take.ts";

Deno.test("a subscribe that is answered too late rejects, and what it got is taken back and given to nobody", async () => {
  const lines: (string | undefined)[] = [];
  const given = Promise.withResolvers<void>();
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    lines.push(await conn.line());
    await given.promise;
    await conn.send("ok 1\npub #late 1\n1\ngap #late 3\n");
    lines.push(await conn.line());
    await conn.send("pub #late 1\n2\nok 1\n");
    lines.push(await conn.line());
    await conn.send("ok 1\npub #other 1\n3\n");
    await conn.rest();
  });
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.port });
  const { code } = await assertRejects(
    () => subscriber.subscribe("#late", { timeout: 20 }),
    RunError,
    'the broker has not answered within 20 ms to subscribe to "#late"; if it still does, that is taken back',
  );
  assertEquals(code, "TIMEOUT");
  given.resolve();
  const other = subscriber.subscribe("#other");
  await other;
  assertEquals([...subscriber.patterns], ["#other"]);
  assertEquals((await take(subscriber, 1)).map(({ text }) => text), ["3"]);
  assertEquals(lines.toSorted(), ["sub #late", "sub #other", "unsub #late"]);
});

Deno.test("with a classic broker, too, what is granted too late is taken back", async () => {
  const lines: (string | undefined)[] = [];
  const given = Promise.withResolvers<void>();
  await using broker = startScriptedBroker(async (conn) => {
    lines.push(await conn.line());
    await given.promise;
    await conn.send("OK\n#late 1\n");
    lines.push(await conn.line());
    await conn.send("#late 2\nOK\n");
    lines.push(await conn.line());
    await conn.send("OK\n#other 3\n");
    await conn.rest();
  });
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.port, protocol: "classic" });
  await assertRejects(() => subscriber.subscribe("#late", { timeout: 20 }), RunError, "has not answered");
  given.resolve();
  await subscriber.subscribe("#other");
  assertEquals([...subscriber.patterns], ["#other"]);
  assertEquals((await take(subscriber, 1)).map(({ text }) => text), ["3"]);
  assertEquals(lines.toSorted(), ["s1 sub #late", "s1 sub #other", "s1 unsub #late"]);
});

Deno.test("who subscribes to the pattern meanwhile keeps it", async () => {
  const lines: (string | undefined)[] = [];
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    lines.push(await conn.line(), await conn.line());
    await conn.send("ok 2\npub #a 1\n1\n");
    lines.push(await conn.line());
    await conn.send("ok 1\npub #a 1\n2\n");
    await conn.rest();
  });
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.port });
  const giving = new AbortController();
  const first = subscriber.subscribe("#a", { signal: giving.signal });
  giving.abort(new DOMException("enough", "AbortError"));
  const second = subscriber.subscribe("#a");
  await assertRejects(() => first, DOMException, "enough");
  await second;
  await subscriber.subscribe("#b");
  assertEquals(lines, ["sub #a", "sub #a", "sub #b"]);
  assertEquals((await take(subscriber, 2)).map(({ text }) => text), ["1", "2"]);
});

Deno.test("a pattern that was subscribed to stays so when changing its terms is given up", async () => {
  const lines: (string | undefined)[] = [];
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    lines.push(await conn.line());
    await conn.send("ok 1\n");
    lines.push(await conn.line(), await conn.line());
    await conn.send("ok 2\npub #a 1\n1\n");
    await conn.rest();
  });
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.port });
  const subscription = await subscriber.subscribe("#a");
  await assertRejects(() => subscriber.subscribe("#a", { slow: "latest", timeout: 20 }), RunError, "20 ms");
  await subscriber.subscribe("#b");
  assertEquals([...subscriber.patterns], ["#a", "#b"]);
  assertEquals(lines, ["sub #a", "sub #a slow=latest", "sub #b"]);
  for await (const { text } of subscription) {
    assertEquals(text, "1");
    break;
  }
});

Deno.test("a request that has not left is withdrawn; one that had left is not made again on the next connection", async () => {
  const lines: (string | undefined)[] = [];
  const lost = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await using broker = startScriptedBroker(async (conn, number) => {
    await acceptHello(conn);
    lines.push(await conn.line());
    asked.resolve();
    if (number === 1) return await lost.promise;
    await conn.send("ok 1\n");
    await conn.rest();
  });
  await using gate = startGate();
  gate.open(broker.port);
  const down = Promise.withResolvers<void>();
  await using subscriber = await connectSubscriber({
    id: "s1",
    port: gate.port,
    onEvent: ({ type }) => type === "lost" && down.resolve(),
  });
  await assertRejects(() => subscriber.subscribe("#sent", { timeout: 20 }), RunError, "has not answered");
  await asked.promise; // it had left
  gate.shut();
  await down.promise;
  await assertRejects(
    () => subscriber.subscribe("#unsent", { timeout: 20 }),
    RunError,
    'could not ask the broker within 20 ms to subscribe to "#unsent"; it is not asked any more',
  );
  lost.resolve();
  gate.open(broker.port);
  await subscriber.subscribe("#then", { timeout: 10_000, signal: new AbortController().signal });
  assertEquals(lines, ["sub #sent", "sub #then"]);
});

Deno.test("a signal that is aborted already keeps the request from being made; one that comes later is without effect", async () => {
  const lines: (string | undefined)[] = [];
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    lines.push(await conn.line());
    await conn.send("ok 1\n");
    lines.push(await conn.line());
  });
  const subscriber = await connectSubscriber({ id: "s1", port: broker.port });
  await assertRejects(
    () =>
      subscriber.subscribe("#a", { signal: AbortSignal.abort("not now") }).catch((why) => {
        throw new Error(why);
      }),
    Error,
    "not now",
  );
  const giving = new AbortController();
  await subscriber.subscribe("#b", { signal: giving.signal });
  giving.abort();
  assertEquals([...subscriber.patterns], ["#b"]);
  await subscriber.close();
  assertEquals(lines, ["sub #b", "quit"]);
});
