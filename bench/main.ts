/**
 * `deno task bench`: our broker and its peers, the same shapes, in one run.
 *
 * @module
 */
import { RunError, UsageError } from "../lib/errors.ts";
import { Program } from "../scripts/program.ts";
import { durablePeers } from "./durable/peers.ts";
import { CHECKS } from "./durable/checks.ts";
import { type Finding, findingTable } from "./durable/findings.ts";
import { Place } from "./durable/place.ts";
import { summarize } from "./figures.ts";
import { type Machine, machine } from "./machine.ts";
import { type BenchOptions, HELP, parseOptions } from "./options.ts";
import { allPeers, type Peer } from "./peers.ts";
import { save } from "./report.ts";
import { type Cell, runShape } from "./run.ts";
import { DURABLE_SHAPES, SHAPES } from "./shapes.ts";
import {
  floodsTable,
  flushTable,
  latencyTable,
  mainTable,
  problemLines,
  processorTable,
  ratioTable,
  scaleTable,
  type TableInput,
  usageTable,
} from "./table.ts";
import { DURABLE_TARGETS, judge, TARGETS, targetTable, type Verdict } from "./targets.ts";

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
  await using place = options.durable ? await Place.make(options.place) : null;
  const { versions, present } = await installed(
    options,
    place === null ? allPeers(options) : durablePeers(options, place.folder),
  );
  const host = await machine(ROOT);
  printHead(host, { versions, present, place });
  if (present.length === 0) throw new RunError("none of the chosen peers is installed");
  const cells: Cell[] = [];
  const on = place === null ? {} : { place };
  for (const shape of options.shapes) {
    cells.push(...await runShape(shape, present, { options, earlier: cells, progress, ...on }));
    progress("");
  }
  const input: TableInput = { shapes: options.shapes, peers: present, summaries: cells.map(summarize) };
  const verdicts = judge(options.durable ? DURABLE_TARGETS : TARGETS, input.summaries);
  const shown = options.targets ? verdicts : verdicts.filter(({ shown }) => shown !== null);
  if (cells.length > 0) printTables(input, shown, options);
  const checked = place === null ? { findings: [], problems: [] } : await runChecks(options, place);
  const { findings, problems } = checked;
  if (findings.length > 0) print(`\n${findingTable(findings)}`);
  for (const problem of problems) print(`! ${problem}\n`);
  if (options.out !== null) {
    const date = new Date();
    const written = await save(
      {
        date,
        machine: host,
        versions: Object.fromEntries(versions),
        peers: present,
        cells,
        verdicts,
        findings,
        input,
      },
      options.out,
      options,
    );
    print(`\nwritten: ${written.join(", ")}\n`);
  }
  if (problems.length > 0 || input.summaries.some((each) => each.problems.length > 0)) {
    throw new RunError("some runs failed");
  }
  const kept = [
    ...verdicts.map(({ verdict }) => verdict !== "missed"),
    ...findings.flatMap(({ promise }) => promise === undefined ? [] : [promise.met]),
  ];
  const missed = kept.filter((each) => !each).length;
  if (options.targets && missed > 0) throw new RunError(`${missed} of ${kept.length} targets were missed`);
}

/** What our store shows alone, where it is among those that are measured. */
async function runChecks(
  { peers, checks, sizes, broker }: BenchOptions,
  { folder }: Place,
): Promise<{ readonly findings: readonly Finding[]; readonly problems: readonly string[] }> {
  const findings: Finding[] = [];
  const problems: string[] = [];
  const how = { ...sizes, ...(broker === undefined ? {} : { broker }), place: folder, progress };
  for (const check of CHECKS) {
    if (!peers.includes("hashbus2") || !checks.includes(check.name)) continue;
    try {
      findings.push(...await check.run(how));
    } catch (error) {
      problems.push(`${check.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    progress("");
  }
  return { findings, problems };
}

function printHead(
  { processor, cores, system, deno, commit }: Machine,
  { versions, present, place }: {
    readonly versions: ReadonlyMap<string, string | null>;
    readonly present: readonly Peer[];
    readonly place: Place | null;
  },
): void {
  print(`${processor}, ${cores} cores, ${system}, Deno ${deno}, commit ${commit ?? "-"}\n`);
  for (const [peer, version] of versions) print(`${peer}: ${version ?? "not installed"}\n`);
  if (place === null) return;
  print(`stores on ${place.fileSystem}; an acknowledgement means:\n`);
  for (const { title, keeps } of present) print(`  ${title}: ${keeps ?? "nothing"}\n`);
}

function printTables(input: TableInput, verdicts: readonly Verdict[], { rounds }: BenchOptions): void {
  const titles = new Map(
    [...SHAPES, ...DURABLE_SHAPES, ...input.peers].map(({ name, title }) => [name, title]),
  );
  print(
    `\nMedians of ${rounds} rounds; "±": half of what lies between the best and the worst round\n\n${
      mainTable(input)
    }`,
  );
  const tables = [
    ratioTable(input),
    latencyTable(input),
    scaleTable(input),
    floodsTable(input),
    usageTable(input),
    processorTable(input),
    flushTable(input),
    targetTable(verdicts, titles),
    problemLines(input.summaries),
  ];
  for (const table of tables) if (table !== "") print(`\n${table}`);
}

async function installed(
  options: BenchOptions,
  peers: readonly Peer[],
): Promise<{ versions: Map<string, string | null>; present: readonly Peer[] }> {
  const versions = new Map<string, string | null>();
  const present: Peer[] = [];
  for (const peer of peers) {
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
  await Place.removeAll();
  print("bench: interrupted\n", Deno.stderr);
  Deno.exit(130);
}

async function main(): Promise<number> {
  Deno.addSignalListener("SIGINT", interrupted);
  Deno.addSignalListener("SIGTERM", interrupted);
  Deno.addSignalListener("SIGHUP", interrupted);
  try {
    const options = parseOptions(Deno.args);
    if (options.action === "help") print(HELP);
    else if (options.action === "list") {
      const checks = CHECKS.map((check) => ({ ...check, mode: "check" }));
      const listed = options.durable ? [...DURABLE_SHAPES, ...checks] : SHAPES;
      for (const { name, title, mode } of listed) print(`${name.padEnd(16)}${mode.padEnd(9)}${title}\n`);
    } else await run(options);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof RunError)) throw error;
    print(`bench: ${error.message}\n`, Deno.stderr);
    return error instanceof UsageError ? 2 : 1;
  }
}

Deno.exit(await main());
