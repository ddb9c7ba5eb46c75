/**
 * `deno task torture [--seed N] [--seconds S] [--only KIND] [--table | --beside] [--trace] [--broker "COMMAND"]`:
 * what clients can do to a broker and to each other. Ends with 1 when something was found.
 *
 * `--only none` leaves the honest ones to themselves. Rounds of some seconds, each of a seed that begins with
 * `--seed` and counts up; `--rounds 1` repeats one.
 * `--table` sets each hostile kind alone on a broker beside ten honest clients, and measures.
 * `--beside` sets each beside two publishers who wait for each answer, and measures what they wait.
 *
 * @module
 */
import { taskFlags } from "../../../scripts/flags.ts";
import { printBeside } from "./beside.ts";
import { BESIDE_KIND_NAMES, type BesideKind } from "./beside_kinds.ts";
import { Counters } from "./counters.ts";
import { KIND_NAMES, type KindName } from "./kinds.ts";
import { runRound } from "./round.ts";
import { printTable } from "./table.ts";
import { TABLE_KIND_NAMES, type TableKind } from "./table_kinds.ts";

const flags = taskFlags({
  url: import.meta.url,
  name: "torture",
  string: ["seed", "seconds", "rounds", "round-seconds", "only", "broker", "p99", "back"],
  boolean: ["trace", "table", "beside"],
}) as Readonly<Record<string, string | undefined>>;

const seed = number("seed", Date.now() % 1_000_000);
const seconds = number("seconds", flags["table"] ? 10 : flags["beside"] ? 5 : 60);
const rounds = number("rounds", Infinity);
const roundSeconds = number("round-seconds", 10);
const only = flags["only"];
const names: readonly string[] = flags["beside"]
  ? BESIDE_KIND_NAMES
  : flags["table"]
  ? TABLE_KIND_NAMES
  : KIND_NAMES;
if (only !== undefined && only !== "none" && !names.includes(only)) {
  say(`torture: there is no hostile kind '${only}': ${names.join("; ")}`);
  Deno.exit(2);
}
const kinds = only === undefined ? undefined : only === "none" ? [] : [only as KindName];
const script = new URL("../../../broker.ts", import.meta.url).pathname;
const command = flags["broker"]?.split(" ") ?? [Deno.execPath(), "run", "-A", "--quiet", script];

if (flags["table"]) {
  const good = await printTable({
    command,
    seed,
    ms: seconds * 1000,
    backMs: number("back", 60) * 1000,
    say,
    ...(only === undefined ? {} : { kinds: only === "none" ? [] : [only as TableKind] }),
  });
  Deno.exit(good ? 0 : 1);
}

if (flags["beside"]) {
  const good = await printBeside({
    command,
    seed,
    ms: seconds * 1000,
    say,
    ...(only === undefined ? {} : { kinds: [only as BesideKind] }),
  });
  Deno.exit(good ? 0 : 1);
}

const counters = new Counters();
const until = performance.now() + seconds * 1000;
let found = 0;
for (let round = 0; round < rounds && (round === 0 || performance.now() < until); round++) {
  const report = await runRound({
    seed: seed + round,
    command,
    counters,
    ms: roundSeconds * 1000,
    ...(kinds === undefined ? {} : { kinds }),
    ...(flags["p99"] === undefined ? {} : { limits: { p99: number("p99", 0) } }),
    ...(flags["trace"] ? { trace: say } : {}),
  });
  const { settings, times, findings } = report;
  const how = `${settings.durable ? "durable" : "memory"}${
    settings.kill ? ", killed" : ""
  }, ${settings.policy}`;
  say(
    `seed ${report.seed} (${how}; ${
      report.kinds.join(", ") || "nobody hostile"
    }): ${report.published} published, ` +
      `${report.received} received; quiet publishers p50 ${times.p50.toFixed(1)} p99 ${
        times.p99.toFixed(1)
      } ` +
      `worst ${times.worst.toFixed(1)} ms; ${
        findings.length === 0 ? "nothing found" : `${findings.length} FOUND`
      }`,
  );
  for (const finding of findings) say(`  ${finding}`);
  if (findings.length > 0) {
    found++;
    say(
      `  again: deno task torture --seed ${report.seed} --rounds 1 --trace${
        only === undefined ? "" : ` --only '${only}'`
      }`,
    );
  }
}
say("reached:");
for (const line of counters.lines()) say(line);
Deno.exit(found === 0 ? 0 : 1);

function number(
  name: "seed" | "seconds" | "rounds" | "round-seconds" | "p99" | "back",
  otherwise: number,
): number {
  const value = flags[name];
  if (value === undefined) return otherwise;
  const given = Number(value);
  if (given >= 0) return given;
  say(`torture: --${name} '${value}' is no number`);
  Deno.exit(2);
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
