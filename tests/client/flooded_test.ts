/** Our clients at a broker that others keep busy, that is stopped at any moment, and to which connections break. */
import { assert, assertEquals } from "@std/assert";
import { type ClientEvent, connectPublisher, connectSubscriber, type Message } from "../../lib/mod.ts";
import { Program } from "../../scripts/program.ts";
import { startDurable } from "../support/durable_broker.ts";
import { startGate } from "./gate.ts";

const MESSAGES = 300;

/** Numbers from 0 to 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** What is wrong with what came: each once, each third with its header. */
function problems(messages: readonly Message[]): Record<"lost" | "doubled" | "bare", number> {
  const counts = new Map<string, number>();
  for (const { text } of messages) counts.set(text, (counts.get(text) ?? 0) + 1);
  let [lost, doubled] = [0, 0];
  for (let n = 0; n < MESSAGES; n++) {
    const count = counts.get(`${n}`) ?? 0;
    if (count === 0) lost++;
    if (count > 1) doubled++;
  }
  const bare = messages.filter(({ text, headers }) => Number(text) % 3 === 0 && headers.get("n") !== text);
  return { lost, doubled, bare: bare.length };
}

/** Everything up to the message `end`. */
async function untilEnd(messages: AsyncIterable<Message>): Promise<Message[]> {
  const all: Message[] = [];
  for await (const message of messages) {
    if (message.text === "end") break;
    all.push(message);
  }
  return all;
}

for (const { seed, floods } of [{ seed: 12, floods: 16 }]) {
  Deno.test(`beside ${floods} floods, with stops and cuts, everything comes once, with its headers, over v2 (seed ${seed})`, async () => {
    const random = seeded(seed);
    await using broker = await startDurable(["--durable", "#d.>"]);
    await using gate = startGate();
    gate.open(broker.pubPort);
    const script = new URL("flood.ts", import.meta.url).pathname;
    await using flood = Program.start(
      [Deno.execPath(), "run", "--allow-net", "--quiet", script, `${broker.pubPort}`, `${floods}`],
      { name: "flood", stopSignal: "SIGKILL" },
    );
    await flood.line(/flooding/);
    const stops: Promise<void>[] = [];
    const stop = (ms: number): void => {
      broker.kill("SIGSTOP");
      stops.push(pause(ms).then(() => broker.kill("SIGCONT")));
    };
    const events: ClientEvent["type"][] = [];
    const options = {
      connectTimeout: 30_000,
      onEvent: ({ type }: ClientEvent): void => void events.push(type),
    };
    if (random() < 0.5) stop(3000 * random());
    const [subscriber, publisher] = await Promise.all([
      connectSubscriber({ id: "s1", port: broker.subPort, ...options }),
      connectPublisher({ id: "p1", port: gate.port, ...options }),
    ]);
    await subscriber.subscribe("#d.x");
    const live = untilEnd(subscriber);
    const cuts = new Set([1, 2].map(() => Math.floor(random() * MESSAGES)));
    const stopAt = Math.floor(random() * MESSAGES);
    const published: Promise<unknown>[] = [];
    for (let n = 0; n < MESSAGES; n++) {
      const headers = n % 3 === 0 ? { headers: { n: `${n}` } } : undefined;
      published.push(publisher.publish("#d.x", `${n}`, headers));
      if (cuts.has(n)) {
        await pause(30 * random());
        gate.shut();
        gate.open(broker.pubPort);
      }
      if (n === stopAt) stop(500 + 2000 * random());
      if (n % 20 === 0) await pause(20 * random());
    }
    await Promise.all(published);
    await publisher.publish("#d.x", "end");
    await Promise.all(stops);
    assertEquals([publisher.protocol, subscriber.protocol], ["2", "2"]);
    assert(!events.includes("fallback"), events.join());
    await flood.stop();
    const nothing = { lost: 0, doubled: 0, bare: 0 };
    assertEquals(problems(await live), nothing, "at the subscriber");
    await using reader = await connectSubscriber({ id: "r1", port: broker.subPort });
    const stored = await reader.subscribe("#d.x", { from: "earliest" });
    assertEquals(problems(await untilEnd(stored)), nothing, "in the store");
    await publisher.close();
    await subscriber.close();
  });
}
