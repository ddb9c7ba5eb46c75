/**
 * How fast messages travel through the broker of these sources and through that of another checkout, without sockets: each
 * in a process of its own, a twentieth of a second at a time and in turns. What happens to a machine meanwhile happens to
 * both, so that a few percent show where sockets and a busy machine hide twenty.
 *
 *     deno run -A bench/pieces/against.ts /path/to/checkout [--rounds N] [--processes N] [--only JOURNEY]
 *     deno run -A bench/pieces/against.ts --accounts         these sources with accounts against them without
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { Program } from "../../scripts/program.ts";
import { printLine } from "../../scripts/terminal.ts";
import { median, percentile } from "../load/percentile.ts";
import { JOURNEYS } from "./journeys.ts";

/** What came of it: above 1, these sources are the faster ones. */
export interface Comparison {
  /** Microseconds a read of 256 KiB. */
  readonly here: number;
  readonly there: number;
  /** Of each round the other's time to ours; the median of a pair of processes, and of these. */
  readonly ratio: number;
  /** Between these half of the pairs of processes are. */
  readonly half: readonly [number, number];
}

/** What a journey goes through. */
export interface Side {
  /** Where the sources are. */
  readonly folder: string;
  readonly accounts?: boolean;
}

const HERE = `${import.meta.dirname}/../..`;
const WARM_MS = 60_000;

/**
 * Sends a journey through both, in several processes of each, one after the other, and each side begins as often: what
 * the compiler makes of the same sources differs by a tenth from one process to the next.
 */
export async function compare(
  journey: string,
  sides: { readonly here: Side; readonly there: Side },
  { rounds, processes }: { readonly rounds: number; readonly processes: number },
): Promise<Comparison> {
  const found: Omit<Comparison, "half">[] = [];
  while (found.length < processes) {
    found.push(await compareOnce(journey, sides, { rounds, oursFirst: found.length % 2 === 0 }));
  }
  const ratios = found.map(({ ratio }) => ratio).sort((one, other) => one - other);
  return {
    here: median(found.map(({ here }) => here)),
    there: median(found.map(({ there }) => there)),
    ratio: median(ratios),
    half: [percentile(ratios, 0.25), percentile(ratios, 0.75)],
  };
}

async function compareOnce(
  journey: string,
  { here, there }: { readonly here: Side; readonly there: Side },
  { rounds, oursFirst }: { readonly rounds: number; readonly oursFirst: boolean },
): Promise<Omit<Comparison, "half">> {
  await using one = start(oursFirst ? here : there, journey);
  await using other = start(oursFirst ? there : here, journey);
  for (const side of [one, other]) await side.line(/^ready$/, { timeout: WARM_MS });
  const [ours, theirs] = oursFirst ? [one, other] : [other, one];
  const took: { here: number; there: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const first = round % 2 === 0;
    const before = await ask(first ? ours : theirs);
    const after = await ask(first ? theirs : ours);
    took.push(first ? { here: before, there: after } : { here: after, there: before });
  }
  return {
    here: median(took.map(({ here }) => here)),
    there: median(took.map(({ there }) => there)),
    ratio: median(took.map(({ here, there }) => there / here)),
  };
}

function start({ folder, accounts = false }: Side, journey: string): Program {
  const traveller = `${import.meta.dirname}/traveller.ts`;
  const command = [Deno.execPath(), "run", "-A", "--no-check", "--config", `${folder}/deno.json`, traveller];
  const words = [...command, folder, journey, ...(accounts ? ["accounts"] : [])];
  return Program.start(words, { stdin: "open" });
}

async function ask(side: Program): Promise<number> {
  await side.write("\n");
  const [took = ""] = await side.line(/^[\d.]+$/);
  return Number(took);
}

if (import.meta.main) {
  const told = parseArgs(Deno.args, {
    string: ["rounds", "processes", "only", "_"],
    boolean: ["accounts"],
  });
  const { _: [checkout], rounds = "12", processes = "16" } = told;
  const accounts = told["accounts"] === true;
  const only = typeof told["only"] === "string" ? told["only"] : undefined;
  const names = Object.keys(JOURNEYS);
  if ((typeof checkout === "string") === accounts || (only !== undefined && !names.includes(only))) {
    printLine(
      only === undefined || names.includes(only)
        ? "name the checkout to compare with (deno run -A bench/pieces/against.ts /path/to/it), or --accounts"
        : `there is no journey "${only}": take one of ${names.map((name) => `"${name}"`).join(", ")}`,
    );
    Deno.exit(2);
  }
  const sides = { here: { folder: HERE, accounts }, there: { folder: `${checkout ?? HERE}` } };
  // who speaks classic logs in nowhere
  const possible = names.filter((name) => !accounts || JOURNEYS[name]!.protocol === "v2");
  for (const journey of only === undefined ? possible : [only]) {
    const { here, there, ratio, half } = await compare(journey, sides, {
      rounds: Number(rounds),
      processes: Number(processes),
    });
    const other = accounts ? "without accounts" : "there";
    printLine(
      `${journey}: ${here.toFixed(0)} µs a read, ${other} ${there.toFixed(0)}; ${
        ratio.toFixed(2)
      } times as fast (half of them ${half[0].toFixed(2)} to ${half[1].toFixed(2)})`,
    );
  }
}
