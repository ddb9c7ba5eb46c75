/** Closing a publisher whose broker does not answer any more, in each way in which that happens. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { connectPublisher, type Publisher, RunError } from "../../../lib/mod.ts";
import { startBroker } from "../../support/broker.ts";
import { startGate } from "../gate.ts";
import { startExerciseBroker } from "../exercise_broker.ts";
import { startScriptedBroker } from "../scripted_broker.ts";

/** Publishes three messages, closes with 150 ms to do it in, and expects all to say what is not acknowledged. */
async function closesInTime(publisher: Publisher, port: number): Promise<void> {
  const published = [1, 2, 3].map((n) => publisher.publish("#n", `${n}`));
  const started = performance.now();
  const error = await assertRejects(() => publisher.close({ timeout: 150 }), RunError);
  const took = performance.now() - started;
  assert(took >= 140 && took < 20_000, `it took ${took} ms`);
  assertEquals(
    [error.message, error.code],
    [`3 messages not acknowledged by 127.0.0.1:${port} within 150 ms`, "TIMEOUT"],
  );
  for (const promise of [...published, publisher.closed, publisher.close()]) {
    assertEquals(await assertRejects(() => promise, RunError), error);
  }
  assertEquals([publisher.pending, publisher.full], [0, false]);
}

Deno.test("closing in a given time ends although a v2 broker stands still", async () => {
  await using broker = await startBroker();
  const publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  broker.kill("SIGSTOP");
  try {
    await closesInTime(publisher, broker.pubPort);
  } finally {
    broker.kill("SIGCONT");
  }
});

Deno.test("closing in a given time ends although nothing is ever answered", async () => {
  await using broker = startScriptedBroker(async (conn) => void await conn.rest());
  const publisher = await connectPublisher({ id: "p1", port: broker.port, protocol: "classic" });
  await closesInTime(publisher, broker.port);
});

Deno.test("closing in a given time ends although the connection is half open", async () => {
  await using broker = await startBroker();
  await using gate = startGate();
  gate.open(broker.pubPort);
  const publisher = await connectPublisher({ id: "p1", port: gate.port });
  gate.mute();
  await closesInTime(publisher, gate.port);
});

for (const reconnect of [true, false]) {
  Deno.test(`closing in a given time ends although the broker goes away in the middle (reconnect: ${reconnect})`, async () => {
    const broker = startExerciseBroker({ answer: () => undefined });
    const publisher = await connectPublisher({ id: "p1", port: broker.pubPort, reconnect });
    publisher.send("#n", "1");
    publisher.send("#n", "2");
    const timeout = reconnect ? 400 : 20_000;
    const closing = assertRejects(
      () => publisher.close({ timeout }),
      RunError,
      "2 messages not acknowledged",
    );
    await broker.until((reads) => reads.length === 1);
    await broker[Symbol.asyncDispose]();
    const error = await closing;
    assertEquals(error.code, reconnect ? "TIMEOUT" : "LOST");
    assertEquals(await assertRejects(() => publisher.closed, RunError), error);
  });
}

Deno.test("a second close with a shorter time shortens the first, a longer one does not lengthen it", async () => {
  await using broker = startScriptedBroker(async (conn) => void await conn.rest());
  const publisher = await connectPublisher({ id: "p1", port: broker.port, protocol: "classic" });
  publisher.send("#n", "1");
  const started = performance.now();
  const closing = publisher.close();
  publisher.close({ timeout: 100 });
  publisher.close({ timeout: 60_000 });
  const wanted = `1 message not acknowledged by 127.0.0.1:${broker.port} within 100 ms`;
  assertEquals((await assertRejects(() => closing, RunError)).message, wanted);
  assert(performance.now() - started < 20_000);
});

Deno.test("when nothing is pending, a broker that stands still does not make closing fail, nor late", async () => {
  await using broker = await startBroker();
  const publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  await publisher.publish("#n", "1");
  broker.kill("SIGSTOP");
  try {
    await publisher.close({ timeout: 50 });
    await publisher.closed;
  } finally {
    broker.kill("SIGCONT");
  }
});

Deno.test("what is acknowledged in time ends a close in a given time well, and early", async () => {
  await using broker = await startBroker();
  const publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  for (let n = 0; n < 1000; n++) publisher.send("#n", `${n}`);
  await publisher.close({ timeout: 60_000 });
  await publisher.closed;
  assertEquals(publisher.pending, 0);
});

Deno.test("a time to close in that cannot be meant is refused with its value, and nothing is closed", async () => {
  await using broker = startExerciseBroker();
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  for (const timeout of [-1, NaN, 2 ** 31]) {
    await assertRejects(() => publisher.close({ timeout }), RunError, `${timeout}`);
  }
  await publisher.publish("#n", "still open");
});
