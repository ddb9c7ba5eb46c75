import { assert, assertEquals } from "@std/assert";
import { Counters } from "./torture/counters.ts";
import type { KindName } from "./torture/kinds.ts";
import { type RoundReport, runRound } from "./torture/round.ts";

const SCRIPT = new URL("../../broker.ts", import.meta.url).pathname;
/** On a machine that does a hundred other things: what is beyond this hangs. */
const LIMITS = { p99: 8_000, worst: 10_000, backMs: 15_000 };

async function torture(seed: number, ms: number, kinds: readonly KindName[]): Promise<RoundReport> {
  const trace: string[] = [];
  const report = await runRound({
    seed,
    ms,
    kinds,
    command: [Deno.execPath(), "run", "-A", "--quiet", SCRIPT],
    counters: new Counters(),
    limits: LIMITS,
    trace: (line) => trace.push(line),
  });
  const again = `deno task torture --seed ${seed} --rounds 1 --round-seconds ${ms / 1000} --trace`;
  assertEquals(report.findings, [], `${again}\n${trace.join("\n")}`);
  assert(report.published > 100 && report.received > 100, JSON.stringify(report));
  return report;
}

Deno.test("in memory: honest clients get all they are owed beside floods and some who never read", async () => {
  await torture(6, 3000, ["publish flood", "never reads, drop-old", "malformed"]);
});

Deno.test("durable, killed in the middle: all that was acknowledged is there beside some who send half", async () => {
  const { settings } = await torture(13, 3000, ["half-sent lines", "connection storm"]);
  assert(settings.durable && settings.kill, "this seed is not drawn as it was: take another");
});
