/** Brokers that are silent at hello: stopped, slow, or of a kind that takes no notice of it. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { connectPublisher, connectSubscriber, RefusedError, RunError } from "../../../lib/mod.ts";
import { RawClient } from "../../support/raw_client.ts";
import { startBroker } from "../../support/broker.ts";
import { freePort } from "../../support/ports.ts";
import { within } from "../../support/within.ts";
import { startExerciseBroker } from "../exercise_broker.ts";
import { startGate } from "../gate.ts";
import { acceptHello, startScriptedBroker } from "../scripted_broker.ts";
import { take } from "../take.ts";
import { serveClassic, stopFor, watchEvents } from "../watching.ts";

Deno.test("a v2 broker that is stopped for 2.5 seconds while clients connect is spoken to in v2, headers and all", async () => {
  await using broker = await startBroker();
  const goOn = stopFor(broker, 2500);
  try {
    const [subscribing, publishing] = [watchEvents(), watchEvents()];
    const [subscriber, publisher] = await Promise.all([
      connectSubscriber({ id: "s1", port: broker.subPort, onEvent: subscribing.onEvent }),
      connectPublisher({ id: "p1", port: broker.pubPort, onEvent: publishing.onEvent }),
    ]);
    await subscriber.subscribe("#a", { slow: "latest" });
    await publisher.publish("#a", "two\nlines", { headers: { lang: "en" } });
    const [message] = await take(subscriber, 1);
    assertEquals([message?.text, message?.headers.get("lang")], ["two\nlines", "en"]);
    assertEquals([subscriber.protocol, publisher.protocol], ["2", "2"]);
    for (const { types } of [subscribing, publishing]) {
      assertEquals(types.filter((type) => type !== "upgraded"), ["silent", "connected"]);
    }
    await publisher.close();
    await subscriber.close();
  } finally {
    goOn();
  }
});

Deno.test("clients that are at work before a stopped broker goes on are upgraded: everything once, in order", async () => {
  await using broker = await startBroker();
  const goOn = stopFor(broker, 10_000);
  try {
    const [subscribing, publishing] = [watchEvents(), watchEvents()];
    const options = { connectTimeout: 0 }; // trials go on when connecting is over
    const [subscriber, publisher] = await Promise.all([
      connectSubscriber({ id: "s1", port: broker.subPort, ...options, onEvent: subscribing.onEvent }),
      connectPublisher({ id: "p1", port: broker.pubPort, ...options, onEvent: publishing.onEvent }),
    ]);
    assertEquals([subscriber.protocol, publisher.protocol], ["classic", "classic"]);
    const subscribed = [subscriber.subscribe("#a"), subscriber.subscribe("#b", { slow: "drop-old" })];
    goOn();
    await Promise.all([...subscribed, subscribing.until("upgraded")]);
    const published = [
      publisher.publish("#a", "1"),
      publisher.publish("#a", "2", { headers: { n: "2" } }),
      publisher.publish("#b", "3\n"),
      publisher.publish("#a", "4", { minSubs: 1 }),
    ];
    await Promise.all([...published, publishing.until("upgraded")]);
    const messages = await take(subscriber, 4);
    assertEquals(messages.map(({ text }) => text), ["1", "2", "3\n", "4"]);
    assertEquals(messages[1]?.headers.get("n"), "2");
    for (const { types } of [subscribing, publishing]) {
      assertEquals(types, ["silent", "connected", "upgraded"]);
    }
    assertEquals([subscriber.protocol, publisher.protocol], ["2", "2"]);
    await publisher.publish("#a", "5");
    assertEquals((await take(subscriber, 1)).map(({ text }) => text), ["5"], "nothing comes twice");
    await publisher.close();
    await subscriber.close();
  } finally {
    goOn();
  }
});

for (const wakes of ["while it is whole", "when it is closed in one direction"] as const) {
  Deno.test(`an OK_2 that comes ${wakes} beside a request on the wire: that is waited for, the rest goes over v2`, async () => {
    const asked = Promise.withResolvers<void>();
    const classic: string[] = [];
    const v2: string[] = [];
    const serveV2 = async (conn: RawClient): Promise<void> => {
      for (let line = await conn.line(); line !== undefined; line = await conn.line()) {
        if (line === "quit") return;
        v2.push(line);
        if (v2.length % 2 === 0) await conn.send("ok 1 level=memory subs=3\n");
      }
    };
    await using broker = startScriptedBroker(async (conn, number) => {
      if (number === 2) {
        classic.push(await conn.line() ?? "");
        asked.resolve();
        for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setTimeout(resolve, 20)); // long after v2 was answered
        await conn.send("OK\n");
        return await serveClassic(conn, classic);
      }
      if (number > 2) {
        await acceptHello(conn);
        return await serveV2(conn);
      }
      assertEquals(await conn.line(), "p1 hello 2");
      if (wakes === "while it is whole") await asked.promise;
      else assertEquals(await conn.line(), undefined);
      await conn.send("OK_2\ninfo {}\n");
      await serveV2(conn);
    });
    const { types, onEvent } = watchEvents();
    await using publisher = await connectPublisher({
      id: "p1",
      port: broker.port,
      connectTimeout: 0,
      onEvent,
    });
    const receipts = await Promise.all([
      publisher.publish("#a", "one"),
      publisher.publish("#a", "two"),
      publisher.publish("#a", "three", { key: "k" }),
      publisher.publish("#a", "four"),
    ]);
    const receipt = { level: "memory" as const, subs: 3 };
    assertEquals(receipts, [{}, receipt, receipt, receipt]);
    const ids = v2.flatMap((line) => / id=\S+/.exec(line) ?? []);
    assertEquals(new Set(ids).size, 3, "each has its id, should it have to be sent again");
    assertEquals(v2.map((line) => line.replace(/ id=\S+/, "")), [
      "pub #a 3",
      "two",
      "pub #a 5 key=k",
      "three",
      "pub #a 4",
      "four",
    ]);
    assertEquals([types, publisher.protocol], [["silent", "connected", "upgraded"], "2"]);
    await publisher.drained();
    assertEquals(classic.filter((line) => line !== "p1 quit"), ["p1 pub #a one"]);
  });
}

Deno.test("a broker that never answers hello but answers publishes is classic then: each message once, no hello again", async () => {
  const over = Promise.withResolvers<void>();
  const reads: string[] = [];
  let hellos = 0;
  let cut: (() => Promise<void>) | undefined;
  await using broker = startScriptedBroker(async (conn, number) => {
    if (number === 1) {
      await conn.line();
      hellos++;
      return await over.promise; // what is closed in one direction is not closed in return
    }
    cut = () => conn.endInput();
    await serveClassic(conn, reads);
  });
  try {
    const { types, onEvent, until } = watchEvents();
    await using publisher = await connectPublisher({
      id: "p1",
      port: broker.port,
      connectTimeout: 0,
      helloPatience: 500,
      onEvent,
    });
    await publisher.publish("#a", "one");
    const keyed = publisher.publish("#a", "two", { key: "k" });
    const lines = publisher.publish("#a", "three\nfour");
    const last = publisher.publish("#a", "five");
    assertEquals(types, ["silent", "connected"], "one answer is not enough");
    assertEquals((await assertRejects(() => keyed, RefusedError)).code, "NEEDS_V2");
    assertEquals((await assertRejects(() => lines, RefusedError)).code, "LINE_BREAK");
    await last;
    assertEquals(types, ["silent", "connected", "fallback"]);
    await cut?.();
    await until("restored");
    await publisher.publish("#a", "six");
    assertEquals(reads, ["one", "five", "six"].map((text) => `p1 pub #a ${text}`));
    assertEquals([hellos, publisher.protocol], [1, "classic"]);
  } finally {
    over.resolve();
  }
});

Deno.test("a broker that takes no notice of hello is found out without a request, when that connection is ended", async () => {
  await using broker = startExerciseBroker({ hello: "is silent" });
  const { types, onEvent, until } = watchEvents();
  const helloPatience = 500;
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort, helloPatience, onEvent });
  await until("fallback");
  assertEquals(types.toSorted(), ["connected", "fallback", "silent"]);
  await assertRejects(() => publisher.publish("#a", "x", { key: "k" }), RefusedError, "classic");
  assertEquals(broker.reads, []);
});

Deno.test("a broker that is asked nothing but what needs v2 and hung up at hello refuses it after a second", async () => {
  await using broker = startExerciseBroker({ hello: "closes" });
  const { types, onEvent } = watchEvents();
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort, onEvent });
  await assertRejects(() => publisher.publish("#a", "x", { key: "k" }), RefusedError, "classic");
  assertEquals(types, ["connected", "fallback"]);
});

for (const busy of [false, true]) {
  Deno.test(`a broker that serves one client after the other and takes no notice of hello is spoken to (${busy ? "behind another client" : "alone"})`, async () => {
    const reads: string[] = [];
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const decoder = new TextDecoder();
    const serving = (async () => {
      for await (const conn of listener) {
        const bytes = new Uint8Array(1024);
        for (let count; (count = await conn.read(bytes)) !== null;) {
          const request = decoder.decode(bytes.subarray(0, count));
          if (request.includes(" hello ")) continue;
          reads.push(request);
          await conn.write(new TextEncoder().encode("OK"));
        }
        conn.close();
      }
    })();
    const other = busy ? await Deno.connect({ port }) : undefined;
    const { types, onEvent } = watchEvents();
    const publisher = await connectPublisher({ id: "p1", port, connectTimeout: 0, onEvent });
    const published = [1, 2, 3].map((n) => publisher.publish("#a", `${n}`));
    other?.close();
    await Promise.all(published);
    assertEquals(reads, [1, 2, 3].map((n) => `p1 pub #a ${n}\n`));
    assertEquals(types.includes("upgraded"), false);
    await publisher.close();
    listener.close();
    await serving;
  });
}

Deno.test("a broker that serves one client and closes every other, and takes no notice of hello, is spoken to", async () => {
  await using broker = startExerciseBroker({ hello: "is silent", clients: 1 });
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  await publisher.publish("#a", "x");
  assertEquals(broker.reads, ["p1 pub #a x\n"]);
});

Deno.test("from a given local port, an OK_2 that comes late acknowledges nothing: the message is published over v2", async () => {
  await using broker = await startBroker();
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  await subscriber.subscribe("#a");
  const goOn = stopFor(broker, 10_000);
  try {
    const { types, onEvent } = watchEvents();
    await using publisher = await connectPublisher({
      id: "p1",
      port: broker.pubPort,
      localPort: freePort(),
      connectTimeout: 0,
      onEvent,
    });
    const published = publisher.publish("#a", "x");
    await new Promise((resolve) => setTimeout(resolve, 50)); // the request is on its way, behind hello
    goOn();
    assertEquals(await published, { level: "memory", subs: 1 });
    assertEquals((await take(subscriber, 1)).map(({ text }) => text), ["x"]);
    assertEquals([types[0], types.at(-1), publisher.protocol], ["silent", "restored", "2"]);
  } finally {
    goOn();
  }
});

Deno.test("a signal ends connecting to a broker that is silent, before and during the trial, with its reason", async () => {
  const over = Promise.withResolvers<void>();
  await using broker = startScriptedBroker(async () => await over.promise);
  for (const after of [50, 1200]) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(new Error("long enough")), after);
    const started = performance.now();
    await assertRejects(
      () => connectPublisher({ id: "p1", port: broker.port, signal: stop.signal, connectTimeout: 60_000 }),
      Error,
      "long enough",
    );
    assert(performance.now() - started < after + 20_000);
    clearTimeout(timer);
  }
  over.resolve();
});

Deno.test("a subscriber with slow= gives up on a next broker that answers hello otherwise and is classic", async () => {
  await using first = await startBroker();
  await using second = startExerciseBroker();
  await using gate = startGate();
  gate.open(first.subPort);
  await using subscriber = await connectSubscriber({ id: "s1", port: gate.port });
  await subscriber.subscribe("#plain");
  await subscriber.subscribe("#a", { slow: "latest" });
  gate.shut();
  gate.open(second.subPort);
  await assertRejects(
    () => subscriber.closed,
    RunError,
    'cannot subscribe to "#a" again: this broker speaks only the classic protocol, which has no slow=',
  );
});

Deno.test("a client that is closed during a trial leaves nothing open", async () => {
  const over = Promise.withResolvers<void>();
  await using broker = startScriptedBroker(async () => await over.promise);
  const publisher = await connectPublisher({ id: "p1", port: broker.port, connectTimeout: 0 });
  const published = publisher.publish("#a", "x");
  await assertRejects(() => publisher.close({ timeout: 50 }), Error, "1 message not acknowledged");
  await assertRejects(() => published, Error);
  over.resolve();
});

Deno.test("who gives up leaves no connection open on which hello waits for its answer", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const connecting = connectPublisher({ id: "p1", port, connectTimeout: 3000 });
  const gaveUp = assertRejects(() => connecting, RunError, `no broker at 127.0.0.1:${port}`);
  const next = async (): Promise<RawClient> => new RawClient(await within("a connection", listener.accept()));
  const silent = await next();
  assertEquals(await silent.line(), "p1 hello 2");
  const beside = await next();
  silent.close();
  using again = await next();
  assertEquals(await again.line(), "p1 hello 2");
  listener.close();
  beside.close();
  await gaveUp;
  // what is sent to one that is closed comes back as that
  const refused = async (): Promise<void> => {
    for (;;) {
      await again.send("O");
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const error = await assertRejects(() => within("the end of the third connection", refused()), Error);
  assert(error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe, `${error}`);
});
