import { assert, assertEquals } from "@std/assert";
import { HAS_NATS, NEEDS_NATS } from "../support/nats_server.ts";
import { Cluster } from "./cluster/cluster.ts";
import { clusterKills } from "./cluster/kills.ts";
import { spread, Tally } from "./cluster/spread.ts";
import { seeded } from "./random.ts";

const WHY = HAS_NATS ? "" : " (skipped: nats-server is not installed)";

Deno.test({
  ...NEEDS_NATS,
  name:
    `three brokers on one NATS are one: each of 6,000 messages comes once to each subscriber, in order${WHY}`,
  fn: async () => {
    await using cluster = await Cluster.start({ nodes: 1, brokers: 3 });
    const { delivered, wrong } = await spread({ brokers: cluster.ports, messages: 6_000 });
    assertEquals(wrong, []);
    assertEquals(delivered, 18_000);
  },
});

Deno.test({
  ...NEEDS_NATS,
  // servers that choose a leader anew take up to nine seconds over it, again and again
  timeout: 150_000,
  name:
    `a broker and a NATS server are killed: what was acknowledged is stored, by three servers (F34)${WHY}`,
  fn: async () => {
    const seed = Date.now() % 1_000_000;
    const report = await clusterKills({ kills: 2, random: seeded(seed) });
    assertEquals(report.wrong.slice(0, 5), [], `seed ${seed}`);
    assertEquals([report.brokersKilled, report.nodesKilled], [1, 1]);
    assert(report.acknowledged > 0 && report.stored >= report.acknowledged, JSON.stringify(report));
  },
});

Deno.test("a subscriber that misses a message, or gets one twice or out of order, is found", () => {
  const wrong = (...numbers: readonly number[]): readonly string[] => {
    const tally = new Tally("s1", [3]);
    for (const number of numbers) tally.take({ topic: "#spread.0", text: `0 ${number} x` });
    return tally.wrong();
  };
  assertEquals(wrong(0, 1, 2), []);
  assertEquals(wrong(0, 2), ["s1 got message 2 of publisher 0 in the place of 1"]);
  assertEquals(wrong(0, 1, 1, 2), ["s1 got message 1 of publisher 0 in the place of 2"]);
  assertEquals(wrong(0, 1), ["s1 got 2 of 3 of publisher 0"]);
  const tally = new Tally("s1", [0]);
  tally.take({ topic: "#other", text: "0 0 x" });
  assertEquals(tally.wrong(), ['s1 got "0 0 x" on #other, which nobody published']);
});
