/**
 * `deno task sim [--seed N] [--seeds A..B] [--minutes M] [--trace]`: the broker and the clients that ship, in
 * worlds that a seed draws. Ends with 1 when something was found.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { simulate } from "./run.ts";
import { States } from "./states.ts";

const flags = parseArgs(Deno.args, { string: ["seed", "seeds", "minutes"], boolean: ["trace"] });
const [from = 1, to = 100] =
  (flags["seed"] === undefined
    ? String(flags["seeds"] ?? "1..100").split("..")
    : [flags["seed"], flags["seed"]]).map(Number);
const states = new States();
let events = 0, simulated = 0, bad = 0, seeds = 0;
const start = performance.now();
for (let seed = from; seed <= to; seed++) {
  const outcome = await simulate(seed, { say: flags["trace"] ? (line) => console.log(line) : undefined });
  seeds++;
  events += outcome.events;
  simulated += outcome.simulated;
  states.add(outcome.states);
  if (outcome.findings.length > 0) {
    bad++;
    console.log(`seed ${seed}:`);
    for (const finding of outcome.findings.slice(0, 6)) console.log(`  ${finding}`);
  }
}
const took = performance.now() - start;
console.log(
  `${seeds} seeds, ${bad} bad, ${events} events, ${Math.round(events / took * 1000)}/s, ` +
    `${(simulated / 3_600_000).toFixed(1)} h simulated in ${(took / 1000).toFixed(1)} s`,
);
for (const [state, times] of states.counts) console.log(`  ${times}\t${state}`);
