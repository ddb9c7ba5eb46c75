/**
 * `deno task faults [--kills N] [--seed N]`: what a broker promises, looked at where it is hardest to keep.
 * Ends with 1 where something is missing.
 *
 * 1. The order of fsyncs and acknowledgements, from a trace of the real process; twice more with brokers that
 *    do not wait for the disk, which have to be found out.
 * 2. kill -9 under load, again and again: what was acknowledged, counted after each restart.
 * 3. kill -9 of workers that share a topic, and of their broker: what each of them was given, held against the
 *    others' and against what was published.
 *
 * @module
 */
import { taskFlags } from "../../scripts/flags.ts";
import { killRounds } from "./kill.ts";
import { seeded } from "./random.ts";
import { workRounds } from "./workers/rounds.ts";
import { straceProblem } from "./strace.ts";
import { type SyncRunOptions, traceSyncOrder, treeWithoutSync } from "./sync_run.ts";

const args = taskFlags({ url: import.meta.url, name: "faults", string: ["kills", "seed"] });
const kills = Number(args["kills"] ?? 100);
const seed = Number(args["seed"] ?? Date.now() % 1_000_000);
if (!Number.isInteger(kills) || kills < 0 || !Number.isInteger(seed)) {
  say("faults: --kills and --seed take whole numbers");
  Deno.exit(2);
}
const directory = await Deno.makeTempDir({ prefix: "hashbus-faults-" });
try {
  const inOrder = await syncOrder();
  const survived = await kill();
  const worked = await work();
  Deno.exitCode = inOrder && survived && worked ? 0 : 1;
} finally {
  await Deno.remove(directory, { recursive: true });
}

async function syncOrder(): Promise<boolean> {
  const problem = await straceProblem();
  if (problem !== undefined) {
    say(`fsync order: not looked at: ${problem}`);
    return true;
  }
  const run = async (name: string, options: Partial<SyncRunOptions> = {}): Promise<SyncRunOptions> => {
    await Deno.mkdir(`${directory}/${name}`);
    return {
      directory: `${directory}/${name}`,
      messages: 2000,
      window: 50,
      random: seeded(seed),
      ...options,
    };
  };
  const order = await traceSyncOrder(await run("commit"));
  const acknowledged = [...order.acknowledged.values()].reduce((sum, count) => sum + count, 0);
  say(
    `fsync order: ${acknowledged} acknowledgements and ${order.delivered} deliveries of ${order.commits} commits, ` +
      `${order.fsyncs} fsyncs, ${order.violations.length} too early`,
  );
  for (const violation of order.violations.slice(0, 10)) say(`  ${violation}`);
  const tree = await treeWithoutSync(`${directory}/tree`);
  const interval = await traceSyncOrder(await run("interval", { args: ["--sync", "interval"] }));
  const off = await traceSyncOrder(await run("off", { tree }));
  const found = [interval.violations.length, off.violations.length];
  say(
    `fsync order, the controls: with --sync interval ${found[0]} too early, with synchronous=OFF ${found[1]}`,
  );
  return order.violations.length === 0 && !found.includes(0);
}

async function kill(): Promise<boolean> {
  const began = performance.now();
  const report = await killRounds({
    kills,
    random: seeded(seed),
    directory: `${directory}/data`,
    onRound: (round, so) => {
      if (round % 10 === 9) say(`${round + 1} kills: ${so.acknowledged} acknowledged, ${so.lost} lost`);
    },
  });
  const restarts = [...report.restarts].sort((a, b) => a - b);
  const bad = report.lost + report.doubled + report.disordered + report.invented;
  say(
    `kill -9: ${report.kills} kills (seed ${seed}, ${Math.round((performance.now() - began) / 1000)} s): ` +
      `${report.acknowledged} acknowledged, ${report.stored} stored, ` +
      `${report.lost} lost, ${report.doubled} doubled, ${report.disordered} out of order, ${report.invented} altered; ` +
      `${report.resent} sent again with their ids, of which ${report.known} were stored already; ` +
      `restart ${Math.round(restarts[restarts.length >> 1] ?? 0)} ms (median), ${
        Math.round(restarts.at(-1) ?? 0)
      } ms (most)`,
  );
  for (const what of report.wrong) say(`  ${what}`);
  return bad === 0;
}

async function work(): Promise<boolean> {
  const began = performance.now();
  await Deno.mkdir(`${directory}/work`);
  const report = await workRounds({
    kills,
    random: seeded(seed),
    directory: `${directory}/work`,
    onKill: (count) => {
      if (count % 10 === 0) say(`workers: ${count} kills`);
    },
  });
  const again = Object.entries(report.again).map(([why, count]) => `${count} ${why}`).join(", ");
  say(
    `workers: ${report.workersKilled} and ${report.brokersKilled} brokers killed (seed ${seed}, ` +
      `${Math.round((performance.now() - began) / 1000)} s): ${report.published} published, ` +
      `${report.given} given, ${report.settled} settled, ${report.dead} dead letters; given again: ${again}; ` +
      `${report.wrong.length} wrong`,
  );
  for (const what of report.wrong.slice(0, 10)) say(`  ${what}`);
  return report.wrong.length === 0;
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
