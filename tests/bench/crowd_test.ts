/**
 * Crowds and topics that change, as the benchmark runs them, in small: real brokers, ours and those that
 * are installed.
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import type { FloodsOutcome, Job, Outcome, PairsOutcome } from "../../bench/load/job.ts";
import { durablePeers } from "../../bench/durable/peers.ts";
import { allPeers, type Peer } from "../../bench/peers.ts";
import { DURABLE_SHAPES, type Shape, SHAPES } from "../../bench/shapes.ts";
import { Program } from "../../scripts/program.ts";

const GENERATOR = `${import.meta.dirname}/../../bench/load/main.ts`;
const onLinux = Deno.build.os === "linux";

function shapeOf(name: string, smaller: Partial<Shape>): Shape {
  const found = [...SHAPES, ...DURABLE_SHAPES].find((shape) => shape.name === name);
  if (found === undefined) throw new Error(`no shape ${name}`);
  return { ...found, ...smaller };
}

/** What the generator says of a broker at these ports. */
async function generated(
  job:
    & Pick<Job, "dialect" | "publisherPort" | "subscriberPort" | "pid" | "shape">
    & Partial<Pick<Job, "patienceSeconds">>,
): Promise<Outcome> {
  const times = { seconds: 2, warmSeconds: 0.05, patienceSeconds: 20, mostSeconds: 30 };
  const whole: Job = { host: "127.0.0.1", ...times, ...job };
  await using program = Program.start([
    Deno.execPath(),
    "run",
    "-A",
    "--quiet",
    GENERATOR,
    JSON.stringify(whole),
  ]);
  await program.ended;
  return JSON.parse(program.lines.at(-1) ?? "") as Outcome;
}

async function runOn(peer: Peer, shape: Shape): Promise<Outcome> {
  await using broker = await peer.start(shape);
  const { pid, publisherPort, subscriberPort } = broker;
  return await generated({ dialect: peer.dialect(shape), pid, publisherPort, subscriberPort, shape });
}

function isPairs(outcome: Outcome): asserts outcome is PairsOutcome {
  assertEquals(outcome.kind, "pairs", JSON.stringify(outcome));
}

const ofMemory = allPeers({}).filter(({ name }) => name !== "relay");
for (const peer of ofMemory) {
  const installed = onLinux && await peer.version() !== null;
  const ignore = !installed;
  const why = installed ? "" : onLinux ? " (not installed)" : " (on Linux only)";

  Deno.test({
    name: `${peer.title}: messages to topics that change come to one who asked for all of them${why}`,
    ignore,
    fn: async () => {
      const outcome = await runOn(peer, shapeOf("changing-1k", { changes: 50, messages: 2000 }));
      assertEquals(outcome.kind, "flow", JSON.stringify(outcome));
      if (outcome.kind !== "flow") return;
      assertGreater(outcome.published, 100);
      assertEquals(outcome.delivered, outcome.published);
    },
  });

  Deno.test({
    name: `${peer.title}: every one of 20 pairs gets its messages${why}`,
    ignore,
    fn: async () => {
      const count = { publishers: 20, subscribers: 20, topics: 20, messages: 5_000 };
      const outcome = await runOn(peer, shapeOf("pairs-50", count));
      isPairs(outcome);
      assertGreater(outcome.messages, 0);
      assert(outcome.slowest >= 0 && outcome.slowest <= 1, JSON.stringify(outcome));
      assert(outcome.p50 <= outcome.p99 && outcome.p99 <= outcome.most, JSON.stringify(outcome));
    },
  });

  Deno.test({
    name: `${peer.title}: newcomers are served beside 10 floods, and nobody is cut${why}`,
    ignore,
    fn: async () => {
      const outcome = await runOn(peer, shapeOf("floods-200", { publishers: 10, topics: 10, lasts: 2 }));
      assertEquals(outcome.kind, "floods", JSON.stringify(outcome));
      const { messages, newcomers, unserved, cut, slowest } = outcome as FloodsOutcome;
      assertGreater(messages, 0);
      assertGreater(newcomers, 0);
      assertEquals([unserved, cut], [0, 0], JSON.stringify(outcome));
      assert(slowest >= 0 && slowest <= 1, JSON.stringify(outcome));
    },
  });
}

const place = onLinux ? await Deno.makeTempDir({ dir: "/var/tmp", prefix: "hashbus-crowd-" }) : "";
for (const peer of durablePeers({}, place)) {
  const installed = onLinux && await peer.version() !== null;
  const why = installed ? "" : onLinux ? " (not installed)" : " (on Linux only)";
  Deno.test({
    name: `${peer.title}: 8 publishers who wait for their acknowledgement are all answered${why}`,
    ignore: !installed,
    fn: async () => {
      const outcome = await runOn(peer, shapeOf("kept-64", { publishers: 8, window: 8, messages: 500 }));
      assertEquals(outcome.kind, "acked", JSON.stringify(outcome));
      if (outcome.kind !== "acked") return;
      assertGreater(outcome.messages, 0);
      const { slowest = -1 } = outcome;
      assert(slowest >= 0 && slowest <= 1, JSON.stringify(outcome));
    },
  });
}

Deno.test({
  name: "No store is left behind by them",
  ignore: !onLinux,
  fn: async () => {
    assertEquals([...Deno.readDirSync(place)], []);
    await Deno.remove(place);
  },
});

/**
 * Replaces what a broker in this process says to a subscriber of a pair; `message`: which one of that
 * subscriber, from 0.
 */
type Lie = (delivery: string, message: number) => string;

/** What the generator says of one pair on a broker that speaks classic, to one of each, and lies. */
async function liedTo(lie: Lie): Promise<Outcome> {
  using forSubscribers = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using forPublishers = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const serve = async (): Promise<void> => {
    using subscriber = await forSubscribers.accept();
    await subscriber.read(new Uint8Array(1024));
    await subscriber.write(encoder.encode("OK\n"));
    using publisher = await forPublishers.accept();
    const buffer = new Uint8Array(1024);
    for (let message = 0;; message++) {
      const got = await publisher.read(buffer);
      if (got === null) return;
      const [, , topic, payload] = decoder.decode(buffer.subarray(0, got)).trimEnd().split(" ");
      await publisher.write(encoder.encode("OK\n"));
      const said = lie(`${topic} ${payload}\n`, message);
      if (said !== "") await subscriber.write(encoder.encode(said));
    }
  };
  // the generator hangs up as it ends, also in the middle of a write
  const serving = serve().catch((error: unknown) => {
    if (!(error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset)) {
      throw error;
    }
  });
  const outcome = await generated({
    dialect: "hashbus",
    pid: Deno.pid,
    patienceSeconds: 5,
    publisherPort: forPublishers.addr.port,
    subscriberPort: forSubscribers.addr.port,
    shape: shapeOf("pairs-1", { messages: 1000 }),
  });
  await serving;
  return outcome;
}

Deno.test({
  name: "A pair on an honest broker gets one message after the other",
  ignore: !onLinux,
  fn: async () => {
    const outcome = await liedTo((delivery) => delivery);
    isPairs(outcome);
    assertEquals(outcome.slowest, 1);
  },
});

for (
  const [what, lie, why] of [
    ["a byte that is another", (said, at) => at === 7 ? said.replace("b", "B") : said, "expected"],
    ["a message twice", (said, at) => at === 7 ? said + said : said, "a message arrived twice"],
    ["a message that never comes", (said, at) => at === 7 ? "" : said, "1 messages did not arrive"],
  ] as readonly (readonly [string, Lie, string])[]
) {
  Deno.test({
    name: `A pair notices ${what}`,
    ignore: !onLinux,
    fn: async () => {
      const outcome = await liedTo(lie);
      assertEquals(outcome.kind, "failed", JSON.stringify(outcome));
      if (outcome.kind === "failed") assertStringIncludes(outcome.problem, why);
    },
  });
}
