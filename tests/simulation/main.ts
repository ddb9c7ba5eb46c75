/**
 * `deno task sim [--seed N] [--seeds A..B] [--minutes M] [--first]
 * [--trace] [--hashes]`: the broker and the clients that
 * ship, in worlds that a seed draws. Ends with 1 when something was found, or when many seeds never came to a
 * state they should.
 *
 * Without a seed those that have found something once run first. `--first` stops at the first that finds
 * something. `--trace` tells all that happens, `--hashes`
 * what each seed comes to, as one number.
 *
 * @module
 */
import { taskFlags } from "../../scripts/flags.ts";
import { printLine } from "../../scripts/terminal.ts";
import known from "./known.json" with { type: "json" };
import { type Outcome, simulate } from "./run.ts";
import { shrink } from "./shrink.ts";
import { States } from "./states.ts";

/** So many seeds have to come to every state. */
const SEEDS_MANY = 300;

const flags = taskFlags({
  url: import.meta.url,
  name: "sim",
  string: ["seed", "seeds", "minutes"],
  boolean: ["trace", "hashes", "first"],
});
const until = performance.now() + number("minutes", Infinity) * 60_000;
const states = new States();
const total = { seeds: 0, bad: 0, events: 0, simulated: 0, messages: 0 };
const start = performance.now();
for (const seed of seeds()) {
  if (performance.now() >= until) break;
  const outcome = await simulate(seed, flags["trace"] === true ? { say } : {});
  total.seeds++;
  total.events += outcome.events;
  total.simulated += outcome.simulated;
  total.messages += outcome.history.byText.size;
  states.add(outcome.states);
  if (flags["hashes"] === true) say(`${seed} ${outcome.hash}`);
  if (outcome.findings.length === 0) continue;
  total.bad++;
  await tell(seed, outcome);
  if (flags["first"] === true) break;
}
const took = (performance.now() - start) / 1000;
say(
  `${total.seeds} seeds, ${total.bad} bad; ${total.messages} messages, ${total.events} events, ` +
    `${Math.round(total.events / took)} a second; ${(total.simulated / 3_600_000).toFixed(1)} hours in ${
      took.toFixed(1)
    } s`,
);
for (const [state, times] of states.counts) say(`${String(times).padStart(9)}  ${state}`);
const missing = total.seeds >= SEEDS_MANY ? states.missing : [];
if (missing.length > 0) say(`never reached: ${missing.join(", ")}`);
Deno.exit(total.bad + missing.length > 0 ? 1 : 0);

function* seeds(): Generator<number> {
  if (flags["seed"] !== undefined) return yield number("seed", 1);
  const [from, to] = flags["seeds"] === undefined
    ? [1, flags["minutes"] === undefined ? 1000 : Infinity]
    : String(flags["seeds"]).split("..").map(Number);
  if (from === undefined || to === undefined || !(from <= to)) {
    say(`sim: --seeds is A..B, ${String(flags["seeds"])} is not`);
    Deno.exit(2);
  }
  if (flags["seeds"] === undefined) { for (const { seed } of known) yield seed; }
  for (let seed = from; seed <= to; seed++) yield seed;
}

/** What a bad seed found, what of it is needed for that, and how to see it again. */
async function tell(seed: number, outcome: Outcome): Promise<void> {
  say(`seed ${seed}, commit ${commit()}:`);
  for (const finding of outcome.findings.slice(0, 8)) say(`  ${finding}`);
  if (outcome.findings.length > 8) say(`  and ${outcome.findings.length - 8} more`);
  if (flags["trace"] !== true && flags["first"] !== true) {
    say("  it takes:");
    for (const part of await shrink(seed, outcome)) say(`    ${part}`);
  }
  say(`  again: deno task sim --seed ${seed} --trace`);
}

function commit(): string {
  try {
    const { stdout } = new Deno.Command("git", { args: ["rev-parse", "--short", "HEAD"] }).outputSync();
    return new TextDecoder().decode(stdout).trim();
  } catch {
    return "unknown"; // no git here: the seed alone has to do
  }
}

function number(name: string, fallback: number): number {
  const text = flags[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  say(`sim: --${name} is a number, ${JSON.stringify(text)} is not`);
  return Deno.exit(2);
}

/** Ends it when nobody reads any more. */
function say(line: string): void {
  if (!printLine(line)) Deno.exit(0);
}
