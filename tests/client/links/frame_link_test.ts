/** What this library makes of a v2 broker's words, said by a broker that says what the test wants. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  type ClientEvent,
  connectPublisher,
  connectSubscriber,
  RefusedError,
  RunError,
} from "../../../lib/mod.ts";
import { within } from "../../support/within.ts";
import { acceptHello, startScriptedBroker } from "../scripted_broker.ts";

Deno.test("a broker that falls silent is asked, and counts as lost when nothing comes", async () => {
  const lines: (string | undefined)[] = [];
  const silent = Promise.withResolvers<void>();
  await using broker = startScriptedBroker(async (conn, number) => {
    await acceptHello(conn);
    if (number === 1) {
      lines.push(await conn.line());
      await conn.send("pong\n");
      lines.push(await conn.line());
      await silent.promise;
    } else {
      await conn.line();
    }
  });
  const events: ClientEvent[] = [];
  const restored = Promise.withResolvers<void>();
  await using _subscriber = await connectSubscriber({
    id: "s1",
    port: broker.port,
    pingAfter: 1000,
    onEvent: (event) => {
      events.push(event);
      if (event.type === "restored") restored.resolve();
    },
  });
  await within("a new connection", restored.promise).finally(silent.resolve);
  assertEquals(lines, ["ping", "ping"]);
  const lost = events.find((event) => event.type === "lost");
  assertStringIncludes(lost?.reason ?? "", "no sign of life from the broker for ");
});

Deno.test("while publishes wait, silence is borne eight times as long: the broker may be holding them", async () => {
  const started = performance.now();
  await using broker = startScriptedBroker(async (conn, number) => {
    await acceptHello(conn);
    await conn.lines(2);
    if (number > 1) await conn.send("ok 1\n");
    await conn.rest();
  });
  await using publisher = await connectPublisher({ id: "p1", port: broker.port, pingAfter: 50 });
  await publisher.publish("#a", "x");
  assert(performance.now() - started >= 9 * 50);
});

Deno.test("a consumer that is behind is no silence of the broker's", async () => {
  const behind = Promise.withResolvers<void>();
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    await conn.line();
    await conn.send(`ok 1\n${`pub #a 100000\n${"x".repeat(100_000)}\n`.repeat(30)}`);
    behind.resolve();
    for (let line = await conn.line(); line !== undefined && line !== "quit"; line = await conn.line()) {
      if (line === "ping") await conn.send("pong\n");
    }
  });
  const events: string[] = [];
  await using subscriber = await connectSubscriber({
    id: "s1",
    port: broker.port,
    pingAfter: 20,
    onEvent: ({ type }) => events.push(type),
  });
  await subscriber.subscribe("#a");
  await new Promise((resolve) => setTimeout(resolve, 200)); // many times the silence that would count
  let count = 0;
  for await (const _ of subscriber) if (++count === 30) break;
  await behind.promise;
  assertEquals(events, ["connected"]);
});

Deno.test("a message whose header broke the framing is refused, and those behind it are sent on the next connection", async () => {
  await using broker = startScriptedBroker(async (conn, number) => {
    await acceptHello(conn);
    if (number === 1) {
      await conn.lines(6);
      await conn.send("ok 1\nbye LINE_TOO_LONG a header has at most 64 bytes\n");
      return;
    }
    assertEquals(await conn.lines(2), ["pub #a 5", "third"]);
    await conn.send("ok 1\n");
    await conn.line();
  });
  const events: ClientEvent[] = [];
  await using publisher = await connectPublisher({
    id: "p1",
    port: broker.port,
    onEvent: (event) => events.push(event),
  });
  const [first, second, third] = ["first", "second", "third"].map((text) => publisher.publish("#a", text));
  await first;
  const refusal = await assertRejects(() => second ?? Promise.resolve(), RefusedError, "at most 64 bytes");
  assertEquals(refusal.code, "LINE_TOO_LONG");
  await third;
  const lost = events.find((event) => event.type === "lost");
  assertEquals(lost?.reason, "the broker said bye LINE_TOO_LONG: a header has at most 64 bytes");
});

Deno.test("while a broker is draining nothing more is sent to it", async () => {
  const published = Promise.withResolvers<void>();
  let heard: string | undefined = "nothing";
  await using broker = startScriptedBroker(async (conn, number) => {
    await acceptHello(conn);
    if (number === 1) {
      await conn.lines(2);
      await conn.send('info {"draining":true}\nok 1\n');
      await published.promise;
      await conn.send("bye DRAINING the broker is stopping\n");
      await conn.endInput();
      heard = await conn.line();
      return;
    }
    assertEquals(await conn.lines(2), ["pub #a 6", "second"]);
    await conn.send("ok 1\n");
    await conn.line();
  });
  const reasons: string[] = [];
  await using publisher = await connectPublisher({
    id: "p1",
    port: broker.port,
    onEvent: (event) => {
      if (event.type === "lost") reasons.push(event.reason);
    },
  });
  await publisher.publish("#a", "first");
  const second = publisher.publish("#a", "second");
  published.resolve();
  await second;
  assertEquals(heard, undefined, "the message was not sent to the broker that drains");
  assertEquals(reasons, ["the broker is stopping"]);
});

Deno.test("once a broker has said bye nothing more is sent to it", async () => {
  const published = Promise.withResolvers<void>();
  let heard: string | undefined = "nothing";
  await using broker = startScriptedBroker(async (conn, number) => {
    await acceptHello(conn);
    if (number === 1) {
      await conn.lines(2);
      // the bye is read no later than the answer before it
      await conn.send("ok 1\nbye TIMEOUT a request was not whole in time\n");
      await published.promise;
      await conn.endInput();
      heard = await conn.line();
      return;
    }
    assertEquals(await conn.lines(2), ["pub #a 6", "second"]);
    await conn.send("ok 1\n");
    await conn.line();
  });
  await using publisher = await connectPublisher({ id: "p1", port: broker.port });
  await publisher.publish("#a", "first");
  const second = publisher.publish("#a", "second");
  published.resolve();
  await second;
  assertEquals(heard, undefined, "the message was not sent to the broker that said bye");
});

Deno.test("a stream that is not protocol 2 ends the connection with what was wrong", async () => {
  const broken: [string, string][] = [
    ["ok 5\n", "it answered 5 requests that were not made"],
    ["err DENIED no\n", "it refused a request that was not made"],
    ["hello\n", '"hello" came'],
    ["pub #a 1\nxy\n", "a delivery does not end after its 1 bytes"],
    ["batch #a 1 2 seq=1\n", '"batch #a 1 2 seq=1" came'],
  ];
  for (const [text, problem] of broken) {
    await using broker = startScriptedBroker(async (conn) => {
      await acceptHello(conn);
      await conn.send(text);
      await conn.rest();
    });
    const subscriber = await connectSubscriber({ id: "s1", port: broker.port, reconnect: false });
    await assertRejects(() => subscriber.closed, RunError, problem);
  }
});

Deno.test("one ok for many publishes settles each of them with what holds for it", async () => {
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    await conn.lines(2 * 5);
    await conn.send("ok 3 seq=3 level=synced subs=2\nerr DENIED not this one\nok 1\n");
    await conn.line();
  });
  await using publisher = await connectPublisher({ id: "p1", port: broker.port });
  const results = await Promise.allSettled(
    ["1", "2", "3", "4", "5"].map((text) => publisher.publish("#a", text)),
  );
  const receipt = { level: "synced", subs: 2 };
  assertEquals(results.map((result) => result.status === "fulfilled" ? result.value : result.reason.code), [
    { ...receipt, seq: 1 },
    { ...receipt, seq: 2 },
    { ...receipt, seq: 3 },
    "DENIED",
    {},
  ]);
});

Deno.test("a batch of publishes leaves in one write", async () => {
  const reads: string[] = [];
  await using broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    const bytes = new Uint8Array(65_536);
    for (let acknowledged = 0; acknowledged < 100;) {
      const count = await conn.transport.read(bytes);
      if (count === null) return;
      const text = new TextDecoder().decode(bytes.subarray(0, count));
      reads.push(text);
      const whole = text.split("pub ").length - 1;
      acknowledged += whole;
      await conn.send(`ok ${whole}\n`);
    }
    await conn.line();
  });
  await using publisher = await connectPublisher({ id: "p1", port: broker.port });
  for (let n = 0; n < 100; n++) publisher.send("#a", "x");
  await publisher.drained();
  assertEquals(reads, ["pub #a 1\nx\n".repeat(100)]);
});
