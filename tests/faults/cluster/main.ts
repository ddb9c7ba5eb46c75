/**
 * `deno task cluster [--messages N] [--kills N] [--seed N]`: three NATS servers and three brokers on
 * loopback. Ends with 1 where something is wrong.
 *
 * 1. Messages in memory (1,000,000): a publisher and a subscriber on each broker, each message once to each
 *    subscriber.
 * 2. Brokers and NATS servers killed in turns (20 times) under publishers and subscribers of durable topics
 *    that all servers keep: what was acknowledged is there, and what is there twice was on its way at a kill.
 *
 * @module
 */
import { taskFlags } from "../../../scripts/flags.ts";
import { printLine } from "../../../scripts/terminal.ts";
import { seeded } from "../random.ts";
import { Cluster } from "./cluster.ts";
import { clusterKills } from "./kills.ts";
import { spread } from "./spread.ts";

const flags = taskFlags({ url: import.meta.url, name: "cluster", string: ["messages", "kills", "seed"] });
const messages = Number(flags["messages"] ?? 1_000_000);
const kills = Number(flags["kills"] ?? 20);
const seed = Number(flags["seed"] ?? Date.now() % 1_000_000);
if (![messages, kills, seed].every((number) => Number.isInteger(number) && number >= 0)) {
  printLine("cluster: --messages, --kills and --seed take whole numbers", Deno.stderr);
  Deno.exit(2);
}
const fine = [messages === 0 || await spreadThem(), kills === 0 || await killThem()];
Deno.exit(fine.includes(false) ? 1 : 0);

async function spreadThem(): Promise<boolean> {
  await using cluster = await Cluster.start({ nodes: 3, brokers: 3 });
  const { published, delivered, seconds, wrong } = await spread({ brokers: cluster.ports, messages });
  printLine(
    `spread: ${published} published over 3 brokers, ${delivered} delivered to 3 subscribers ` +
      `(${Math.round(seconds)} s), ${wrong.length} wrong`,
  );
  for (const what of wrong) printLine(`  ${what}`);
  if (wrong.length > 0) { for (const line of cluster.said) printLine(`  ${line}`); }
  return wrong.length === 0;
}

async function killThem(): Promise<boolean> {
  const report = await clusterKills({
    kills,
    random: seeded(seed),
    onKill: (what) => printLine(`killed: ${what}`),
  });
  const { acknowledged, stored, delivered, refused, doubled, late, again, wrong } = report;
  printLine(
    `kill -9: ${report.brokersKilled} brokers and ${report.nodesKilled} NATS servers (seed ${seed}, ` +
      `${
        Math.round(report.seconds)
      } s): ${acknowledged} acknowledged, ${stored} stored, ${delivered} delivered to 3 subscribers, ` +
      `${refused} refused and ` +
      `sent again; of what was on its way at a kill ${doubled} stored twice, ${late} out of order; ` +
      `${again} given again behind a lost connection; ${wrong.length} wrong`,
  );
  for (const what of wrong.slice(0, 20)) printLine(`  ${what}`);
  return wrong.length === 0;
}
