/** The three machines of docs/examples/cluster, as one. */
import { assertEquals } from "@std/assert";
import { connectPublisher, connectSubscriber } from "../../lib/mod.ts";
import { Program } from "../../scripts/program.ts";
import { type RunningBroker, startBroker } from "../support/broker.ts";
import { HAS_NATS, NEEDS_NATS } from "../support/nats_server.ts";
import { freePort } from "../support/ports.ts";

const EXAMPLE = new URL("../../docs/examples/cluster/", import.meta.url).pathname;
const MACHINES = ["a", "b", "c"] as const;
const PASSWORD = "change-this";

/** A file of the example's, and what stands in it for a machine of its own and a file of its own. */
function written(folder: string, file: string, inPlaceOf: ReadonlyMap<string, string>): string {
  let text = Deno.readTextFileSync(`${EXAMPLE}${file}`);
  for (const [example, here] of inPlaceOf) text = text.replaceAll(example, here);
  Deno.writeTextFileSync(`${folder}/${file}`, text);
  return `${folder}/${file}`;
}

Deno.test({
  ...NEEDS_NATS,
  name:
    `the files of docs/examples/cluster start three servers of NATS and three brokers, which share topics${
      HAS_NATS ? "" : " (skipped: nats-server is not installed)"
    }`,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "hashbus-cluster-" });
    await using started = new AsyncDisposableStack();
    started.defer(() => Deno.remove(folder, { recursive: true }));
    await Deno.writeTextFile(`${folder}/nats.password`, `${PASSWORD}\n`, { mode: 0o600 });
    const addresses = new Map<string, string>();
    for (const machine of MACHINES) {
      for (const port of [4222, 6222]) {
        addresses.set(`${machine}.example:${port}`, `127.0.0.1:${freePort()}`);
      }
    }
    const servers = MACHINES.map((machine) => {
      const here = new Map([
        ...addresses,
        ["0.0.0.0:4222", addresses.get(`${machine}.example:4222`)!],
        ["0.0.0.0:6222", addresses.get(`${machine}.example:6222`)!],
        ["127.0.0.1:8222", `127.0.0.1:${freePort()}`],
        ["/var/lib/nats", `${folder}/store-${machine}`],
        ["100G", "1G"],
      ]);
      const config = written(folder, `nats-${machine}.conf`, here);
      return started.use(Program.start(["nats-server", "-c", config], { name: `nats ${machine}` }));
    });
    await Promise.any(servers.map((server) => server.line(/JetStream cluster new metadata leader/)));
    const brokers: RunningBroker[] = await Promise.all(MACHINES.map(async (machine) => {
      const here = new Map([
        ...addresses,
        ["0.0.0.0", "127.0.0.1"],
        ["http = 9080", "http = 0"],
        ["/etc/hashbus/", `${folder}/`],
      ]);
      const config = written(folder, `broker-${machine}.toml`, here);
      return started.use(await startBroker(["--config", config]));
    }));
    const [a, b, c] = brokers as [RunningBroker, RunningBroker, RunningBroker];
    await using subscriber = await connectSubscriber({ id: "s1", port: b.subPort });
    await subscriber.subscribe("#>");
    await using publisher = await connectPublisher({ id: "p1", port: a.pubPort });
    assertEquals((await publisher.publish("#orders.eu", "stored")).level, "engine");
    for await (const { topic, text } of subscriber) {
      assertEquals([topic, text], ["#orders.eu", "stored"]);
      break;
    }
    await using late = await connectSubscriber({ id: "s2", port: c.subPort });
    await late.subscribe("#orders.>", { from: "earliest" });
    for await (const { topic, text } of late) {
      assertEquals([topic, text], ["#orders.eu", "stored"]);
      break;
    }
  },
});
