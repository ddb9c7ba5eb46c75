/**
 * `deno task faults [--kills N] [--seed N]`: kills a broker under load again and again and counts what is missing.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { killRounds } from "./kill.ts";
import { seeded } from "./random.ts";

const args = parseArgs(Deno.args, { string: ["kills", "seed"] });
const kills = Number(args["kills"] ?? 100);
const seed = Number(args["seed"] ?? Date.now() % 1_000_000);
if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed)) {
  say("faults: --kills and --seed take whole numbers");
  Deno.exit(2);
}
const directory = await Deno.makeTempDir({ prefix: "hashbus-faults-" });
try {
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
    `faults: ${report.kills} kills (seed ${seed}): ${report.acknowledged} acknowledged, ${report.stored} stored, ` +
      `${report.lost} lost, ${report.doubled} doubled, ${report.disordered} out of order, ${report.invented} altered; ` +
      `restart ${Math.round(restarts[restarts.length >> 1] ?? 0)} ms (median), ${
        Math.round(restarts.at(-1) ?? 0)
      } ms (most)`,
  );
  Deno.exitCode = bad === 0 ? 0 : 1;
} finally {
  await Deno.remove(directory, { recursive: true });
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
