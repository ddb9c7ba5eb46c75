import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type ClientEvent, connectPublisher, connectSubscriber, RunError } from "../../../lib/mod.ts";
import { TIMER_MOST_MS } from "../../../lib/limits.ts";
import { freePort } from "../../support/ports.ts";
import { startExerciseBroker } from "../exercise_broker.ts";

Deno.test("connecting where nobody listens fails with one line that names the address", async () => {
  const port = freePort();
  const error = await assertRejects(
    () => connectPublisher({ id: "p1", port, connectTimeout: 300 }),
    RunError,
    `no broker at 127.0.0.1:${port} (connection refused)`,
  );
  assert(!error.message.includes("\n"));
});

Deno.test("connecting keeps trying until the broker is there", async () => {
  const port = freePort();
  const retried = Promise.withResolvers<void>();
  const events: string[] = [];
  const connecting = connectPublisher({
    id: "p1",
    port,
    connectTimeout: 60_000,
    onEvent: (event) => {
      events.push(event.type);
      if (event.type === "retrying") retried.resolve();
    },
  });
  await retried.promise;
  await using broker = startExerciseBroker({ pubPort: port });
  await using publisher = await connecting;
  await publisher.publish("#hello", "hi");
  assertEquals(broker.reads, ["p1 pub #hello hi\n"]);
  assertEquals(events.at(-1), "connected");
});

Deno.test("a host name that does not exist fails at once and is named", async () => {
  await assertRejects(
    () => connectSubscriber({ id: "s1", host: "no.such.host.invalid", connectTimeout: 60_000 }),
    RunError,
    "no.such.host.invalid",
  );
});

Deno.test("localhost and an IPv6 address are connected to like any other", async () => {
  await using broker = startExerciseBroker();
  await using publisher = await connectPublisher({ id: "p1", host: "localhost", port: broker.pubPort });
  await publisher.publish("#hello", "by name");
  assertEquals(broker.reads, ["p1 pub #hello by name\n"]);
  const port = freePort();
  await assertRejects(
    () => connectPublisher({ id: "p1", host: "::1", port, connectTimeout: 0 }),
    RunError,
    `[::1]:${port}`,
  );
});

Deno.test("options that cannot be meant are refused before anything is connected, with the value", async () => {
  await assertRejects(() => connectPublisher({ id: "two words" }), RunError, '"two words"');
  await assertRejects(() => connectPublisher({ id: "" }), RunError, '""');
  await assertRejects(() => connectPublisher({ id: "a\u0000b" }), RunError, "\\x00");
  await assertRejects(() => connectPublisher({ id: "p1", port: 65_536 }), RunError, "65536");
  await assertRejects(() => connectPublisher({ id: "p1", localPort: 0 }), RunError, "local port");
  for (const connectTimeout of [NaN, -1, TIMER_MOST_MS + 1]) {
    await assertRejects(() => connectPublisher({ id: "p1", connectTimeout }), RunError, `${connectTimeout}`);
  }
  await assertRejects(() => connectPublisher({ id: "p1", host: "" }), RunError, "host");
});

Deno.test("no time is refused that a timer can wait", async () => {
  await using broker = startExerciseBroker();
  for (const ms of [0, TIMER_MOST_MS]) {
    const times = { connectTimeout: ms, pingAfter: ms, helloPatience: ms };
    await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort, ...times });
    await publisher.publish("#hello", "hi");
  }
});

Deno.test("a signal stops connecting with its reason, before it and in the middle of it", async () => {
  const early = AbortSignal.abort(new Error("changed my mind"));
  await assertRejects(
    () => connectPublisher({ id: "p1", port: freePort(), signal: early }),
    Error,
    "changed my mind",
  );
  const late = new AbortController();
  await assertRejects(
    () =>
      connectPublisher({
        id: "p1",
        port: freePort(),
        connectTimeout: 60_000,
        signal: late.signal,
        onEvent: () => late.abort(new Error("long enough")),
      }),
    Error,
    "long enough",
  );
});

Deno.test("a signal that aborts after connecting changes nothing", async () => {
  await using broker = startExerciseBroker();
  for (const localPort of [undefined, freePort()]) {
    const stop = new AbortController();
    await using publisher = await connectPublisher({
      id: "p1",
      port: broker.pubPort,
      signal: stop.signal,
      ...(localPort === undefined ? {} : { localPort }),
    });
    stop.abort();
    await publisher.publish("#hello", "still here");
  }
  assertEquals(broker.reads.filter((read) => read === "p1 pub #hello still here\n").length, 2);
});

Deno.test("a broker that accepts and hangs up fails the publish after the start's time, with the reason", async () => {
  await using broker = startExerciseBroker({ clients: 0 });
  const publisher = await connectPublisher({ id: "p1", port: broker.pubPort, connectTimeout: 300 });
  const error = await assertRejects(() => publisher.publish("#hello", "hi"), RunError);
  assertStringIncludes(
    error.message,
    `127.0.0.1:${broker.pubPort} takes a connection and gives no answer`,
  );
  assertEquals(await assertRejects(() => publisher.closed, RunError), error);
  assertEquals(await assertRejects(() => publisher.close(), RunError), error);
});

Deno.test("a broker of the exercise that serves one client serves the second when the first is gone", async () => {
  await using broker = startExerciseBroker({ clients: 1, ending: "" });
  const first = await connectPublisher({ id: "p1", port: broker.pubPort });
  await first.publish("#hello", "first");
  const lost = Promise.withResolvers<void>();
  await using second = await connectPublisher({
    id: "p2",
    port: broker.pubPort,
    connectTimeout: 60_000,
    onEvent: (event) => {
      if (event.type === "lost") lost.resolve();
    },
  });
  const published = second.publish("#hello", "second");
  await lost.promise;
  await first.close();
  await published;
  assertEquals(broker.reads.at(-1), "p2 pub #hello second\n");
});

Deno.test("what a broker says before it turns a client away is in the error", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const turning = (async () => {
    for await (const conn of listener) {
      await conn.write(new TextEncoder().encode("ERR_TOO_MANY_CONNECTIONS\n"));
      await conn.closeWrite();
      while (await conn.read(new Uint8Array(64)) !== null);
      conn.close();
    }
  })();
  const wanted = "turned this subscriber away (ERR_TOO_MANY_CONNECTIONS)";
  const options = { id: "s1", port: listener.addr.port, connectTimeout: 200 };
  for (const protocol of ["auto", "2"] as const) {
    await assertRejects(() => connectSubscriber({ ...options, protocol }), RunError, wanted);
  }
  const subscriber = await connectSubscriber({ ...options, protocol: "classic" });
  await assertRejects(() => subscriber.subscribe("#hello"), RunError, wanted);
  await subscriber.close();
  listener.close();
  await turning;
});

Deno.test("a local port that was asked for is the one the connection leaves from", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const localPort = freePort();
  const events: ClientEvent[] = [];
  const connecting = connectPublisher({
    id: "p1",
    port: listener.addr.port,
    localPort,
    protocol: "classic",
    onEvent: (event) => events.push(event),
  });
  using conn = await listener.accept();
  assertEquals(conn.remoteAddr.port, localPort);
  const publisher = await connecting;
  assertEquals(events, [
    { type: "connected", address: `127.0.0.1:${listener.addr.port}`, localPort, protocol: "classic" },
  ]);
  const closing = publisher.close();
  await conn.read(new Uint8Array(64));
  conn.close();
  await closing;
});

Deno.test("a local port in use is named with what to do, at once", async () => {
  await using broker = startExerciseBroker();
  using taken = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  await assertRejects(
    () =>
      connectPublisher({
        id: "p1",
        port: broker.pubPort,
        localPort: taken.addr.port,
        connectTimeout: 60_000,
      }),
    RunError,
    `local port ${taken.addr.port} is in use`,
  );
});

Deno.test("a connection of a port to itself is not taken for a broker", async () => {
  const port = freePort();
  await assertRejects(
    () => connectPublisher({ id: "p1", port, localPort: port, connectTimeout: 0 }),
    RunError,
    "connection refused",
  );
});
