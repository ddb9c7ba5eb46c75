/**
 * The load generator: takes one job as its argument, prints one outcome as a line of JSON. A process of its own, so
 * that it and the broker each have a core.
 *
 * @module
 */
import { acked } from "./acked.ts";
import { connect, idle } from "./connections.ts";
import { floods } from "./crowd/floods.ts";
import { pairs } from "./crowd/pairs.ts";
import { tlsPairs } from "./crowd/tls_pairs.ts";
import { flow } from "./flow.ts";
import type { Job, Outcome } from "./job.ts";
import { latency } from "./latency.ts";
import { work } from "./queue/work.ts";
import { scale } from "./scale.ts";

function run(job: Job): Promise<Outcome> {
  switch (job.shape.mode) {
    case "flow":
    case "stuck":
      return flow(job);
    case "ping":
    case "open":
      return latency(job);
    case "acked":
      return job.shape.publishers > 1 ? Promise.resolve(pairs(job)) : acked(job);
    case "pairs":
      return job.shape.tls === true ? tlsPairs(job) : Promise.resolve(pairs(job));
    case "floods":
      return floods(job);
    case "queue":
      return Promise.resolve(work(job));
    case "connect":
      return connect(job);
    case "idle":
      return idle(job);
    case "scale":
      return scale(job);
    case "startup":
      throw new Error("startup is measured where brokers are started: bench/run.ts");
  }
}

async function main(): Promise<void> {
  let outcome: Outcome;
  try {
    outcome = await run(JSON.parse(Deno.args[0] ?? "") as Job);
  } catch (error) {
    outcome = { kind: "failed", problem: error instanceof Error ? error.message : String(error) };
  }
  const line = new TextEncoder().encode(`${JSON.stringify(outcome)}\n`);
  for (let at = 0; at < line.length;) at += await Deno.stdout.write(line.subarray(at));
  Deno.exit(outcome.kind === "failed" ? 1 : 0);
}

await main();
