/**
 * `deno run -A bench/engine.ts [--rounds N] [--seconds N]`: what brokers on NATS leave of what NATS does. One
 * nats-server; over it, in turns, two bare NATS clients, and a publisher and a subscriber of two brokers with
 * `--engine`: 1 → 1, 128 B. Ends with 1 where the ratio of the medians is less than 0.5.
 *
 * @module
 */
import { taskFlags } from "../scripts/flags.ts";
import { printLine } from "../scripts/terminal.ts";
import type { DialectName } from "./load/dialects/mod.ts";
import { median } from "./load/percentile.ts";
import { generate } from "./run.ts";
import { type Shape, SHAPES } from "./shapes.ts";
import {
  freePort,
  HOST,
  OWN_BROKER,
  type Running,
  startByReadyLine,
  startWithFile,
  wordsOf,
} from "./start.ts";

const RATIO_LEAST = 0.5;
const PATIENCE_SECONDS = 5;
const DRAIN_SECONDS = 30;

const flags = taskFlags({ url: import.meta.url, name: "engine", string: ["rounds", "seconds"] });
const rounds = Number(flags["rounds"] ?? 5);
const seconds = Number(flags["seconds"] ?? 3);
if (!Number.isInteger(rounds) || rounds < 1 || !(seconds > 0)) {
  printLine("engine: --rounds takes a whole number and --seconds a number, both above 0", Deno.stderr);
  Deno.exit(2);
}

const shape = SHAPES.find(({ name }) => name === "1-1-128")!;
const natsPort = freePort();
await using nats = await startWithFile(
  { name: "nats.conf", text: `listen: ${HOST}:${natsPort}\nmax_pending: 1GB\nwrite_deadline: "60s"\n` },
  (file) => ["nats-server", "-c", file],
  natsPort,
);
await using here = await startBroker();
await using there = await startBroker();
const rates = { bare: [] as number[], brokers: [] as number[] };
for (let round = 0; round < rounds; round++) {
  rates.bare.push(await rateOf("nats", nats, nats, shape));
  rates.brokers.push(await rateOf("shared2", here, there, shape));
  printLine(
    `round ${round + 1}: ${shown(rates.bare.at(-1)!)} bare, ${
      shown(rates.brokers.at(-1)!)
    } through two brokers`,
  );
}
const ratio = median(rates.brokers) / median(rates.bare);
printLine(
  `${shape.title}: two brokers on NATS do ${ratio.toFixed(2)} of two bare clients (least ${RATIO_LEAST})`,
);
Deno.exitCode = ratio >= RATIO_LEAST ? 0 : 1;

function startBroker(): Promise<Running> {
  const engine = ["--engine", `nats://${HOST}:${natsPort}`];
  return startByReadyLine([...wordsOf(OWN_BROKER), "-s", "0", "-p", "0", "-q", ...engine]);
}

/** Deliveries a second in one run. */
async function rateOf(dialect: DialectName, from: Running, to: Running, shape: Shape): Promise<number> {
  const outcome = await generate({
    dialect,
    host: HOST,
    publisherPort: from.publisherPort,
    subscriberPort: to.subscriberPort,
    pid: from.pid,
    shape,
    seconds,
    warmSeconds: seconds / 3,
    patienceSeconds: PATIENCE_SECONDS,
    mostSeconds: seconds + DRAIN_SECONDS,
  });
  if (outcome.kind === "flow") return outcome.rate;
  throw new Error(outcome.kind === "failed" ? outcome.problem : `it told ${outcome.kind}`);
}

function shown(rate: number): string {
  return `${Math.round(rate / 1000).toLocaleString("en")} k/s`;
}
