import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type ClientEvent,
  connectSubscriber,
  RefusedError,
  RunError,
  type Subscriber,
} from "../../../lib/mod.ts";
import { freePort } from "../../support/ports.ts";
import { startExerciseBroker } from "../exercise_broker.ts";

/** The next so many messages as `#topic <- text`; the iteration is left afterwards. */
async function take(subscriber: Subscriber, count: number): Promise<string[]> {
  const taken: string[] = [];
  for await (const { topic, text } of subscriber) {
    taken.push(`${topic} <- ${text}`);
    if (taken.length === count) break;
  }
  return taken;
}

for (const ending of ["\n", ""] as const) {
  const kind = ending === "" ? "without LF" : "with LF";

  Deno.test(`a broker that sends ${kind} is subscribed to, and its deliveries are read`, async () => {
    await using broker = startExerciseBroker({ ending });
    await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
    await subscriber.subscribe("#hello");
    await subscriber.subscribe("other");
    assertEquals([...subscriber.patterns], ["#hello", "#other"]);
    await broker.send(`#hello hi there${ending}`);
    assertEquals(await take(subscriber, 1), ["#hello <- hi there"]);
    await broker.send(`#other ${ending}`);
    assertEquals(await take(subscriber, 1), ["#other <- "]);
    await subscriber.unsubscribe("#hello");
    assertEquals([...subscriber.patterns], ["#other"]);
    assertEquals(broker.reads, ["s1 sub #hello\n", "s1 sub #other\n", "s1 unsub #hello\n"]);
  });

  Deno.test(`subscriptions come back first after a loss, at a broker that sends ${kind}`, async () => {
    await using broker = startExerciseBroker({ ending });
    const restored = Promise.withResolvers<void>();
    const events: ClientEvent["type"][] = [];
    await using subscriber = await connectSubscriber({
      id: "s1",
      port: broker.subPort,
      onEvent: ({ type }) => {
        events.push(type);
        if (type === "restored") restored.resolve();
      },
    });
    for (const topic of ["#a", "#b", "#c"]) await subscriber.subscribe(topic);
    await subscriber.unsubscribe("#b");
    broker.cut();
    const late = subscriber.subscribe("#d");
    await restored.promise;
    await late;
    const again = broker.reads.slice(4);
    if (again[0] === "s1 sub #d\n") again.shift(); // it may have left before the loss was noticed
    assertEquals(again, ["s1 sub #a\n", "s1 sub #c\n", "s1 sub #d\n"]);
    assertEquals(events, ["connected", "lost", "retrying", "restored"]);
    await broker.send(`#c back${ending}`);
    assertEquals(await take(subscriber, 1), ["#c <- back"]);
  });
}

Deno.test("a pattern that is subscribed already is not asked for again, even before its reply", async () => {
  await using broker = startExerciseBroker();
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  await Promise.all([subscriber.subscribe("#a"), subscriber.subscribe("a"), subscriber.subscribe("#a")]);
  assertEquals(broker.reads, ["s1 sub #a\n"]);
});

Deno.test("a refused subscription is not among the patterns", async () => {
  await using broker = startExerciseBroker({ answer: (read) => read.includes("#no") ? "ERR_DENIED" : "OK" });
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  const refusal = await assertRejects(() => subscriber.subscribe("#no"), RefusedError, '"#no"');
  assertEquals(refusal.code, "DENIED");
  const bad = await assertRejects(() => subscriber.subscribe("#a.>.b"), RefusedError);
  assertEquals(bad.code, "BAD_PATTERN");
  assertEquals(subscriber.patterns.size, 0);
});

Deno.test("a payload is given as bytes, and as text with U+FFFD for what is no UTF-8", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using subscriber = await connectSubscriber({
    id: "s1",
    port: listener.addr.port,
    protocol: "classic",
  });
  using conn = await listener.accept();
  const subscribed = subscriber.subscribe("#b");
  await conn.read(new Uint8Array(64));
  await conn.write(Uint8Array.of(...new TextEncoder().encode("OK\n#b "), 0xef, 0xbb, 0xbf, 0xff, 0x00, 0x0a));
  await subscribed;
  for await (const message of subscriber) {
    assertEquals([...message.payload], [0xef, 0xbb, 0xbf, 0xff, 0x00]);
    assertEquals(message.text, "\ufeff\ufffd\u0000");
    break;
  }
  const closing = subscriber.close();
  await conn.read(new Uint8Array(64));
  conn.closeWrite();
  await closing;
});

Deno.test("a second consumer at the same time is refused, one after the other goes on where the first stopped", async () => {
  await using broker = startExerciseBroker();
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  await subscriber.subscribe("#n");
  await broker.send("#n 1\n#n 2\n#n 3\n");
  for await (const message of subscriber) {
    assertEquals(message.text, "1");
    assertThrows(() => subscriber[Symbol.asyncIterator](), TypeError, "one consumer at a time");
    break;
  }
  assertEquals(await take(subscriber, 2), ["#n <- 2", "#n <- 3"]);
});

Deno.test("after close the iteration gives what had arrived and ends", async () => {
  await using broker = startExerciseBroker();
  const subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  await subscriber.subscribe("#n");
  await broker.send("#n 1\n#n 2\n#n 3\n");
  const seen: string[] = [];
  for await (const message of subscriber) {
    seen.push(message.text);
    if (seen.length === 1) await subscriber.close();
  }
  assertEquals(seen, ["1", "2", "3"]);
  await subscriber.closed;
  await assertRejects(() => subscriber.subscribe("#late"), RunError, "the subscriber is closed");
});

Deno.test("close ends an iteration that waits", async () => {
  await using broker = startExerciseBroker();
  const subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  const waiting = take(subscriber, 1);
  await subscriber.close();
  assertEquals(await waiting, []);
});

Deno.test("without reconnect the iteration throws the loss after what had arrived, and close does not repeat it", async () => {
  await using broker = startExerciseBroker();
  const subscriber = await connectSubscriber({ id: "s1", port: broker.subPort, reconnect: false });
  await subscriber.subscribe("#n");
  await broker.send("#n 1\n#n 2\n");
  await assertRejects(
    async () => {
      const seen: string[] = [];
      for await (const message of subscriber) {
        seen.push(message.text);
        if (seen.length === 2) broker.cut();
      }
    },
    RunError,
    `lost the broker at 127.0.0.1:${broker.subPort}`,
  );
  await assertRejects(() => subscriber.closed, RunError);
  await subscriber.close();
});

Deno.test("a broker that refuses an old subscription after a loss ends the subscriber instead of staying silent", async () => {
  let refuse = false;
  await using broker = startExerciseBroker({ answer: () => refuse ? "ERR_DENIED" : "OK" });
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  await subscriber.subscribe("#mine");
  refuse = true;
  broker.cut();
  await assertRejects(() => take(subscriber, 1), RunError, 'subscribe to "#mine" again (ERR_DENIED)');
});

for (const from of ["any local port", "a given local port"]) {
  Deno.test(`leaving from ${from}, nothing more is read while the consumer is behind, then everything comes in order`, async () => {
    const local = from === "any local port" ? {} : { localPort: freePort() };
    const total = 200_000;
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await using subscriber = await connectSubscriber({
      id: "s1",
      port: listener.addr.port,
      protocol: "classic",
      ...local,
    });
    using conn = await listener.accept();
    const subscribed = subscriber.subscribe("#n");
    await conn.read(new Uint8Array(64));
    await conn.write(new TextEncoder().encode("OK\n"));
    await subscribed;

    const filler = "x".repeat(240);
    let written = 0;
    let stalled: () => void = () => {};
    const stall = new Promise<void>((resolve) => stalled = resolve);
    const writing = (async () => {
      for (let n = 0; n < total; n += 1000) {
        const lines = Array.from({ length: 1000 }, (_, more) => `#n ${n + more} ${filler}\n`).join("");
        const bytes = new TextEncoder().encode(lines);
        const timer = setTimeout(stalled, 500);
        for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
        clearTimeout(timer);
        written += bytes.length;
      }
    })();
    await Promise.race([stall, writing]);
    const bound = 24 * 1024 * 1024; // what the subscriber may hold, and generous socket buffers of the kernel
    assert(written < bound, `${written} bytes were taken although nobody consumed`);

    let next = 0;
    for await (const { text } of subscriber) {
      if (!text.startsWith(`${next} `)) {
        throw new Error(`message ${next} was expected, ${text.slice(0, 20)} came`);
      }
      if (++next === total) break;
    }
    await writing;
    const closing = subscriber.close();
    await conn.read(new Uint8Array(64));
    conn.closeWrite();
    await closing;
  });
}

Deno.test("close does not wait for a consumer that is behind", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const subscriber = await connectSubscriber({ id: "s1", port: listener.addr.port, protocol: "classic" });
  using conn = await listener.accept();
  const subscribed = subscriber.subscribe("#n");
  await conn.read(new Uint8Array(64));
  await conn.write(new TextEncoder().encode("OK\n"));
  await subscribed;
  const flood = new TextEncoder().encode(`#n ${"x".repeat(1000)}\n`.repeat(4000));
  const writing = (async () => {
    try {
      for (;;) await conn.write(flood);
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset)) {
        throw error;
      }
    }
  })();
  await subscriber.close();
  await writing;
});
