import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type ClientEvent, connectPublisher, RefusedError, RunError } from "../../../lib/mod.ts";
import { startExerciseBroker } from "../exercise_broker.ts";

for (const ending of ["\n", ""] as const) {
  const kind = ending === "" ? "without LF" : "with LF";

  Deno.test(`requests reach a broker that answers ${kind} one a read, in the order of the calls`, async () => {
    await using broker = startExerciseBroker({ ending });
    await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
    const published = Array.from({ length: 200 }, (_, n) => publisher.publish("#n", `${n}`));
    assertEquals(publisher.pending, 200);
    await Promise.all(published);
    assertEquals(publisher.pending, 0);
    assertEquals(broker.reads, Array.from({ length: 200 }, (_, n) => `p1 pub #n ${n}\n`));
  });

  Deno.test(`an error answered ${kind} refuses that publish, and the next goes on`, async () => {
    await using broker = startExerciseBroker({
      ending,
      answer: (request) => request.includes("#bad") ? "ERR_BAD_TOPIC" : "OK",
    });
    await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
    const [first, second, third] = [
      publisher.publish("#bad", "1"),
      publisher.publish("#good", "2"),
      publisher.publish("#bad", "3"),
    ];
    const refusal = await assertRejects(() => first, RefusedError);
    assertEquals(refusal.code, "BAD_TOPIC");
    assertStringIncludes(refusal.message, 'refused to publish to "#bad" (ERR_BAD_TOPIC)');
    await second;
    await assertRejects(() => third, RefusedError);
  });

  Deno.test(`closing waits until a broker that answers ${kind} has acknowledged everything`, async () => {
    await using broker = startExerciseBroker({ ending });
    const publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
    for (let n = 0; n < 20; n++) publisher.publish("#n", `${n}`);
    await publisher.close();
    await publisher.closed;
    const goodbye = ending === "" ? [] : ["p1 quit\n"];
    assertEquals(broker.reads, [...Array.from({ length: 20 }, (_, n) => `p1 pub #n ${n}\n`), ...goodbye]);
  });

  Deno.test(`what was not acknowledged by a broker that answers ${kind} is sent again in order after a loss`, async () => {
    let lose = true;
    await using broker = startExerciseBroker({
      ending,
      answer: (request) => {
        if (!lose || !request.includes(" 5\n")) return "OK";
        lose = false;
        return undefined;
      },
    });
    const events: ClientEvent[] = [];
    await using publisher = await connectPublisher({
      id: "p1",
      port: broker.pubPort,
      onEvent: (event) => events.push(event),
    });
    await Promise.all(Array.from({ length: 10 }, (_, n) => publisher.publish("#n", `${n}`)));
    assertEquals(broker.reads, [0, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9].map((n) => `p1 pub #n ${n}\n`));
    assertEquals(events.map((event) => event.type), ["connected", "lost", "retrying", "restored"]);
  });
}

Deno.test("a payload is taken at the call: text, bytes or nothing", async () => {
  await using broker = startExerciseBroker();
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  const bytes = new TextEncoder().encode("bytes");
  const published = [
    publisher.publish("hello", "größe "),
    publisher.publish("#hello", bytes),
    publisher.publish("#hello"),
  ];
  bytes.fill(0x78);
  await Promise.all(published);
  assertEquals(broker.reads, ["p1 pub #hello größe \n", "p1 pub #hello bytes\n", "p1 pub #hello \n"]);
});

Deno.test("what no broker could take is refused before it is sent", async () => {
  await using broker = startExerciseBroker();
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  const wildcard = await assertRejects(() => publisher.publish("#a.*", "x"), RefusedError, '"#a.*"');
  assertEquals(wildcard.code, "BAD_TOPIC");
  const twoLines = await assertRejects(() => publisher.publish("#a", "one\ntwo"), RefusedError, "byte 4");
  assertEquals(twoLines.code, "LINE_BREAK");
  await publisher.publish("#a", "fine");
  assertEquals(broker.reads, ["p1 pub #a fine\n"]);
});

Deno.test("drained waits for what was published before it", async () => {
  await using broker = startExerciseBroker();
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  for (let n = 0; n < 50; n++) publisher.publish("#n", `${n}`);
  await publisher.drained();
  assertEquals([publisher.pending, broker.reads.length], [0, 50]);
  await publisher.drained();
});

Deno.test("without reconnect a lost broker rejects what is pending, closed and close", async () => {
  await using broker = startExerciseBroker({ answer: (_, count) => count < 3 ? "OK" : undefined });
  const publisher = await connectPublisher({ id: "p1", port: broker.pubPort, reconnect: false });
  const published = Array.from({ length: 5 }, (_, n) => publisher.publish("#n", `${n}`));
  assertEquals((await Promise.allSettled(published)).map(({ status }) => status), [
    "fulfilled",
    "fulfilled",
    "rejected",
    "rejected",
    "rejected",
  ]);
  const wanted =
    `lost the broker at 127.0.0.1:${broker.pubPort} (the broker closed the connection), 3 messages not acknowledged`;
  for (const ended of [published[4] ?? Promise.resolve(), publisher.closed, publisher.close()]) {
    assertEquals((await assertRejects(() => ended, RunError)).message, wanted);
  }
  await assertRejects(() => publisher.publish("#n", "late"), RunError, "the publisher is closed");
});

Deno.test("rejections of publishes nobody awaits do not end the process", async () => {
  await using broker = startExerciseBroker({ answer: () => "ERR_DENIED" });
  {
    await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
    publisher.publish("#denied", "by the broker");
    publisher.publish("#not a topic", "by this client");
    await publisher.drained();
  }
  assertEquals(broker.reads.length, 2); // and goodbye; an unhandled rejection would have failed this test
});

Deno.test("closing while the broker is gone waits connectTimeout for it, then tells what is lost", async () => {
  const broker = startExerciseBroker({ answer: (_, count) => count < 2 ? "OK" : undefined });
  const publisher = await connectPublisher({ id: "p1", port: broker.pubPort, connectTimeout: 300 });
  await publisher.publish("#n", "acknowledged");
  const pending = publisher.publish("#n", "pending");
  await broker.until((reads) => reads.length === 2);
  await broker[Symbol.asyncDispose]();
  await assertRejects(() => publisher.close(), RunError, "1 message not acknowledged");
  await assertRejects(() => pending, RunError);
});

Deno.test("closing while the broker is gone and nothing is pending is immediate and no error", async () => {
  const broker = startExerciseBroker();
  const lost = Promise.withResolvers<void>();
  const publisher = await connectPublisher({
    id: "p1",
    port: broker.pubPort,
    onEvent: (event) => {
      if (event.type === "retrying") lost.resolve();
    },
  });
  await publisher.publish("#n", "acknowledged");
  await broker[Symbol.asyncDispose]();
  await lost.promise;
  await publisher.close();
  await publisher.closed;
});

Deno.test("closing twice is closing once, and publishing afterwards is refused", async () => {
  await using broker = startExerciseBroker();
  const publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  await Promise.all([publisher.close(), publisher.close()]);
  await assertRejects(() => publisher.publish("#n", "late"), RunError, "closed");
  assertEquals(broker.reads, ["p1 quit\n"]);
});
