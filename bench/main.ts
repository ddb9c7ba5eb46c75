/**
 * `deno task bench`: our broker and its peers, the same shapes, in one run.
 *
 * @module
 */
import { RunError, UsageError } from "../lib/errors.ts";
import { Program } from "../scripts/program.ts";
import { summarize } from "./figures.ts";
import { machine } from "./machine.ts";
import { type BenchOptions, HELP, parseOptions } from "./options.ts";
import { allPeers, type Peer } from "./peers.ts";
import { save } from "./report.ts";
import { type Cell, runShape } from "./run.ts";
import { SHAPES } from "./shapes.ts";
import {
  latencyTable,
  mainTable,
  problemLines,
  ratioTable,
  scaleTable,
  type TableInput,
  usageTable,
} from "./table.ts";
import { judge, TARGETS, targetTable, type Verdict } from "./targets.ts";

const ROOT = `${import.meta.dirname}/..`;
const encoder = new TextEncoder();

function print(text: string, to: typeof Deno.stdout | typeof Deno.stderr = Deno.stdout): void {
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
}

/** What is being done now, on a line of its own that is written over; only on a terminal. */
function progress(text: string): void {
  if (Deno.stderr.isTerminal()) print(`\r\x1b[K${text}`, Deno.stderr);
}

async function run(options: BenchOptions): Promise<void> {
  const { versions, present } = await installed(options);
  const host = await machine(ROOT);
  const { processor, cores, system, deno, commit } = host;
  print(`${processor}, ${cores} cores, ${system}, Deno ${deno}, commit ${commit ?? "-"}\n`);
  for (const [peer, version] of versions) print(`${peer}: ${version ?? "not installed"}\n`);
  if (present.length === 0) throw new RunError("none of the chosen peers is installed");
  const cells: Cell[] = [];
  for (const shape of options.shapes) {
    cells.push(...await runShape(shape, present, { options, earlier: cells, progress }));
    progress("");
  }
  const input: TableInput = { shapes: options.shapes, peers: present, summaries: cells.map(summarize) };
  const verdicts = judge(TARGETS, input.summaries);
  printTables(input, options.targets ? verdicts : verdicts.filter(({ shown }) => shown !== null), options);
  if (options.out !== null) {
    const written = await save(
      {
        date: new Date(),
        machine: host,
        versions: Object.fromEntries(versions),
        peers: present,
        cells,
        verdicts,
        input,
      },
      options.out,
      options,
    );
    print(`\nwritten: ${written.join(", ")}\n`);
  }
  if (input.summaries.some(({ problems }) => problems.length > 0)) throw new RunError("some runs failed");
  const missed = verdicts.filter(({ verdict }) => verdict === "missed").length;
  if (options.targets && missed > 0) {
    throw new RunError(`${missed} of ${verdicts.length} targets were missed`);
  }
}

function printTables(input: TableInput, verdicts: readonly Verdict[], { rounds }: BenchOptions): void {
  const titles = new Map([...SHAPES, ...input.peers].map(({ name, title }) => [name, title]));
  print(
    `\nMedians of ${rounds} rounds; "±": half of what lies between the best and the worst round\n\n${
      mainTable(input)
    }`,
  );
  const tables = [
    ratioTable(input),
    latencyTable(input),
    scaleTable(input),
    usageTable(input),
    targetTable(verdicts, titles),
    problemLines(input.summaries),
  ];
  for (const table of tables) if (table !== "") print(`\n${table}`);
}

async function installed(
  options: BenchOptions,
): Promise<{ versions: Map<string, string | null>; present: readonly Peer[] }> {
  const versions = new Map<string, string | null>();
  const present: Peer[] = [];
  for (const peer of allPeers(options)) {
    if (!options.peers.includes(peer.name)) continue;
    const version = await peer.version();
    versions.set(peer.name, version);
    if (version !== null) present.push(peer);
  }
  return { versions, present };
}

/** Interrupted: nothing that was started goes on. */
async function interrupted(): Promise<void> {
  await Program.stopAll();
  print("bench: interrupted\n", Deno.stderr);
  Deno.exit(130);
}

async function main(): Promise<number> {
  Deno.addSignalListener("SIGINT", interrupted);
  Deno.addSignalListener("SIGTERM", interrupted);
  try {
    const options = parseOptions(Deno.args);
    if (options.action === "help") print(HELP);
    else if (options.action === "list") {
      for (const { name, title, mode } of SHAPES) print(`${name.padEnd(16)}${mode.padEnd(9)}${title}\n`);
    } else await run(options);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof RunError)) throw error;
    print(`bench: ${error.message}\n`, Deno.stderr);
    return error instanceof UsageError ? 2 : 1;
  }
}

Deno.exit(await main());
