/** Where a subscription begins, between this library and the real broker: the last of each topic, and what is to come. */
import { assert, assertEquals } from "@std/assert";
import { type ClientEvent, connectPublisher, connectSubscriber } from "../../lib/mod.ts";
import { startBroker } from "../support/broker.ts";
import { startGate } from "./gate.ts";
import { take } from "./take.ts";

const TOPICS = Array.from({ length: 40 }, (_, at) => `#t.${at}`);
const TEXT = "x".repeat(10_000);

async function publishRounds(port: number, rounds: number): Promise<void> {
  await using publisher = await connectPublisher({ id: "p1", port });
  for (let round = 0; round < rounds; round++) {
    for (const topic of TOPICS) publisher.send(topic, TEXT);
    if (publisher.full) await publisher.ready();
  }
}

Deno.test("the last ten of each topic over a connection that breaks in the middle of them: no loss, no repeat", async () => {
  const data = await Deno.makeTempDir();
  await using broker = await startBroker(["--data", data], {
    after: () => Deno.remove(data, { recursive: true }),
  });
  await publishRounds(broker.pubPort, 20);
  await using gate = startGate();
  gate.open(broker.subPort);
  await using subscriber = await connectSubscriber({ id: "s1", port: gate.port });
  await subscriber.subscribe("#t.*", { from: "-10" });
  const received = await take(subscriber, 35);
  gate.mute();
  // more than ten to each, those that have been given out too
  await publishRounds(broker.pubPort, 15);
  gate.shut();
  gate.open(broker.subPort);
  const next = new Map<string, number>();
  const note = (topic: string, seq = 0): void => {
    assertEquals(seq, next.get(topic) ?? seq, `${topic} goes on where it was`);
    if (!next.has(topic)) assert(seq <= 26, `${topic} begins with ${seq}, and the last ten are 26 to 35`);
    next.set(topic, seq + 1);
  };
  for (const { topic, seq } of received) note(topic, seq);
  assertEquals(next.get("#t.0"), 21, "it broke in the middle");
  assert(next.size < TOPICS.length);
  for await (const { topic, seq } of subscriber) {
    note(topic, seq);
    if ([...next.values()].every((seq) => seq === 36) && next.size === TOPICS.length) break;
  }
});

Deno.test("a sequence number far beyond the last is told once, with the last there is", async () => {
  const data = await Deno.makeTempDir();
  await using broker = await startBroker(["--data", data], {
    after: () => Deno.remove(data, { recursive: true }),
  });
  await using gate = startGate();
  gate.open(broker.subPort);
  const events: ClientEvent[] = [];
  const restored = Promise.withResolvers<void>();
  await using subscriber = await connectSubscriber({
    id: "s1",
    port: gate.port,
    onEvent: (event) => {
      events.push(event);
      if (event.type === "restored") restored.resolve();
    },
  });
  await using publisher = await connectPublisher({ id: "p1", port: broker.pubPort });
  for (const text of ["1", "2", "3"]) await publisher.publish("#a", text);
  await subscriber.subscribe("#a", { from: 1_763_900_000 });
  await subscriber.subscribe("#b", { from: 2 });
  await subscriber.subscribe("#a.>", { from: 1 });
  gate.shut();
  gate.open(broker.subPort);
  await restored.promise;
  assertEquals(events.filter(({ type }) => type === "ahead"), [
    { type: "ahead", pattern: "#a", last: 3 },
    { type: "ahead", pattern: "#b", last: 0 },
  ]);
  await publisher.publish("#b", "1");
  await publisher.publish("#b", "2");
  assertEquals((await take(subscriber, 1)).map(({ topic, seq }) => [topic, seq]), [["#b", 2]]);
});
