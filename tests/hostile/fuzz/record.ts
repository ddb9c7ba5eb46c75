/**
 * `deno run -A tests/hostile/fuzz/record.ts`: writes corpus.json anew, with what our clients say to a broker.
 *
 * @module
 */
import { connectPublisher, connectResponder, connectSubscriber } from "../../../lib/mod.ts";
import { startDurable } from "../../support/durable_broker.ts";
import { type Transcript, written } from "./transcript.ts";

const recorded: Transcript[] = [];

/** Passes on what comes, and keeps what clients say. */
function recordingProxy(on: Transcript["on"], port: number): Deno.TcpListener {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async (client: Deno.Conn): Promise<void> => {
    const broker = await Deno.connect({ hostname: "127.0.0.1", port });
    const said: number[] = [];
    void broker.readable.pipeTo(client.writable).catch(() => {});
    const keep = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (bytes, controller) => {
        said.push(...bytes);
        controller.enqueue(bytes);
      },
    });
    await client.readable.pipeThrough(keep).pipeTo(broker.writable).catch(() => {});
    recorded.push({ on, bytes: Uint8Array.from(said), cuts: [], leaving: "ends" });
  };
  void (async (): Promise<void> => {
    for await (const client of listener) void serve(client);
  })();
  return listener;
}

await using broker = await startDurable(["--durable", "#d.>"]);
using publishers = recordingProxy("publishers", broker.pubPort);
using subscribers = recordingProxy("subscribers", broker.subPort);
const pubPort = publishers.addr.port;
const subPort = subscribers.addr.port;

for (const protocol of ["classic", "2"] as const) {
  const subscriber = await connectSubscriber({ id: "s", port: subPort, protocol });
  await subscriber.subscribe("#a.>");
  await subscriber.subscribe("#d.b");
  const publisher = await connectPublisher({ id: "p", port: pubPort, subPort, protocol });
  for (const topic of ["#a.b", "#a.c.d", "#d.b"]) await publisher.publish(topic, `to ${topic}`);
  if (protocol === "2") {
    await publisher.publish("#a.b", "x", {
      headers: { trace: "a b%" },
      key: "k",
      ttl: 60,
      id: "p-1",
      reply: "#a.r",
    });
    await publisher.publish("#d.b", new Uint8Array([0, 10, 13, 255]), { delay: 5 });
  }
  await subscriber.unsubscribe("#d.b");
  await publisher.close();
  await subscriber.close();
}
{
  const publisher = await connectPublisher({ id: "p", port: pubPort, subPort });
  const member = await connectSubscriber({ id: "m", port: subPort });
  const jobs = await member.subscribe("#d.jobs", {
    group: "g",
    ack: "explicit",
    window: 4,
    by: "key",
    from: "earliest",
  });
  for (let at = 0; at < 4; at++) await publisher.publish("#d.jobs", String(at), { key: `k${at % 2}` });
  let taken = 0;
  for await (const job of jobs) {
    if (taken === 0) await job.extend();
    await (taken === 1 ? job.nack({ delay: 100 }) : job.ack());
    if (++taken === 3) break;
  }
  await member.close();
  const replayer = await connectSubscriber({ id: "r", port: subPort });
  for await (const _ of await replayer.subscribe("#d.>", { from: "earliest", to: 2 })) break;
  await replayer.subscribe("#a.*", { slow: "latest" });
  await replayer.subscribe("#a.*", { group: "shared" });
  await replayer.subscribe("#d.b", { from: "-2" });
  await replayer.close();
  const responder = await connectResponder(
    { id: "w", pattern: "#a.ask", subPort, pubPort },
    ({ text }) => `${text}!`,
  );
  await publisher.request("#a.ask", "who", { timeout: 5000 });
  await responder.close();
  await publisher.close();
}
await new Promise((resolve) => setTimeout(resolve, 300));
const text = JSON.stringify(recorded.filter(({ bytes }) => bytes.length > 0).map(written), null, 2);
await Deno.writeTextFile(new URL("corpus.json", import.meta.url), `${text}\n`);
Deno.exit(0);
