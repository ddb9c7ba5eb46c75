import { assertEquals, assertRejects } from "@std/assert";
import {
  type ClientEvent,
  connectPublisher,
  connectSubscriber,
  RunError,
  type Subscriber,
} from "../../../lib/mod.ts";
import { freePort } from "../../support/ports.ts";
import { type ExerciseOptions, startExerciseBroker } from "../exercise_broker.ts";
import { acceptHello, startScriptedBroker } from "../scripted_broker.ts";

async function next(subscriber: Subscriber): Promise<string> {
  for await (const { topic, text } of subscriber) return `${topic} <- ${text}`;
  throw new Error("the subscriber ended");
}

const KINDS: readonly NonNullable<ExerciseOptions["hello"]>[] = [
  { says: "OK" },
  { says: "ERR" },
  { says: "ERR_UNKNOWN_COMMAND" },
  { says: "ok" },
  { says: "OK_1" },
  { says: "Unknown command: hello" },
  { says: "#error no such command" },
  "closes",
  "is silent",
  "is stuck",
];

for (const hello of KINDS) {
  for (const ending of ["\n", ""] as const) {
    const what = typeof hello === "object" ? `says ${hello.says} to hello` : `${hello} at hello`;
    const kind = `${what}, ${ending === "" ? "without LF" : "with LF"}`;

    Deno.test(`a broker that ${kind}, is spoken to in classic: nothing of it becomes a message or an answer`, async () => {
      await using broker = startExerciseBroker({
        hello,
        ending,
        answer: (request) => request.includes("#bad") ? "ERR_BAD_TOPIC" : "OK",
      });
      let restored = Promise.withResolvers<void>();
      const events: ClientEvent["type"][] = [];
      const onEvent = ({ type }: ClientEvent): void => {
        events.push(type);
        if (type === "restored") restored.resolve();
      };
      const helloPatience = 300;
      const connecting = connectPublisher({ id: "p1", port: broker.pubPort, helloPatience });
      await using subscriber = await connectSubscriber({
        id: "s1",
        port: broker.subPort,
        helloPatience,
        onEvent,
      });
      await using publisher = await connecting;
      assertEquals([subscriber.protocol, publisher.protocol], ["classic", "classic"]);
      await subscriber.subscribe("#hello");
      await assertRejects(() => publisher.publish("#bad", "refused"), Error, "ERR_BAD_TOPIC");
      await publisher.publish("#hello", "hi there");
      assertEquals(await next(subscriber), "#hello <- hi there");
      const hellos = [broker.hellos];
      for (const text of ["again", "and again"]) {
        restored = Promise.withResolvers();
        broker.cut();
        await restored.promise;
        await publisher.publish("#hello", text);
        assertEquals(await next(subscriber), `#hello <- ${text}`);
        hellos.push(broker.hellos);
      }
      const again = ["lost", "retrying", "restored"];
      if (hello === "closes") {
        // who hangs up may have been a v2 broker that died: it is asked twice, before anything is subscribed to
        assertEquals(hellos, [4, 4, 4], "each says hello twice, and never again");
        assertEquals(events, ["connected", "fallback", ...again, ...again]);
      } else {
        const each = typeof hello === "object" ? 2 : 4; // who closes that connection is asked on another
        assertEquals(hellos, [each, each, each], "each says hello, and never again");
        const first = typeof hello === "object" ? ["connected"] : ["silent", "fallback", "connected"];
        // what is said of one that is slow may come before or behind what the other has done
        const start = events.slice(0, first.length).toSorted();
        assertEquals([...start, ...events.slice(first.length)], [...first.toSorted(), ...again, ...again]);
      }
    });
  }
}

Deno.test("a broker that dies of hello is spoken to without it when it is back", async () => {
  const ports = { pubPort: freePort(), subPort: freePort() };
  const first = startExerciseBroker({ hello: "dies", ...ports });
  const retried = Promise.withResolvers<void>();
  const connecting = connectPublisher({
    id: "p1",
    port: ports.pubPort,
    connectTimeout: 60_000,
    onEvent: ({ type }) => {
      if (type === "retrying") retried.resolve();
    },
  });
  await retried.promise;
  await first[Symbol.asyncDispose]();
  await using second = startExerciseBroker({ hello: "dies", ...ports });
  await using publisher = await connecting;
  await publisher.publish("#hello", "hi");
  assertEquals([second.reads, second.hellos], [["p1 pub #hello hi\n"], 0]);
});

Deno.test("from a given local port, a broker that is silent at hello is spoken to on the same connection", async () => {
  await using broker = startExerciseBroker({ hello: "is silent" });
  const localPort = freePort();
  await using publisher = await connectPublisher({
    id: "p1",
    port: broker.pubPort,
    localPort,
    connectTimeout: 300,
  });
  await publisher.publish("#hello", "hi");
  assertEquals(broker.reads, ["p1 pub #hello hi\n"]);
});

Deno.test("from a given local port, a broker that closes at hello is spoken to from that port again", async () => {
  await using broker = startExerciseBroker({ hello: "closes" });
  const localPort = freePort();
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort, localPort });
  await publisher.publish("#hello", "hi");
  assertEquals(broker.reads, ["p1 pub #hello hi\n"]);
});

Deno.test("classic asked for says no hello", async () => {
  await using broker = startExerciseBroker();
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort, protocol: "classic" });
  await publisher.publish("#hello", "hi");
  assertEquals([broker.reads, broker.hellos], [["p1 pub #hello hi\n"], 0]);
});

Deno.test("protocol 2 asked for is an error with a broker that answers otherwise, with its answer", async () => {
  await using broker = startExerciseBroker({ hello: { says: "Eh?" } });
  await assertRejects(
    () => connectPublisher({ id: "p1", port: broker.pubPort, protocol: "2" }),
    RunError,
    `the broker at 127.0.0.1:${broker.pubPort} does not speak protocol 2 (it answered hello with "Eh?")`,
  );
});

Deno.test("protocol 2 asked for is an error with a broker that hangs up at hello or is silent, after the time for trying", async () => {
  for (const hello of ["closes", "is silent"] as const) {
    await using broker = startExerciseBroker({ hello });
    await assertRejects(
      () => connectPublisher({ id: "p1", port: broker.pubPort, protocol: "2", connectTimeout: 200 }),
      RunError,
      `127.0.0.1:${broker.pubPort} takes a connection and gives no answer (the broker `,
    );
  }
});

Deno.test("a protocol that is none is refused with its name", async () => {
  await assertRejects(
    // @ts-expect-error: what a program without types may pass
    () => connectPublisher({ id: "p1", protocol: "3" }),
    RunError,
    '"3"',
  );
});

Deno.test("OK_2 is understood wherever the reads cut, and what comes behind it is not lost", async () => {
  const stream = 'OK_2\ninfo {"max":{"line":512}}\n';
  for (let at = 1; at < stream.length; at++) {
    await using broker = startScriptedBroker(async (conn) => {
      await conn.line();
      await conn.send(stream.slice(0, at));
      await new Promise((resolve) => setTimeout(resolve, 1));
      await conn.send(stream.slice(at));
      assertEquals(await conn.line(), "pub #a 1");
      assertEquals(await conn.line(), "x");
      await conn.send("ok 1 level=memory subs=7\n");
      assertEquals(await conn.line(), "quit");
      await conn.send("bye QUIT\n");
    });
    await using publisher = await connectPublisher({ id: "p1", port: broker.port, protocol: "2" });
    assertEquals(publisher.protocol, "2");
    assertEquals(await publisher.publish("#a", "x"), { level: "memory", subs: 7 });
  }
});

Deno.test("a v2 broker that is stopped between hello and its answer is asked again", async () => {
  const events: ClientEvent["type"][] = [];
  await using broker = startScriptedBroker(async (conn, number) => {
    if (number === 2) return void await conn.line();
    await acceptHello(conn);
    await conn.lines(2);
    if (number === 1) return;
    await conn.send("ok 1\n");
    await conn.line();
  });
  await using publisher = await connectPublisher({
    id: "p1",
    port: broker.port,
    onEvent: ({ type }) => events.push(type),
  });
  await publisher.publish("#a", "x");
  assertEquals(publisher.protocol, "2");
  assertEquals(events, ["connected", "lost", "retrying", "retrying", "restored"]);
});

Deno.test("a v2 broker that died at hello and was back at once is spoken to in v2 from the next connection on", async () => {
  await using broker = startScriptedBroker(async (conn, number) => {
    if (number === 1) return void await conn.line();
    if (number > 2) {
      await acceptHello(conn);
      await conn.line();
      return;
    }
    await conn.line();
    await conn.send("OK\n");
  });
  const restored = Promise.withResolvers<void>();
  await using publisher = await connectPublisher({
    id: "p1",
    port: broker.port,
    onEvent: ({ type }) => {
      if (type === "restored") restored.resolve();
    },
  });
  await publisher.publish("#a", "x");
  assertEquals(publisher.protocol, "classic");
  await restored.promise;
  assertEquals(publisher.protocol, "2");
});
